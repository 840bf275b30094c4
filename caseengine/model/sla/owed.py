"""What a case owes its customer, told so that another case can go on with it: when each of its clocks ran.

Instants, no working time: what they come to is for the calendar of whoever counts them, also when it is corrected.
Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.model.events import CaseEvent
from caseengine.model.events.relations import Stretches
from caseengine.model.lifecycle import Status
from caseengine.model.sla.clock import Clock
from caseengine.model.sla.lived import Lives, Piece, lived
from caseengine.model.sla.policy import Book, Target
from caseengine.model.sla.state import Awaits, Clocks
from caseengine.model.standing import standing


@dataclass(frozen=True, slots=True)
class Owed:
    """What a case owes at a moment.

    Attributes:
        customer_waits: for words.
        status: the case's.
        ran: when the clocks ran that have not ended.
        ladder: what gave them their steps: "policy", "version" and "department".
        steps: how many of these each has behind it, here or where it came from.
    """

    customer_waits: bool
    status: Status
    ran: Mapping[Target, Stretches]
    ladder: Mapping[str, Any]
    steps: Mapping[Target, int]

    @property
    def carried(self) -> dict[str, Any]:
        """As the fields of a `ClocksCarried` tell it."""
        told = {str(target): ran for target, ran in self.ran.items()}
        return {**told, **self.ladder, "steps": {str(target): self.steps.get(target, 0) for target in self.ran}}

    @property
    def wait(self) -> dict[str, Any]:
        """Told likewise, the longest wait for words alone: as one for the first answer in another case."""
        waits = [(ran, target) for target, ran in self.ran.items() if ran and target is not Target.RESOLUTION]
        ran, target = min(waits, default=(None, None))
        steps = self.steps.get(Target.FIRST_RESPONSE, 0) if target is Target.FIRST_RESPONSE else 0
        first = str(Target.FIRST_RESPONSE)
        return {first: ran, **self.ladder, "steps": {first: steps}}


def owed(events: Iterable[CaseEvent], book: Book, at: datetime) -> Owed:
    """By a case, as of `at`: of each clock that is promised and has not ended, when it ran."""
    clocks, lives = lived(events, book)
    measure = clocks.measure(book)
    ran = {target: ran for target, ran in _ran(clocks, lives, at).items() if measure.goal(target) is not None}
    return _owed(clocks, ran)


def owed_without(events: Sequence[CaseEvent], other_id: UUID, book: Book, at: datetime) -> Owed:
    """By a case as if this other one, and all that went again, had never been merged into it.

    Clocks that go on as they are are left out; so are those that were missed either way.
    """
    clocks, lives = lived(events, book)
    alone, lives_alone = lived(standing(events, other_id), book)
    here, there = _ran_or_began(clocks, lives, at), _ran_or_began(alone, lives_alone, at)
    either_way = _missed(clocks, at) & _missed(alone, at)
    changed = [target for target in {**here, **there} if here.get(target) != there.get(target)]
    return _owed(alone, {target: there.get(target, ()) for target in changed if target not in either_way})


def _owed(clocks: Clocks, ran: Mapping[Target, Stretches]) -> Owed:
    policy = clocks.policy
    named = (policy.id, policy.version) if policy is not None else ("", 0)
    ladder = dict(zip(("policy", "version", "department"), (*named, clocks.department), strict=True))
    steps = {clock.target: clocks.steps_taken(clock) for clock in clocks.running()}
    return Owed(clocks.awaits is not Awaits.NOBODY, clocks.status, ran, ladder, steps)


def _ran(clocks: Clocks, lives: Lives, at: datetime) -> dict[Target, Stretches]:
    """Of the clocks that have not ended: until now, or until they were due."""
    running = clocks.running()
    return {clock.target: _stretches(lives[clock.target, clock.cycle].until(at), _end(clock, at)) for clock in running}


def _ran_or_began(clocks: Clocks, lives: Lives, at: datetime) -> dict[Target, Stretches]:
    """Of one that stood still from its beginning: that moment, since no stretches would say that there is none."""
    began = {clock.target: ((clock.started_at, clock.started_at),) for clock in clocks.running()}
    return {target: ran or began[target] for target, ran in _ran(clocks, lives, at).items()}


def _end(clock: Clock, at: datetime) -> datetime:
    return min(at, clock.due_at) if clock.due_at is not None else at


def _missed(clocks: Clocks, at: datetime) -> set[Target]:
    return {clock.target for clock in clocks.running() if clock.late(at).breached_at is not None}


def _stretches(pieces: Iterable[Piece], at: datetime) -> Stretches:
    """Joined where one follows the other: whether the desk was open then is not theirs to say."""
    found: list[tuple[datetime, datetime]] = []
    for piece in pieces:
        begins, ends = piece.begins, min(piece.ends, at)
        if not piece.ran or begins >= ends:
            continue
        if found and found[-1][1] == begins:
            begins = found.pop()[0]
        found.append((begins, ends))
    return tuple(found)
