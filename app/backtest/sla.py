"""A draft of SLA policies beside those that held: which clocks would have been due when, met or missed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from app.backtest.draft import CaseDifference, CaseHistory, Difference
from caseengine.cases import histories
from caseengine.clocks import book_for, book_of
from caseengine.conversations import conversed_in
from caseengine.facts import Conversed
from caseengine.model.case import Case
from caseengine.model.events import CaseAbsorbed, CaseEvent, CaseOpened, CaseSplitOff, PolicyApplied
from caseengine.model.sla import Book, Clock, Sla, read_sla
from caseengine.operations.applying import entitlements_of
from caseengine.policies.judging import JUDGED_FACTS
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook, rulebook
from caseengine.service_levels import check_levels, sla_of
from caseengine.sla_choosing import Chooser, Customer
from caseengine.sla_replay import Measured, Others, Taken, chooses, replay
from customers.agreements import tier_of
from storage.transaction import Snapshot

COMPARED = ("policy", "due_at", "verdict")


@dataclass(frozen=True, slots=True)
class SlaDraft:
    """A draft that came into force as the period began; what was chosen before stays, as at work."""

    sla: Sla

    async def compared(self, snapshot: Snapshot, cases: Sequence[CaseHistory], period: Period) -> list[CaseDifference]:
        others = await taken_over_from(snapshot, [one.events for one in cases], period)
        events = [*(one.events for one in cases), *others.values()]
        book, past = await self._measures(snapshot, [event for theirs in events for event in theirs])
        conversed = await conversed_in(snapshot, others)
        choosers = {
            case_id: await self._chooser(snapshot, theirs, past, period, conversed[case_id])
            for case_id, theirs in others.items()
        }
        was, would = Others(others, book, period), Others(others, book, period, choosers)
        found = []
        for history in cases:
            chooser = await self._chooser(snapshot, history.events, past, period, history.conversed)
            found.append(_case(history, chooser, was, would))
        return [one for one in found if one is not None]

    async def _chooser(
        self,
        snapshot: Snapshot,
        events: Sequence[CaseEvent],
        past: Mapping[int, Sla],
        period: Period,
        conversed: Conversed,
    ) -> Chooser:
        return Chooser(self.sla, past, await _customers(snapshot, events, period), conversed)

    async def _measures(self, snapshot: Snapshot, events: Sequence[CaseEvent]) -> tuple[Book, dict[int, Sla]]:
        """Every policy and calendar that the one or the other counts by, and the rulebooks of then."""
        recorded = await book_for(snapshot, events)
        draft = await book_of(snapshot, self.sla.policies.values())
        versions = sorted({event.version for event in events if isinstance(event, PolicyApplied)})
        book = Book({**recorded.policies, **draft.policies}, {**recorded.calendars, **draft.calendars})
        return book, {version: await sla_of(snapshot, version) for version in versions}


async def read_sla_draft(snapshot: Snapshot, document: Mapping[str, Any], _: Period) -> SlaDraft:
    """
    Raises:
        RulebookInvalid: the draft cannot mean what it says, or counts by a calendar there is not.
    """
    current = await rulebook(snapshot, Rulebook.SLA)
    same = current.version > 0 and current.document == document
    sla = read_sla(document, current.version if same else current.version + 1, known=JUDGED_FACTS)
    await check_levels(snapshot, sla)
    return SlaDraft(sla)


async def _customers(snapshot: Snapshot, events: Sequence[CaseEvent], period: Period) -> dict[datetime, Customer]:
    """Who the customer is at each moment a policy was chosen; the tier only where the log does not tell it."""
    told = {event.at for event in events if isinstance(event, PolicyApplied)}
    found: dict[datetime, Customer] = {}
    case: Case | None = None
    for event in events:
        if isinstance(event, CaseOpened):
            case = Case.open(event)
        elif case is not None:
            case.follow(event)
        if case is None or not chooses(event) or not period.start <= event.at < period.end:
            continue
        asked = case.policy is None and event.at not in told
        tier = await tier_of(snapshot, case.contact_id, case.account_id) if asked else None
        found[event.at] = Customer(tuple(await entitlements_of(snapshot, case, event.at)), tier)
    return found


async def taken_over_from(
    snapshot: Snapshot, told: Iterable[Sequence[CaseEvent]], period: Period
) -> dict[UUID, list[CaseEvent]]:
    """The histories of all cases that these took something over from in a period, and that those did."""
    found: dict[UUID, list[CaseEvent]] = {}
    new = list(told)
    while wanted := {event.other_id for events in new for event in events if _takes_over(event, period)} - set(found):
        fetched = await histories(snapshot, wanted)
        found |= fetched
        new = list(fetched.values())
    return found


def _takes_over(event: CaseEvent, period: Period) -> TypeGuard[CaseAbsorbed | CaseSplitOff]:
    return isinstance(event, (CaseAbsorbed, CaseSplitOff)) and period.start <= event.at < period.end


def _case(history: CaseHistory, chooser: Chooser, those: Others, would_be: Others) -> CaseDifference | None:
    was = replay(history.events, those.book, those.period, others=those)
    would = replay(history.events, those.book, those.period, chooser, would_be)
    found = list(_differences(was, would))
    return CaseDifference(history.number, history.case_id, found, chooser.uncertain) if found else None


def _differences(was: Measured, would: Measured) -> Iterator[Difference]:
    """Clock by clock: `first_response.1.due_at` and its like."""
    for key in sorted({*was.clocks, *would.clocks}):
        name = f"{key[0]}.{key[1]}"
        one, other = was.clocks.get(key), would.clocks.get(key)
        began = max(clock.started_at for clock in (one, other) if clock is not None)
        at = max(began, would.chosen_at or began)
        told, draft = _told(one), _told(other)
        for what in COMPARED:
            if told[what] != draft[what]:
                yield Difference(f"{name}.{what}", told[what], draft[what], at)
        steps = _steps(was.steps.get(key, ())), _steps(would.steps.get(key, ()))
        if steps[0] != steps[1]:
            yield Difference(f"{name}.steps", *steps, at)


def _told(clock: Clock | None) -> dict[str, Any]:
    if clock is None:
        return dict.fromkeys(COMPARED)
    due_at = clock.due_at.isoformat() if clock.due_at else None
    return {"policy": clock.policy, "due_at": due_at, "verdict": str(clock.state)}


def _steps(taken: Iterable[Taken]) -> list[str]:
    return [f"{one.what} {one.at:%Y-%m-%d %H:%M}" for one in taken]
