"""The files that go with a mail of the desk's."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from bot.activity import Attachment
from caseengine.case_files import CaseFile, read_case_file
from caseengine.files import StoredFile, read_file
from channels.email.letter import Enclosure
from channels.protocol import DeliveryFailed
from storage.transaction import Snapshot


async def files_said(
    snapshot: Snapshot, conversation: UUID, attachments: Sequence[Attachment]
) -> tuple[Enclosure, ...]:
    """Those of an activity.

    Raises:
        DeliveryFailed: one is gone; without it the words would promise what is not there.
    """
    return tuple([_enclosed(await read_file(snapshot, conversation, UUID(one.id))) for one in attachments])


async def files_forwarded(snapshot: Snapshot, case_id: UUID, named: Sequence[str]) -> tuple[Enclosure, ...]:
    """Those of a case, by id. Raises as `files_said` does."""
    return tuple([_enclosed(await read_case_file(snapshot, case_id, UUID(one))) for one in named])


async def files_noticed(snapshot: Snapshot, named: Sequence[Mapping[str, str]]) -> tuple[Enclosure, ...]:
    """Those of a notice, "case_id" and "id" of each. Raises as `files_said` does."""
    return tuple([_enclosed(await read_case_file(snapshot, UUID(one["case_id"]), UUID(one["id"]))) for one in named])


def _enclosed(found: tuple[CaseFile | StoredFile, bytes] | None) -> Enclosure:
    if found is None:
        raise DeliveryFailed("a file of it is gone", reason="fault")
    file, content = found
    return Enclosure(file.name, file.content_type, content)
