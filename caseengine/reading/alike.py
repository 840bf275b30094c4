"""Live cases that look like a case: those of its customer, and lately those of its department.

Both are looked for within bounds and along an index, however many cases there are; what they mean is compared for the
best by their words alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.likeness import Meaning, likeness
from caseengine.model.lifecycle import LIVE
from caseengine.model.priority import Priority
from caseengine.operations.access import Viewer, visible_to
from caseengine.operations.opening import Opening
from caseengine.policies.alike import Candidate, Found, find_alike
from caseengine.tables import case_conversations, cases
from storage.transaction import Snapshot

LATELY = timedelta(hours=48)
OWN_MAX = 30
EACH_MAX = 40
"""Of each status and priority of the department, the newest."""
OTHERS_MAX = 200
MEANT_MAX = 12
"""Of each kind: their meaning is worked out while the agent waits."""
TEXT_MAX = 300
COLUMNS = [
    cases.c[name]
    for name in (
        *("id", "number", "subject", "description", "products", "order_number", "contact_id", "account_id"),
        *("parent_id", "department", "opened_at", "conversation_id"),
    )
]


@dataclass(frozen=True, slots=True)
class Gathered:
    """A case, or what may become one, and what it is to be compared with: those of its customer (`own`), of others, and
    parents of these.
    """

    case: sa.Row[Any] | Opening | None
    rows: Sequence[sa.Row[Any]] = ()
    own: frozenset[UUID] = frozenset()
    parents: frozenset[UUID] = frozenset()


async def gather(snapshot: Snapshot, case_id: UUID) -> Gathered:
    """The live cases that may look like this one."""
    case = await snapshot.first(sa.select(*COLUMNS).where(cases.c.id == case_id))
    if case is None:
        return Gathered(None)
    own = await _own(snapshot, case)
    others = await _lately(snapshot, case.department, case.opened_at)
    known = (case.id, case.parent_id)
    rows = {row.id: row for row in [*own, *others] if row.id not in known and row.parent_id != case.id}
    return await _gathered(snapshot, case, rows, own, but=case.parent_id)


async def gather_drafted(snapshot: Snapshot, draft: Opening, *, at: datetime) -> Gathered:
    """The live cases that may look like what an agent is about to open, for whom it may be."""
    own = await _of_customer(snapshot, draft.contact_id, draft.account_id)
    others = await _lately(snapshot, draft.department, at)
    return await _gathered(snapshot, draft, {row.id: row for row in [*own, *others]}, own)


async def gather_told(snapshot: Snapshot, told: Opening, viewer: Viewer) -> Gathered:
    """The live cases of whoever tells it that may look like what they tell; none where nobody proved who they are.

    They are shown what is found, so a colleague's case is not among them, nor any that they may not see.
    """
    contact = viewer.assurance.contact_id
    if contact is None:
        return Gathered(None)
    theirs = cases.c.contact_id == contact
    mine = [_newest([theirs, cases.c.status == status, visible_to(viewer)], OWN_MAX) for status in LIVE]
    rows = await _union(snapshot, mine, OWN_MAX)
    return Gathered(told, rows, frozenset(row.id for row in rows))


async def compare(gathered: Gathered, meaning: Meaning | None = None) -> Found:
    """What of it looks like the case. It needs no database, but a while.

    Args:
        meaning: left out, words alone decide.
    """
    if gathered.case is None or not gathered.rows:
        return Found()
    case, rows = gathered.case, gathered.rows
    words = likeness(_text(case), [_text(row) for row in rows])
    meant = await _meant(gathered, words, meaning) if meaning else {}
    return find_alike(
        Candidate(
            id=row.id,
            number=row.number,
            words=like,
            meaning=meant.get(row.id),
            customer=str(row.account_id or row.contact_id or row.conversation_id or row.id),
            same_customer=row.id in gathered.own,
            same_product=bool(set(row.products) & set(case.products)),
            same_order=case.order_number is not None and row.order_number == case.order_number,
            is_parent=row.id in gathered.parents,
            parent_id=row.parent_id,
        )
        for like, row in zip(words, rows, strict=True)
    )


async def _gathered(
    snapshot: Snapshot,
    case: sa.Row[Any] | Opening,
    rows: dict[UUID, sa.Row[Any]],
    own: Sequence[sa.Row[Any]],
    *,
    but: UUID | None = None,
) -> Gathered:
    """With the parents of what was found, `but` the case's own."""
    parents = {row.parent_id for row in rows.values()} - {None, but}
    rows |= {row.id: row for row in await _named(snapshot, parents)}
    return Gathered(case, list(rows.values()), frozenset(row.id for row in own), frozenset(parents))


