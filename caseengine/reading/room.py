"""Who of a department has room, and which of what waits one of them may have: so that little is decided in vain.

What it says is what a decision would, as long as nothing happens in between; where that is not told, it errs towards
deciding: what somebody could be given is never passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.calendars import desk_calendar
from caseengine.model.calendar import Calendar
from caseengine.model.lifecycle import Status
from caseengine.model.needs import Needs
from caseengine.policies.routing import Candidate, Request, exclusion, relaxed
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.policies.waiting import waited
from caseengine.reading.candidates import (
    WITH_CONVERSATIONS,
    appointments,
    candidate,
    kind_of,
    loads_of,
    rows_of_those_there,
    skills_of,
)
from caseengine.reading.waiting_cases import OVERFLOW, Waiting, moved_for, refusals, waiting_since
from caseengine.routing_rules import routing_rules
from caseengine.tables import case_conversations, cases, conversations
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """A case that waits.

    Attributes:
        request: as it would be decided about, without who comes first.
        needs_key: the same for cases that need the same.
        called: somebody keeps time free for it, so that this is no reason why they should not have it now.
        sleeps: it waits for a third party: whoever gets it has room for all of that, should it wake.
        leaves: it may have waited long enough to go to another department.
    """

    request: Request
    needs_key: str
    called: bool
    sleeps: bool
    leaves: bool


@dataclass
class Room:
    """A department at a moment.

    Attributes:
        free: who is there and has room, were it not for the calls they keep time free for, by id.
        kept: units they keep free for calls.
        asleep: units that what they hold would cost more, were it to wake; looked up for the first case that sleeps.
        asked: what was looked at.
        nobodys: kinds of cases that nobody can have, whoever declined them; room only shrinks, so it stays like this.
    """

    department: str
    policy: RoutingPolicy
    calendar: Calendar
    at: datetime
    free: dict[str, Candidate]
    kept: dict[str, int]
    asked: dict[UUID, Asked] = field(default_factory=dict)
    asleep: dict[str, int] | None = None
    nobodys: set[tuple[Any, ...]] = field(default_factory=set)

    @property
    def overflows(self) -> bool:
        return self.policy.of(self.department).overflow not in ("", self.department)

    def may_move(self, case_id: UUID) -> bool:
        """Whether a decision about it may come to anything; what was not looked at may."""
        asked = self.asked.get(case_id)
        return asked is None or asked.leaves or self._somebody_can_have(asked)

    def may_have_alike(self, case_id: UUID) -> bool:
        """Whether anything may come of a case that needs the same, however little else it asks for."""
        asked = self.asked.get(case_id)
        if asked is None or self.overflows:
            return True
        least, wanted = least_request(self.department, self.policy), relaxed(asked.request.needs, self.policy.relax)
        return any(not exclusion(one, least, wanted) for one in self.free.values())

    def given(self, case_id: UUID, agent_id: str) -> None:
        """The agent has as much less room as the case costs."""
        one, asked = self.free.get(agent_id), self.asked.get(case_id)
        if one is None or asked is None:
            return
        if asked.sleeps and self.asleep is not None:
            self.asleep[agent_id] += asked.request.units
        else:
            self.free[agent_id] = replace(one, load=one.load + asked.request.units)

    async def look_at(self, snapshot: Snapshot, waiting: Sequence[Waiting]) -> None:
        """Learn what cases of its queue ask for, how long they have waited, and who declined them."""
        ids = [one.id for one in waiting]
        rows = await snapshot.rows(
            sa.select(
                *(cases.c.id, cases.c.status, cases.c.needs, cases.c.needs_key, cases.c.opened_at, cases.c.callback_at),
                *(conversations.c.channel, case_conversations.c.live),
            )
            .select_from(WITH_CONVERSATIONS)
            .where(cases.c.id.in_(ids))
        )
        came = await moved_for(snapshot, ids, OVERFLOW) if self.overflows else frozenset[UUID]()
        since = await waiting_since(snapshot, ids)
        lately = self.at - timedelta(seconds=self.policy.decline_again_s)
        refused = await refusals(snapshot, ids, since=lately)
        if self.asleep is None and any(map(_sleeps, rows)):
            self.asleep = await self._asleep(snapshot)
        for row in rows:
            waits = waited(since.get(row.id, row.opened_at), self.at, self.calendar)
            declined = frozenset(one.agent_id for one in refused.get(row.id, ()))
            self.asked[row.id] = self._asked(row, waits, declined, stays=row.id in came or not self.overflows)

    def _somebody_can_have(self, asked: Asked) -> bool:
        request = asked.request
        steps = self.policy.steps(request.waited_s)
        kind = (asked.needs_key, request.channel, request.units, asked.called, asked.sleeps, len(steps))
        if kind in self.nobodys:
            return False
        wanted = relaxed(request.needs, steps)
        can = any(not exclusion(self._with_more(one, asked), request, wanted) for one in self.free.values())
        if not can and not request.declined:
            self.nobodys.add(kind)
        return can

    def _with_more(self, one: Candidate, asked: Asked) -> Candidate:
        kept = 0 if asked.called else self.kept.get(one.id, 0)
        asleep = self.asleep[one.id] if asked.sleeps and self.asleep else 0
        more = kept + asleep
        return replace(one, load=one.load + more) if more else one

    def _asked(self, row: sa.Row[Any], waits: timedelta, declined: frozenset[str], *, stays: bool) -> Asked:
        channel, kind = kind_of(row)
        request = Request(
            department=self.department,
            channel=channel,
            units=self.policy.cost(kind),
            needs=Needs.read(row.needs),
            waited_s=round(waits.total_seconds(), 3),
            declined=declined,
        )
        long = request.waited_s >= self.policy.of(self.department).overflow_s
        called = row.callback_at is not None
        return Asked(request, row.needs_key, called=called, sleeps=_sleeps(row), leaves=long and not stays)

    async def _asleep(self, snapshot: Snapshot) -> dict[str, int]:
        free = [UUID(one) for one in self.free]
        loads, woken = [await loads_of(snapshot, free, self.policy, woken=woken) for woken in (False, True)]
        return {str(one): woken[one] - loads[one] for one in free}


def _sleeps(row: sa.Row[Any]) -> bool:
    return bool(row.status == Status.WAITING_ON_THIRD_PARTY)


def least_request(department: str, policy: RoutingPolicy) -> Request:
    """The least that anything costs."""
    return Request(department=department, units=policy.least_units)


async def room_in(snapshot: Snapshot, department: str, *, at: datetime) -> Room:
    """Who of a department has room for the least that anything costs."""
    _, policy = await routing_rules(snapshot)
    rows = await rows_of_those_there(snapshot, department, at=at)
    there = [row.id for row in rows]
    loads = await loads_of(snapshot, there, policy) if there else {}
    least = least_request(department, policy)
    known = {row.id: candidate(row, loads, {}, policy, at) for row in rows}
    free = [agent_id for agent_id, one in known.items() if not exclusion(one, least, Needs())]
    able = await skills_of(snapshot, free)
    kept = await appointments(snapshot, free, policy, at)
    return Room(
        department,
        policy,
        await desk_calendar(snapshot),
        at,
        {known[one].id: replace(known[one], skills=able.get(one, {})) for one in free},
        {str(one): units for one, units in kept.items()},
    )
