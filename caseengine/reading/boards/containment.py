"""How many conversations the bot dealt with by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from caseengine.model.conversation import Outcome


@dataclass(frozen=True, slots=True)
class Containment:
    """The conversations that began in a period and in which the customer said something.

    Attributes:
        solved: an answer helped, says the customer.
        unconfirmed: nobody else was needed, and nobody said whether it helped.
        unanswered: it ended with an answer that was missing or did not help, and with no case.
        with_case: a case was opened, no person was wanted in the conversation.
        with_person: a person was wanted.
    """

    solved: int
    unconfirmed: int
    unanswered: int
    with_case: int
    with_person: int

    @property
    def begun(self) -> int:
        return self.solved + self.unconfirmed + self.unanswered + self.with_case + self.with_person

    @property
    def rate(self) -> float | None:
        """The share in which no person was needed and nothing stayed open, as far as is known."""
        return (self.solved + self.unconfirmed) / self.begun if self.begun else None

    @property
    def confirmed_rate(self) -> float | None:
        """The share in which the customer said so."""
        return self.solved / self.begun if self.begun else None


def containment(begun: Mapping[str, int]) -> Containment:
    """
    Args:
        begun: the conversations of the whole desk by outcome: without a case they are no department's.
    """
    outcomes = (Outcome.SOLVED, Outcome.TALKED, Outcome.UNANSWERED, Outcome.CASE, Outcome.PERSON)
    return Containment(*(begun.get(str(outcome), 0) for outcome in outcomes))
