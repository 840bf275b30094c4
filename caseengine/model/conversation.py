"""A conversation: one exchange on one channel, who takes part, and whether the bot or a person has the word."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from caseengine.model.actor import Actor, ActorKind


class Mode(StrEnum):
    BOT = "bot"
    QUEUED = "queued"  # a person was asked for and nobody has come yet
    AGENT = "agent"  # a person has the word; the bot is silent


class Outcome(StrEnum):
    """How far the bot got by itself; what comes later in this list stands once it is reached.

    Of the first four the newest counts; once a case was opened or a person wanted, that is what became of it.
    """

    NOTHING = ""  # the customer has not said anything
    TALKED = "talked"  # nobody else was needed, as far as is known
    UNANSWERED = "unanswered"  # an answer was missing or did not help
    SOLVED = "solved"  # the customer said that an answer helped
    CASE = "case"  # people work on it
    PERSON = "person"  # a person was wanted in the conversation itself


BY_THE_BOT = (Outcome.NOTHING, Outcome.TALKED, Outcome.UNANSWERED, Outcome.SOLVED)


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who takes part; `id` as in `Actor`."""

    kind: ActorKind
    id: str
    name: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class CaseHere:
    """A case in this conversation. `opened`: it was opened here; `live`: people work on it here now."""

    opened: bool
    live: bool
    since: datetime


@dataclass(eq=False, kw_only=True)
class Conversation:
    """`visitor` is the channel's name for the customer; `version` counts changes. `cases` are in order of joining, and
    by number where that is the same instant.
    """

    id: UUID
    channel: str
    visitor: str
    locale: str
    opened_at: datetime
    mode: Mode = Mode.BOT
    agent_id: UUID | None = None
    outcome: Outcome = Outcome.NOTHING
    participants: tuple[Participant, ...] = ()
    cases: dict[UUID, CaseHere] = field(default_factory=dict)
    version: int = 1
    changed: bool = False

    @property
    def live_cases(self) -> list[UUID]:
        """The cases people work on here, the first of them first."""
        return [case_id for case_id, here in self.cases.items() if here.live]

    def add_case(self, case_id: UUID, *, opened: bool, at: datetime) -> None:
        """The case is talked about here from now on."""
        if case_id not in self.cases:
            self.cases[case_id] = CaseHere(opened, False, at)
            self.changed = True
        if opened:
            self.came_to(Outcome.CASE)

    def drop_case(self, case_id: UUID) -> None:
        """The case was talked about here by mistake."""
        if self.cases.pop(case_id, None) is not None:
            self.changed = True

    def queue(self, case_id: UUID, *, at: datetime) -> None:
        """A person is wanted for this case; if one has the word already, they keep it."""
        self._set_live(case_id, at)
        self.came_to(Outcome.PERSON)
        if self.mode is Mode.BOT:
            self._give(Mode.QUEUED, None)

    def give_to(self, agent: Actor, case_id: UUID, *, at: datetime) -> None:
        """An agent has the word."""
        self._set_live(case_id, at)
        self.join(agent, at=at)
        self._give(Mode.AGENT, UUID(agent.id))

    def let_go(self, case_id: UUID, *, others: Mapping[UUID, UUID | None]) -> None:
        """People are done with this case here. The next of them has the word, or nobody yet, or the bot again.

        Args:
            others: the other live cases of this conversation, and who holds each.
        """
        if case_id in self.cases and self.cases[case_id].live:
            self.cases[case_id] = replace(self.cases[case_id], live=False)
            self.changed = True
        self._pass_on(others, nobody=Mode.QUEUED if others else Mode.BOT)

    def wait_again(self, *, others: Mapping[UUID, UUID | None]) -> None:
        """Nobody holds a case any more that stays live here. Who holds another has the word, or nobody yet.

        Args:
            others: as in `let_go`.
        """
        self._pass_on(others, nobody=Mode.QUEUED)

    def join(self, who: Actor, *, at: datetime) -> None:
        """Somebody takes part from now on."""
        if all((known.kind, known.id) != (who.kind, who.id) for known in self.participants):
            self.participants = (*self.participants, Participant(who.kind, who.id, who.name, at))
            self.changed = True

    def came_to(self, outcome: Outcome) -> None:
        """What has become of it; that people were needed is never forgotten."""
        if outcome is self.outcome or outcome is Outcome.NOTHING:
            return
        if self.outcome in BY_THE_BOT or outcome is Outcome.PERSON:
            self.outcome, self.changed = outcome, True

    def _set_live(self, case_id: UUID, at: datetime) -> None:
        here = self.cases.get(case_id, CaseHere(False, False, at))
        if not here.live:
            self.cases[case_id] = replace(here, live=True)
            self.changed = True

    def _pass_on(self, others: Mapping[UUID, UUID | None], *, nobody: Mode) -> None:
        holders = [agent_id for agent_id in others.values() if agent_id is not None]
        if holders:
            self._give(Mode.AGENT, self.agent_id if self.agent_id in holders else holders[0])
        else:
            self._give(nobody, None)

    def _give(self, mode: Mode, agent_id: UUID | None) -> None:
        if (self.mode, self.agent_id) != (mode, agent_id):
            self.mode, self.agent_id, self.changed = mode, agent_id, True
