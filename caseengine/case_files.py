"""The files of a case: of the conversations about it, of mails about it, and those that agents put there.

What an agent put there no customer can fetch. Saying it to them puts a copy into their conversation; a note or a mail
to somebody outside keeps it on the case; whatever is neither is forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import sqlalchemy as sa

from caseengine.model.errors import FileNotOfCase
from caseengine.tables import case_conversations, case_files, files, mails
from storage.errors import Conflict
from storage.tables import Instant
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class CaseFile:
    """`size` in bytes."""

    id: UUID
    name: str
    content_type: str
    size: int

    @property
    def document(self) -> dict[str, Any]:
        """As an activity's attachments and a note's files hold it."""
        return {**asdict(self), "id": str(self.id)}


COLUMNS = tuple(CaseFile.__dataclass_fields__)


class CaseFiles:
    """What a unit of work does with the files of cases."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def put(self, case_id: UUID, *, name: str, content_type: str, content: bytes, at: datetime) -> CaseFile:
        """Keep a file for agents."""
        file = CaseFile(uuid4(), name, content_type, len(content))
        self._work.write(insertion(case_files, **asdict(file), case_id=case_id, content=content, kept=False, at=at))
        return file

    def keep(self, named: Sequence[CaseFile]) -> None:
        """Not to be forgotten: a line of the case's history names them."""
        ids = [file.id for file in named]
        self._work.write(sa.update(case_files).where(case_files.c.id.in_(ids)).values(kept=True))

    async def copy(
        self, case_id: UUID, file: CaseFile, conversation: UUID, *, at: datetime, said_in: UUID | None = None
    ) -> CaseFile:
        """The file where those of a conversation can fetch it; there already, it is that one.

        Args:
            said_in: as `said_files` takes it.

        Raises (at commit):
            Conflict: it was put there at the same moment.
        """
        copied = copy_of(file.id, conversation)
        there = await self._work.rows(
            sa.select(files.c.id).where(files.c.conversation_id == conversation, files.c.id.in_([file.id, copied]))
        )
        if there:
            return CaseFile(there[0].id, file.name, file.content_type, file.size)
        whole = _of_case(case_id, [file.id], content=True, said_in=said_in).subquery()
        values = {
            **{name: whole.c[name] for name in ("name", "content_type", "size", "content")},
            "id": sa.literal(copied, sa.Uuid()),
            "conversation_id": sa.literal(conversation, sa.Uuid()),
            "at": sa.literal(at, Instant()),
        }
        statement = sa.insert(files).from_select(list(values), sa.select(*values.values()))
        self._work.write(statement, rows=1, duplicate=Conflict())
        return CaseFile(copied, file.name, file.content_type, file.size)


def copy_of(file_id: UUID, conversation: UUID) -> UUID:
    """What a file of a case is called where it was copied to."""
    return uuid5(conversation, str(file_id))


def are_same(named: Sequence[UUID], attached: Sequence[Mapping[str, Any]], conversations: Sequence[UUID]) -> bool:
    """Whether these are the files of a case that were said, in whichever of its conversations."""
    have = [UUID(one["id"]) for one in attached]
    return len(have) == len(named) and all(
        one in (file, *(copy_of(file, place) for place in conversations)) for one, file in zip(have, named, strict=True)
    )


async def files_of_case(snapshot: Snapshot, case_id: UUID, named: Sequence[UUID]) -> list[CaseFile]:
    """Those that are named, in that order, without their content.

    Raises:
        FileNotOfCase: one of them is no file of this case.
    """
    if not named:
        return []
    found = {row.id: _read(row) for row in await snapshot.rows(_of_case(case_id, named))}
    for one in named:
        if one not in found:
            raise FileNotOfCase(str(one))
    return [found[one] for one in named]


async def said_files(
    snapshot: Snapshot, case_id: UUID, named: Sequence[UUID], *, said_in: UUID | None
) -> dict[UUID, CaseFile]:
    """Those that are there still, of what an agent said about the case.

    Args:
        said_in: the conversation it was said in, whether the case is talked about there still or not.
    """
    rows = await snapshot.rows(_of_case(case_id, named, said_in=said_in)) if named else ()
    return {row.id: _read(row) for row in rows}


async def read_case_file(
    snapshot: Snapshot, case_id: UUID, file_id: UUID, *, said_in: UUID | None = None
) -> tuple[CaseFile, bytes] | None:
    """The file and its content, if it is one of this case, or of the conversation it was said in."""
    row = await snapshot.first(_of_case(case_id, [file_id], content=True, said_in=said_in))
    return (_read(row), row.content) if row else None


def forget_unused(work: UnitOfWork, *, before: datetime) -> None:
    """What agents put on cases and nobody names there; what was said to a customer lies with their conversation."""
    work.write(sa.delete(case_files).where(~case_files.c.kept, case_files.c.at < before))


def _of_case(
    case_id: UUID, named: Sequence[UUID], *, content: bool = False, said_in: UUID | None = None
) -> sa.CompoundSelect[Any]:
    talked = sa.select(case_conversations.c.conversation_id).where(case_conversations.c.case_id == case_id)
    by_mail = sa.select(mails.c.conversation_id).where(mails.c.case_id == case_id, mails.c.conversation_id.is_not(None))
    columns = (*COLUMNS, "content") if content else COLUMNS
    return sa.union_all(
        sa.select(*(files.c[name] for name in columns)).where(
            files.c.id.in_(named),
            sa.or_(
                files.c.conversation_id.in_(talked),
                files.c.conversation_id.in_(by_mail),
                files.c.conversation_id == said_in,
            ),
        ),
        sa.select(*(case_files.c[name] for name in columns)).where(
            case_files.c.id.in_(named), case_files.c.case_id == case_id
        ),
    )


def _read(row: sa.Row[Any]) -> CaseFile:
    return CaseFile(row.id, row.name, row.content_type, row.size)
