"""The cases of a unit of work: current rows, their events, and what the outside world is told of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.clocks import CaseClocks, load_clocks, new_clocks
from caseengine.event_rows import from_row, to_row
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import CheckItem
from caseengine.model.errors import CaseNotFound, NumberMistyped
from caseengine.model.events import AgentReplied, CaseEvent, CustomerAsked, NoteAdded
from caseengine.model.lifecycle import Status
from caseengine.model.needs import needs_key
from caseengine.model.number import Mistyped, read_number
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.tally import tallied
from caseengine.tables import case_conversations, case_events, case_links, case_tags, case_watchers, cases
from caseengine.tallying import tally_writes
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.transaction import Snapshot, Statement, UnitOfWork, Write, insertion

_APART = ("links", "tags", "watchers", "unsaved", "resolution")
_LISTS = {"links": case_links.c.other_id, "tags": case_tags.c.tag, "watchers": case_watchers.c.agent_id}
"""Lists of a case that have a table each, and the column that holds their values."""
_PLAIN = [item.name for item in fields(Case) if item.name not in _APART]


class Cases:
    """One row is one object; what happened to it is written at commit, behind a check of its version."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def get(self, number: str) -> Case:
        """The case with this number, however it was typed.

        Raises:
            NumberMistyped: its check symbol does not fit.
            CaseNotFound: there is none.
        """
        read = read_number(number)
        if isinstance(read, Mistyped):
            raise NumberMistyped
        kept: Case | None = self._work.kept(("case", str(read)))
        return kept or await self._load(cases.c.number == str(read))

    async def by_id(self, case_id: UUID) -> Case:
        """
        Raises:
            CaseNotFound: there is none.
        """
        kept: Case | None = self._work.kept(("case", case_id))
        return kept or await self._load(cases.c.id == case_id)

    async def fetch(self, case_ids: Collection[UUID]) -> None:
        """Have these at hand: three queries, however many they are."""
        missing = [case_id for case_id in case_ids if self._work.kept(("case", case_id)) is None]
        if not missing:
            return
        lists = await _lists_of(self._work, missing)
        rows = await self._work.rows(sa.select(cases).where(cases.c.id.in_(missing)))
        found = [(_entity(row, lists[row.id]), row.sla_awaits) for row in rows]
        for (case, _), clocks in zip(found, await load_clocks(self._work, found), strict=True):
            self._keep(case, clocks, saved_version=case.version)

    async def resolved_in(self, conversation: UUID) -> list[Case]:
        """The cases of a conversation that wait for the customer to agree, the last resolved first."""
        rows = await self._work.rows(
            sa.select(cases.c.id)
            .join(case_conversations, case_conversations.c.case_id == cases.c.id)
            .where(case_conversations.c.conversation_id == conversation, cases.c.status == Status.RESOLVED)
            .order_by(cases.c.updated_at.desc(), cases.c.id)
        )
        found = [await self.by_id(row.id) for row in rows]
        return [case for case in found if case.status is Status.RESOLVED]

    def add(self, case: Case) -> Case:
        """A case that was just opened."""
        return self._keep(case, new_clocks(case), saved_version=0)

    async def _load(self, condition: sa.ColumnElement[bool]) -> Case:
        row = await self._work.first(sa.select(cases).where(condition))
        if row is None:
            raise CaseNotFound
        kept: Case | None = self._work.kept(("case", row.id))
        if kept is not None:
            return kept
        case = _entity(row, await _lists(self._work, row.id))
        (clocks,) = await load_clocks(self._work, [(case, row.sla_awaits)])
        return self._keep(case, clocks, saved_version=row.version)

    def _keep(self, case: Case, clocks: CaseClocks, *, saved_version: int) -> Case:
        before = {name: tuple(getattr(case, name)) for name in _LISTS}
        was = copy(case) if saved_version else None
        self._work.keep(("case", case.id), case, lambda: self._flush(case, clocks, before, was))
        self._work.keep(("case", case.number), case, tuple)
        self._work.keep(("clocks", case.id), clocks, tuple)
        return case

    def _flush(
        self, case: Case, clocks: CaseClocks, before: Mapping[str, tuple[Any, ...]], was: Case | None
    ) -> Iterable[Write]:
        saved_version = was.version if was else 0
        if not case.unsaved:
            return clocks.writes_alone(saved_version)
        for seq, event in enumerate(case.unsaved, start=saved_version + 1):
            self._publish(case, event, seq)
        rows = [to_row(event, seq) for seq, event in enumerate(case.unsaved, start=saved_version + 1)]
        for name in _LISTS:  # after every case of this unit of work: they may name one that is new
            for statement in _changed(case, name, before[name]):
                self._work.write(statement)
        counted = tally_writes(tallied(was, case.unsaved, saved_version + 1))
        saved = _save(case, saved_version, clocks.columns())
        return [saved, Write(insertion(case_events, rows)), *clocks.writes(), *counted]

    def _publish(self, case: Case, event: CaseEvent, seq: int) -> None:
        Outbox(self._work).publish("event", str(case.id), published(case, event, seq), at=event.at)


