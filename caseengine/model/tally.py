"""What boards count of the events of a case, and whose each was at that moment.

A pure function of the events: what is counted can be counted anew from the history at any time.
Source: docs/decisions/0018-days-are-packed.md
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from caseengine.model import events as happened
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.events import CaseEvent

DETAIL_MAX = 40


class TallyKind(StrEnum):
    OPENED = "opened"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    HANDOVER = "handover"  # detail: why the bot gave it to people
    REPLIED = "replied"
    HELD = "held"  # an agent's holding of the case has ended


@dataclass(frozen=True, slots=True)
class Tally:
    """One counted event; department, type, priority and policy are those of that moment.

    Attributes:
        agent_id: who did it, where an agent did; else who held the case; of `HELD`, who held it.
        detail: a code: of a resolution, of a reason; empty for none.
    """

    kind: TallyKind
    at: datetime
    case_id: UUID
    seq: int
    department: str
    agent_id: UUID | None
    case_type: str
    priority: int
    policy: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """The case was reopened: what resolved or closed it counts as taken back from `at` on."""

    case_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Merged:
    """The case counts as part of another from now on; or, `into_other` false, by itself again."""

    case_id: UUID
    into_other: bool


Counted = Tally | Undone | Merged
PLAIN: dict[type[CaseEvent], TallyKind] = {
    happened.CaseOpened: TallyKind.OPENED,
    happened.CaseResolved: TallyKind.RESOLVED,
    happened.CaseClosed: TallyKind.CLOSED,
    happened.CaseReopened: TallyKind.REOPENED,
    happened.HandoverRequested: TallyKind.HANDOVER,
    happened.AgentReplied: TallyKind.REPLIED,
    happened.CustomerAsked: TallyKind.REPLIED,
}
HOLD_BEGINS = (happened.CaseAssigned, happened.CaseReopened, happened.CaseUnmerged)
"""From when on whoever holds the case afterwards has held it."""


def tallied(was: Case | None, events: Iterable[CaseEvent], first_seq: int) -> list[Counted]:
    """What to count of these events.

    Args:
        was: the case before the first of them, which is left as it is; None where they open it.
    """
    case, counted = copy(was) if was is not None else None, list[Counted]()
    for seq, event in enumerate(events, first_seq):
        before = copy(case) if case is not None else None
        if case is None:
            case = Case.fold([event])
        else:
            case.follow(event)
        counted += _of(before, event, case, seq)
    return counted


def _of(before: Case | None, event: CaseEvent, after: Case, seq: int) -> Iterator[Counted]:
    if before is not None and before.agent_id is not None and _lets_go(before, after):
        yield _tally((TallyKind.HELD, event.at, event.case_id, seq), before, before.agent_id)
    if (kind := PLAIN.get(type(event))) is not None:
        agent = _agent(event.actor) or after.agent_id
        yield _tally((kind, event.at, event.case_id, seq), after, agent, _detail(event))
    if isinstance(event, happened.CaseReopened):
        yield Undone(event.case_id, event.at)
    if isinstance(event, happened.CaseMerged | happened.CaseUnmerged):
        yield Merged(event.case_id, isinstance(event, happened.CaseMerged))


def _lets_go(before: Case, after: Case) -> bool:
    return before.is_live and (not after.is_live or after.agent_id != before.agent_id)


def _tally(what: tuple[TallyKind, datetime, UUID, int], case: Case, agent: UUID | None, detail: str = "") -> Tally:
    return Tally(
        *what,
        department=case.department,
        agent_id=agent,
        case_type=str(case.case_type),
        priority=int(case.priority),
        policy=case.policy,
        detail=detail[:DETAIL_MAX],
    )


def _agent(actor: Actor) -> UUID | None:
    return UUID(actor.id) if actor.kind is ActorKind.AGENT else None


def _detail(event: CaseEvent) -> str:
    if isinstance(event, happened.CaseResolved):
        return str(event.resolution.code)
    return event.reason if isinstance(event, happened.HandoverRequested) else ""
