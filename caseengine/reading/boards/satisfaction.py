"""What customers said when they were asked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from caseengine.reading.boards.figures import Drill, Figure, Number, counting
from caseengine.tables import surveys
from storage.transaction import Snapshot

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


async def satisfaction(snapshot: Snapshot, drill: Drill) -> Satisfaction:
    asked, responded = await _asked(snapshot, drill.to(Figure.SURVEYED))
    rated, ease = Counter[int](), Counter[int]()
    for row in await snapshot.rows(counting(drill.to(Figure.RATED)).count(surveys.c.csat, surveys.c.effort)):
        rated[row.csat] += row.how_many
        ease[row.effort] += row.how_many
    return Satisfaction(
        asked=Number(asked, drill.to(Figure.SURVEYED)),
        responded=Number(responded, drill.to(Figure.RESPONDED)),
        rated={score: Number(rated[score], drill.to(Figure.RATED, score=score)) for score in SCORES},
        ease={score: Number(ease[score], drill.to(Figure.EASE, score=score)) for score in SCORES},
    )


async def _asked(snapshot: Snapshot, drill: Drill) -> tuple[int, int]:
    asked = counting(drill)
    row = await snapshot.first(
        sa.select(sa.func.count().label("asked"), sa.func.count(surveys.c.answered_at).label("responded")).where(
            *asked.where
        )
    )
    return (row.asked, row.responded) if row else (0, 0)


def mean(scores: Mapping[int, Number]) -> float | None:
    """None where nobody has answered."""
    answers = sum(number.value for number in scores.values())
    return sum(score * number.value for score, number in scores.items()) / answers if answers else None