def published(case: Case, event: CaseEvent, seq: int) -> dict[str, Any]:
    """What live feeds are told, without the fields for agents alone; `public` is false where the event is theirs.

    `watchers` are the agents who want to hear of the case: a screen tells them so, a feed brings everybody the facts of
    the departments they may see.
    """
    row = to_row(event, seq)
    actor = event.actor
    return {
        "kind": row["kind"],
        "seq": seq,
        "case_id": str(case.id),
        "number": case.number,
        "conversation_id": str(case.conversation_id) if case.conversation_id else None,
        "department": case.department,
        "status": str(case.status),
        "actor": {"kind": str(actor.kind), "id": actor.id, "name": actor.name},
        "at": event.at.isoformat(),
        "public": event.public,
        "watchers": [str(agent_id) for agent_id in case.watchers],
        "data": row["data"],
    }


async def history(snapshot: Snapshot, case_id: UUID) -> Sequence[CaseEvent]:
    """The events of a case, in order."""
    rows = await snapshot.rows(
        sa.select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.seq)
    )
    return [from_row(row) for row in rows]


async def histories(snapshot: Snapshot, case_ids: Collection[UUID]) -> dict[UUID, list[CaseEvent]]:
    """As `history`, of several cases at once."""
    found: dict[UUID, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    rows = await snapshot.rows(
        sa.select(case_events)
        .where(case_events.c.case_id.in_(case_ids))
        .order_by(case_events.c.case_id, case_events.c.seq)
    )
    for row in rows:
        found[row.case_id].append(from_row(row))
    return found


async def noted(snapshot: Snapshot, case_id: UUID, key: str) -> Mapping[str, Any] | None:
    """What the note says that was added under this key: "text" and "files"; None when none was."""
    return await _under(snapshot, case_id, key, NoteAdded)


async def replied(snapshot: Snapshot, case_id: UUID, key: str) -> Mapping[str, Any] | None:
    """What an agent said to the customer under this key: "text" and "files"; None when nothing was."""
    return await _under(snapshot, case_id, key, AgentReplied, CustomerAsked)


async def _under(
    snapshot: Snapshot, case_id: UUID, key: str, *kinds: type[NoteAdded | AgentReplied | CustomerAsked]
) -> Mapping[str, Any] | None:
    named = case_events.c.kind.in_([kind.__name__ for kind in kinds])
    rows = await snapshot.rows(sa.select(case_events.c.data).where(case_events.c.case_id == case_id, named))
    return next((row.data for row in rows if row.data.get("key") == key), None)


async def _lists(work: Snapshot, case_id: UUID) -> dict[str, tuple[Any, ...]]:
    return (await _lists_of(work, [case_id]))[case_id]


async def _lists_of(work: Snapshot, case_ids: Collection[UUID]) -> dict[UUID, dict[str, tuple[Any, ...]]]:
    """All of them in one query, which sees them as text."""
    found: dict[UUID, dict[str, tuple[Any, ...]]] = {case_id: dict.fromkeys(_LISTS, ()) for case_id in case_ids}
    parts = [
        sa.select(
            column.table.c.case_id, sa.literal(name).label("name"), sa.cast(column, sa.String).label("value")
        ).where(column.table.c.case_id.in_(case_ids))
        for name, column in _LISTS.items()
    ]
    for row in await work.rows(sa.union_all(*parts).order_by("value")) if case_ids else ():
        found[row.case_id][row.name] += (row.value if row.name == "tags" else UUID(row.value),)
    return found


def _changed(case: Case, name: str, before: tuple[Any, ...]) -> Iterable[Statement]:
    """The rows of a list that came and went."""
    column, after = _LISTS[name], getattr(case, name)
    for value in dict.fromkeys(after):
        if value not in before:
            yield insertion(column.table, {"case_id": case.id, column.name: value})
    gone = [value for value in before if value not in after]
    if gone:
        yield sa.delete(column.table).where(column.table.c.case_id == case.id, column.in_(gone))


def _save(case: Case, saved_version: int, clocks: Mapping[str, Any]) -> Write:
    values = {**{name: getattr(case, name) for name in _PLAIN}, **clocks}
    values |= {"claimed": dict(case.claimed), "products": list(case.products), "priority": int(case.priority)}
    values |= {"fields": dict(case.fields), "needs": dict(case.needs), "checklist": [asdict(x) for x in case.checklist]}
    values["needs_key"] = needs_key(case.needs)
    values["resolution_code"] = case.resolution.code if case.resolution else None
    values["resolution_text"] = case.resolution.text if case.resolution else None
    if saved_version == 0:
        return Write(insertion(cases, values), duplicate=Conflict())
    del values["id"]
    return Write(sa.update(cases).where(cases.c.id == case.id, cases.c.version == saved_version).values(values), rows=1)


def _entity(row: sa.Row[Any], lists: Mapping[str, tuple[Any, ...]]) -> Case:
    values = {name: getattr(row, name) for name in _PLAIN}
    values |= {"status": Status(row.status), "case_type": CaseType(row.case_type), "priority": Priority(row.priority)}
    resolution = Resolution(ResolutionCode(row.resolution_code), row.resolution_text) if row.resolution_code else None
    values |= {"products": tuple(row.products), "checklist": tuple(CheckItem(**item) for item in row.checklist)}
    values |= {"merged_from": Status(row.merged_from) if row.merged_from else None, "resolution": resolution}
    return Case(**{**values, **lists})


__all__ = ["Cases", "histories", "history", "noted", "published"]
