"""Rules judge what happened to a case, and what did not; what they do is traced on the case.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.calendars import desk_calendar
from caseengine.cases import Cases, histories, history
from caseengine.conversations import Conversations
from caseengine.event_rows import from_row
from caseengine.model.anchors import Anchors, rule_actor, rule_behind, undoes
from caseengine.model.calendar import Calendar, is_open
from caseengine.model.case import Case
from caseengine.model.events import CaseAssigned, CaseEvent, RuleFired
from caseengine.model.rule import Action, Firing, Rule
from caseengine.operations.rule_acting import perform
from caseengine.policies.effects import House, is_so
from caseengine.policies.rules import (
    FIRINGS_WITHIN,
    Guard,
    due,
    evaluate,
    fired,
    firing_of,
    guard,
    look_again,
    timer,
)
from caseengine.rule_facts import rule_facts
from caseengine.rule_law import Law, house_of
from caseengine.rule_timers import KeptTimer, keep_timer, timers_of
from caseengine.tables import case_events
from storage.refusal import Refusal
from storage.transaction import Snapshot, UnitOfWork

_TRACE, _GIVEN = RuleFired.__name__, CaseAssigned.__name__


@dataclass(frozen=True, slots=True)
class Bench:
    """What rules are judged with, once a unit of work."""

    law: Law
    house: House
    calendar: Calendar


async def bench_of(snapshot: Snapshot, law: Law) -> Bench:
    return Bench(law, await house_of(snapshot, law.rules), await desk_calendar(snapshot))


async def facts_told(work: UnitOfWork, places: Collection[tuple[UUID, int]]) -> Mapping[tuple[UUID, int], CaseEvent]:
    """The events at these places, by case and `seq`, and their cases at hand; what is not there is left out."""
    case_ids = list({case_id for case_id, _ in places})
    await Cases(work).fetch(case_ids)
    rows = await work.rows(
        sa.select(case_events).where(
            case_events.c.case_id.in_(case_ids), case_events.c.seq.in_({seq for _, seq in places})
        )
    )
    return {(row.case_id, row.seq): from_row(row) for row in rows}


async def judge_event(work: UnitOfWork, bench: Bench, event: CaseEvent, seq: int, *, at: datetime) -> list[RuleFired]:
    """The rules of events about one fact of a case, as the case is now; returns what was traced on it.

    Raises:
        CaseNotFound: there is no such case.
    """
    case = await Cases(work).by_id(event.case_id)
    facts = await _facts(work, bench, case, event, at)
    firings = evaluate(bench.law.rules, facts, type(event).__name__)
    chain = await _chain(work, event, seq) if firings else ()
    traced = [await _fire(work, bench, case, firing, cause=seq, chain=chain, at=at) for firing in firings]
    return [fact for fact in traced if fact is not None]


async def judge_timer(work: UnitOfWork, bench: Bench, kept: KeptTimer, *, at: datetime) -> RuleFired | None:
    """A rule of time about a case whose time has passed. It fires once for each period, if its condition holds.

    Raises (at commit):
        Conflict: another worker was there first.
    """
    rule = bench.law.rules.of_time.get(kept.rule)
    case = await Cases(work).by_id(kept.case_id)
    anchors = Anchors(await history(work, kept.case_id))
    now = _timer(bench, kept.case_id, kept.rule, anchors, kept)
    if rule is None or now is None or now.timer != kept.timer or now.due_at is None or now.due_at > at:
        keep_timer(work, kept, now)  # something happened, or the calendar changed, since the timer was set
        return None
    facts = await _facts(work, bench, case, None, at)
    if not rule.when.holds(facts):
        keep_timer(work, kept, replace(kept, due_at=look_again(rule, at, bench.calendar)))
        return None
    keep_timer(work, kept, KeptTimer(kept.case_id, kept.rule, fired(kept.timer), None))
    return await _fire(work, bench, case, firing_of(rule, facts), cause=0, chain=(), at=at)


async def set_timers(work: UnitOfWork, bench: Bench, case_ids: Collection[UUID]) -> None:
    """What the rules of time wait for, after something happened to these cases; once a unit of work is enough."""
    if not bench.law.rules.of_time or not case_ids:
        return
    before, stories = await timers_of(work, case_ids), await histories(work, case_ids)
    for case_id, story in stories.items():
        anchors, known = Anchors(story), before[case_id]
        for name in {**known, **bench.law.rules.of_time}:
            keep_timer(work, known.get(name), _timer(bench, case_id, name, anchors, known.get(name)))


def _timer(bench: Bench, case_id: UUID, name: str, anchors: Anchors, before: KeptTimer | None) -> KeptTimer | None:
    rule = bench.law.rules.of_time.get(name)
    if rule is None or rule.wait is None or anchors.status is None:
        return None
    known = before.timer if before else None
    since = bench.law.since[name]
    fired_at = anchors.fired_at.get(name)
    running = timer(rule.wait, anchors.status, anchors.at, known, in_force_since=since, fired_at=fired_at)
    if running is None:
        return None
    return KeptTimer(case_id, name, running, due(rule.wait, running, bench.calendar))


async def _facts(work: UnitOfWork, bench: Bench, case: Case, event: CaseEvent | None, at: datetime) -> Any:
    needs = bench.law.rules.needs
    spoken = await Conversations(work).spoken(case.conversation_id if "channel" in needs else None)
    desk_open = is_open(at, bench.calendar) if "desk_open" in needs else False
    return rule_facts(case, event, channel=spoken.channel, desk_open=desk_open)


async def _chain(work: UnitOfWork, event: CaseEvent, seq: int) -> tuple[str, ...]:
    """The rules that led to an event: the trace of the firing that made it stands right behind it."""
    if undoes(event):
        event, seq = await _gift(work, event, seq)
    rule = rule_behind(event.actor)
    if rule is None:
        return ()
    row = await work.first(
        sa.select(case_events)
        .where(case_events.c.case_id == event.case_id, case_events.c.seq > seq, case_events.c.kind == _TRACE)
        .order_by(case_events.c.seq)
        .limit(1)
    )
    trace = from_row(row) if row is not None else None
    return (*trace.chain, rule) if isinstance(trace, RuleFired) else (rule,)


async def _gift(work: UnitOfWork, event: CaseEvent, seq: int) -> tuple[CaseEvent, int]:
    """The assignment that this event takes back, and its place."""
    row = await work.first(
        sa.select(case_events)
        .where(case_events.c.case_id == event.case_id, case_events.c.seq < seq, case_events.c.kind == _GIVEN)
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    return (from_row(row), row.seq) if row is not None else (event, seq)


async def _fire(
    work: UnitOfWork, bench: Bench, case: Case, firing: Firing, *, cause: int, chain: Sequence[str], at: datetime
) -> RuleFired | None:
    """Do what the rule says and trace it; a rule that would change nothing leaves no trace.

    A refused action is traced with its refusal, and the others go on.
    """
    rule = firing.rule
    if all(is_so(action, case, bench.house) for action in rule.then):
        return None
    earlier = await _traces(work, case, at)
    held_back = guard(rule.id, chain, [fact.at for fact in earlier], at=at)
    if held_back is Guard.RATE and any(fact.guard == Guard.RATE for fact in earlier):
        return None  # said once an hour is enough
    key = f"rule:{rule.id}:{case.id}:{cause}:{case.version}"
    outcomes = [
        await _outcome(work, bench, case, rule, action, key=f"{key}:{step}", at=at)
        for step, action in enumerate(rule.then if not held_back else ())
    ]
    trace = RuleFired(
        case_id=case.id,
        actor=rule_actor(rule.id, rule.name),
        at=at,
        rule=rule.id,
        version=bench.law.version,
        cause=cause,
        actions=tuple(outcomes),
        guard=held_back or "",
        chain=tuple(chain),
        reasons=firing.reasons,
    )
    case.record(trace)
    return trace


async def _outcome(
    work: UnitOfWork, bench: Bench, case: Case, rule: Rule, action: Action, *, key: str, at: datetime
) -> dict[str, Any]:
    try:
        outcome = await perform(work, bench.house, case, action, rule=rule, key=key, at=at)
    except Refusal as refusal:
        outcome = refusal.code
    return {**action.document, "outcome": outcome}


async def _traces(work: UnitOfWork, case: Case, at: datetime) -> list[RuleFired]:
    """The firings on a case within the last hour, those of this unit of work too."""
    rows = await work.rows(
        sa.select(case_events).where(
            case_events.c.case_id == case.id, case_events.c.kind == _TRACE, case_events.c.at > at - FIRINGS_WITHIN
        )
    )
    events = [*map(from_row, rows), *case.unsaved]
    return [event for event in events if isinstance(event, RuleFired)]