async def _own(snapshot: Snapshot, case: sa.Row[Any]) -> Sequence[sa.Row[Any]]:
    """The newest live cases of the contact and the account; of nobody known, those of the same conversation."""
    found = await _of_customer(snapshot, case.contact_id, case.account_id)
    if not found and case.contact_id is None and case.account_id is None and case.conversation_id is not None:
        here = sa.select(case_conversations.c.case_id).where(
            case_conversations.c.conversation_id == case.conversation_id, case_conversations.c.opened
        )
        found += await snapshot.rows(
            sa.select(*COLUMNS).where(cases.c.id.in_(here), cases.c.status.in_(LIVE)).limit(OWN_MAX)
        )
    return found


async def _of_customer(snapshot: Snapshot, contact_id: UUID | None, account_id: UUID | None) -> list[sa.Row[Any]]:
    """The newest live cases of a contact, and of an account."""
    found: list[sa.Row[Any]] = []
    for column, value in ((cases.c.contact_id, contact_id), (cases.c.account_id, account_id)):
        if value is not None:
            mine = [_newest([column == value, cases.c.status == status], OWN_MAX) for status in LIVE]
            found += await _union(snapshot, mine, OWN_MAX)
    return found


async def _lately(snapshot: Snapshot, department: str, at: datetime) -> Sequence[sa.Row[Any]]:
    """The newest of the department, opened within LATELY before `at` or later."""
    since = at - LATELY
    parts = [
        _newest(
            [
                cases.c.department == department,
                cases.c.status == status,
                cases.c.priority == int(priority),
                cases.c.opened_at >= since,
            ],
            EACH_MAX,
        )
        for status in LIVE
        for priority in Priority
    ]
    return await _union(snapshot, parts, OTHERS_MAX)


def _newest(conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> sa.Subquery:
    return (
        sa.select(cases.c.id, cases.c.opened_at)
        .where(*conditions)
        .order_by(cases.c.opened_at.desc())
        .limit(limit)
        .subquery()
    )


async def _union(snapshot: Snapshot, parts: Sequence[sa.Subquery], limit: int) -> Sequence[sa.Row[Any]]:
    every = sa.union_all(*(sa.select(part.c.id, part.c.opened_at) for part in parts)).subquery()
    newest = sa.select(every.c.id).order_by(every.c.opened_at.desc()).limit(limit)
    return await snapshot.rows(sa.select(*COLUMNS).where(cases.c.id.in_(newest)))


async def _named(snapshot: Snapshot, ids: set[UUID]) -> Sequence[sa.Row[Any]]:
    if not ids:
        return []
    return await snapshot.rows(sa.select(*COLUMNS).where(cases.c.id.in_(ids), cases.c.status.in_(LIVE)))


async def _meant(gathered: Gathered, words: Sequence[float], meaning: Meaning) -> dict[UUID, float]:
    """What the best by their words mean, of the customer's own and of the others."""
    best = sorted(zip(words, gathered.rows, strict=True), key=lambda pair: -pair[0])
    mine = [row for _, row in best if row.id in gathered.own][:MEANT_MAX]
    ranked = mine + [row for _, row in best if row.id not in gathered.own][:MEANT_MAX]
    told = await meaning.likeness(_text(gathered.case), [_text(row) for row in ranked])
    return {} if told is None else {row.id: like for row, like in zip(ranked, told, strict=True)}


def _text(row: Any) -> str:
    """The description repeats the subject more often than not; a word counts once."""
    return f"{row.subject}\n{row.description}"[:TEXT_MAX]
