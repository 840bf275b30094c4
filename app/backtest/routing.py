"""A draft of routing beside the versions that were in force: who would have been given which case."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.backtest.draft import CaseDifference, CaseHistory, Difference
from caseengine.policies.judging import JUDGED_FACTS
from caseengine.policies.routing import Candidate, Request
from caseengine.policies.routing_policy import Mode, RoutingPolicy, read_routing
from caseengine.reading.waiting_cases import Refused, refusals
from caseengine.recorded_decisions import Again, Recorded, Today
from caseengine.routing_replay import Replay
from caseengine.routing_rules import routing_rules
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook
from caseengine.skills import check_routing
from caseengine.tables import agent_skills, agent_work, agents, assignments, rulebooks
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class InForce:
    """The versions there were, in order, and since when each holds; nothing is decided before the first."""

    since: Sequence[datetime]
    policies: Sequence[RoutingPolicy]

    def at(self, instant: datetime) -> RoutingPolicy:
        place = bisect_right(self.since, instant)
        return self.policies[place - 1] if place else RoutingPolicy()


@dataclass(frozen=True, slots=True)
class RoutingDraft:
    """A draft that came into force as the period began. `emails`: what agents are called by in documents."""

    draft: RoutingPolicy
    in_force: InForce
    today: Today
    emails: Mapping[str, str]

    async def compared(
        self, snapshot: Snapshot, histories: Sequence[CaseHistory], period: Period
    ) -> list[CaseDifference]:
        ids = [history.case_id for history in histories]
        recorded, refused = await _recorded(snapshot, ids, period), await refusals(snapshot, ids)
        found = [
            self._case(history, period, recorded[history.case_id], refused.get(history.case_id, []))
            for history in histories
            if history.case_id in recorded
        ]
        return [one for one in found if one is not None]

    def _case(
        self, history: CaseHistory, period: Period, recorded: Mapping[UUID, Recorded], refused: Sequence[Refused]
    ) -> CaseDifference | None:
        replay = Replay(self.draft, self.in_force.at, period, self.today, history.conversed)
        differences: list[Difference] = []
        uncertain = False
        for again in replay.decisions(history.events, recorded, refused):
            found = list(self._differences(again))
            differences += found
            uncertain = uncertain or (bool(found) and again.uncertain)
        return CaseDifference(history.number, history.case_id, differences, uncertain) if differences else None

    def _differences(self, again: Again) -> Iterator[Difference]:
        """Another agent or nobody, another way of asking, other reasons why not, an offer that runs out."""
        recorded, at = again.recorded, again.recorded.at
        if again.agent_id != recorded.agent_id:
            yield Difference("decision.agent", self._called(recorded.agent_id), self._called(again.agent_id), at)
        if again.mode is not recorded.mode:
            yield Difference("decision.mode", str(recorded.mode), str(again.mode), at)
        if again.mode is not Mode.PULL:
            excluded = {one.id: one.excluded for one in again.decision.judged}
            parted = sorted(one for one in excluded if excluded[one] != recorded.excluded.get(one, ""))
            if parted:
                was = {self._called(one): recorded.excluded.get(one, "") for one in parted}
                yield Difference("decision.excluded", was, {self._called(one): excluded[one] for one in parted}, at)
        if again.runs_out and again.agent_id == recorded.agent_id:
            yield Difference("decision.outcome", recorded.state, "expired", at)

    def _called(self, agent_id: str | None) -> str | None:
        return self.emails.get(agent_id, agent_id) if agent_id else None


async def read_routing_draft(snapshot: Snapshot, document: Mapping[str, Any], _: Period) -> RoutingDraft:
    """
    Raises:
        RulebookInvalid: the draft cannot mean what it says, or names a skill or department there is not.
    """
    draft = read_routing(document, known=JUDGED_FACTS)
    await check_routing(snapshot, draft)
    rows = await snapshot.rows(sa.select(agents.c.id, agents.c.email))
    emails = {str(row.id): row.email for row in rows}
    return RoutingDraft(draft, await _in_force(snapshot), await _today(snapshot, draft), emails)


async def _in_force(snapshot: Snapshot) -> InForce:
    rows = await snapshot.rows(
        sa.select(rulebooks.c.version, rulebooks.c.at)
        .where(rulebooks.c.kind == Rulebook.ROUTING)
        .order_by(rulebooks.c.version)
    )
    policies = [(await routing_rules(snapshot, row.version))[1] for row in rows]
    return InForce([row.at for row in rows], policies)


async def _today(snapshot: Snapshot, draft: RoutingPolicy) -> Today:
    """Levels of the skills that the draft names, and who has a capacity of their own."""
    named = sorted({skill for rule in draft.needs for skill in (*rule.needs.required, *rule.needs.preferred)})
    levels: dict[str, dict[str, int]] = {}
    for row in await snapshot.rows(sa.select(agent_skills).where(agent_skills.c.skill.in_(named))) if named else ():
        levels.setdefault(str(row.agent_id), {})[row.skill] = row.level
    capacities = await snapshot.rows(sa.select(agent_work.c.agent_id, agent_work.c.capacity))
    return Today(levels, {str(row.agent_id): row.capacity for row in capacities})


async def _recorded(snapshot: Snapshot, ids: Sequence[UUID], period: Period) -> dict[UUID, dict[UUID, Recorded]]:
    """The decisions about these cases in a period, in order; a case without any is left out."""
    rows = await snapshot.rows(
        sa.select(assignments)
        .where(assignments.c.case_id.in_(ids))
        .where(assignments.c.decided_at >= period.start, assignments.c.decided_at < period.end)
        .order_by(assignments.c.decided_at, assignments.c.id)
    )
    versions = {row.policy_version for row in rows}
    policies = {version: (await routing_rules(snapshot, version))[1] for version in sorted(versions)}
    found: dict[UUID, dict[UUID, Recorded]] = {}
    for row in rows:
        found.setdefault(row.case_id, {})[row.id] = _read(row, policies[row.policy_version])
    return found


def _read(row: sa.Row[Any], policy: RoutingPolicy) -> Recorded:
    return Recorded(
        id=row.id,
        at=row.decided_at,
        ended_at=row.ended_at,
        state=row.state,
        mode=Mode.ASSIGN if row.expires_at is None else Mode.OFFER,
        policy=policy,
        request=Request.read(row.facts["request"]),
        candidates=[Candidate.read(one) for one in row.facts["candidates"]],
        agent_id=str(row.agent_id),
        excluded={one[0]: one[1] for one in row.decision["judged"]},
    )
