"""What customers said when they were asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from caseengine.reading.boards.figures import Drill, Figure, Number
from caseengine.reading.boards.happened import Happened

SCORES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """
    Attributes:
        asked, responded: those asked in the period, and those of them who have answered, whenever they did.
        rated: by `csat`, 1 (very unhappy) to 5, of the answers that came in the period.
        ease: by `effort`, 1 (very easy) to 5; fewer, as the second question may be left out.
    """

    asked: Number
    responded: Number
    rated: Mapping[int, Number]
    ease: Mapping[int, Number]

    @property
    def response_rate(self) -> float | None:
        return self.responded.value / self.asked.value if self.asked.value else None

    @property
    def csat(self) -> float | None:
        """The mean."""
        return mean(self.rated)

    @property
    def effort(self) -> float | None:
        """The mean."""
        return mean(self.ease)


def satisfaction(found: Happened, drill: Drill) -> Satisfaction:
    """Of the surveys among what happened."""
    asked, responded, rated, ease = map(drill.to, (Figure.SURVEYED, Figure.RESPONDED, Figure.RATED, Figure.EASE))
    return Satisfaction(
        asked=Number(found.count(asked), asked),
        responded=Number(found.count(responded), responded),
        rated=_scores(found.by(rated, "csat"), rated),
        ease=_scores(found.by(ease, "effort"), ease),
    )


def _scores(by_score: Mapping[int, int], drill: Drill) -> dict[int, Number]:
    return {score: Number(by_score.get(score, 0), drill.to(drill.figure, score=score)) for score in SCORES}


def mean(scores: Mapping[int, Number]) -> float | None:
    """None where nobody has answered."""
    answers = sum(number.value for number in scores.values())
    return sum(score * number.value for score, number in scores.items()) / answers if answers else None
