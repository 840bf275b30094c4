"""A draft of rules beside the rules in force."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.backtest.draft import CaseDifference, CaseHistory, Difference
from caseengine.calendars import desk_calendar
from caseengine.model.case import Case
from caseengine.model.fields import same
from caseengine.model.rule_document import read_rules
from caseengine.rule_facts import RULE_FACTS
from caseengine.rule_law import check_house, house_of, law_in_force
from caseengine.rule_replay import Draft, Fired, Period, Replayed, replay
from storage.transaction import Snapshot

COMPARED = ("status", "priority", "department", "agent_id", "escalation_level", "tags", "needs")


@dataclass(frozen=True, slots=True)
class RulesDraft:
    """Both sets of rules, replayed over the same events."""

    current: Draft
    draft: Draft

    async def compared(self, _: Snapshot, histories: Sequence[CaseHistory], period: Period) -> list[CaseDifference]:
        found = [self._case(history, period) for history in histories]
        return [one for one in found if one is not None]

    def _case(self, history: CaseHistory, period: Period) -> CaseDifference | None:
        was = replay(history.events, self.current, period, history.conversed)
        would = replay(history.events, self.draft, period, history.conversed)
        found = list(_differences(was, would))
        return CaseDifference(history.number, history.case_id, found, would.uncertain) if found else None


async def read_rules_draft(snapshot: Snapshot, document: Mapping[str, Any], period: Period) -> RulesDraft:
    """The rules in force beside a draft that would have come into force as the period begins.

    Raises:
        RulebookInvalid: the draft cannot mean what it says.
    """
    rules = read_rules(document, known=RULE_FACTS)
    await check_house(snapshot, rules)
    law, calendar = await law_in_force(snapshot), await desk_calendar(snapshot)
    known = law.rules.of_time
    since = {
        name: law.since[name] if name in known and known[name].wait == rule.wait else period.start
        for name, rule in rules.of_time.items()
    }
    return RulesDraft(
        Draft(law.rules, law.since, await house_of(snapshot, law.rules), calendar),
        Draft(rules, since, await house_of(snapshot, rules), calendar),
    )


def _differences(was: Replayed, would: Replayed) -> Iterator[Difference]:
    if was.case is None or would.case is None:
        return
    at = _parting(was.firings, would.firings)
    for what in COMPARED:
        current, draft = (_plain(getattr(case, what)) for case in (was.case, would.case))
        if current != draft:
            yield Difference(what, current, draft, at)
    yield from _fields(was.case, would.case, at)
    for what in ("said", "noticed"):
        if getattr(was, what) != getattr(would, what):
            yield Difference(what, getattr(was, what), getattr(would, what), at)
    if at is not None:
        yield Difference("fired", [_told(one) for one in was.firings], [_told(one) for one in would.firings], at)


def _fields(was: Case, would: Case, at: datetime | None) -> Iterator[Difference]:
    for name in sorted({*was.fields, *would.fields}):
        if not same(was.fields.get(name), would.fields.get(name)):
            yield Difference(f"fields.{name}", was.fields.get(name), would.fields.get(name), at)


def _parting(was: list[Fired], would: list[Fired]) -> datetime | None:
    """When the first firing is another; None where all are the same in what they did."""
    for one, other in zip(was, would, strict=False):
        if (one.rule, one.at, one.guard, one.outcomes) != (other.rule, other.at, other.guard, other.outcomes):
            return min(one.at, other.at)
    longer = max(was, would, key=len)
    return longer[min(len(was), len(would))].at if len(was) != len(would) else None


def _told(fired: Fired) -> str:
    return f"{fired.rule} ({fired.guard})" if fired.guard else fired.rule


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, (bool, int, Mapping)):
        return value
    return str(value)
