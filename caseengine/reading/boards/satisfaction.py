"""What customers said when they were asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseengine.reading.boards.figures import Drill, Figure, Number
from caseengine.reading.boards.happened import Happened

SCORES = (1, 2, 3, 4, 5)
SCORED = ("csat", "effort")
"""The columns of the two questions."""


@dataclass(frozen=True, slots=True)
class ChannelSatisfaction:
    """Of the cases of one channel.

    Attributes:
        channel: where the case was when its customer was asked, not where they were asked; "none": in no conversation.
        asked, responded: as of all.
        rated, eased: answers to each question that came in the period.
        csat, effort: their means; None where there are none.
    """

    channel: str
    asked: Number
    responded: Number
    rated: Number
    eased: Number
    csat: float | None
    effort: float | None

    @property
    def response_rate(self) -> float | None:
        return self.responded.value / self.asked.value if self.asked.value else None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """
    Attributes:
        asked, responded: those asked in the period, and those of them who have answered, whenever they did.
        rated: by `csat`, 1 (very unhappy) to 5, of the answers that came in the period.
        ease: by `effort`, 1 (very easy) to 5; fewer, as the second question may be left out.
        channels: the same by the channel of the case, by name.
    """

    asked: Number
    responded: Number
    rated: Mapping[int, Number]
    ease: Mapping[int, Number]
    channels: Sequence[ChannelSatisfaction] = ()

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
        channels=_channels(found, drill),
    )


def _channels(found: Happened, drill: Drill) -> list[ChannelSatisfaction]:
    drills = [drill.to(one) for one in (Figure.SURVEYED, Figure.RESPONDED, Figure.RATED, Figure.EASE)]
    counted = [found.by(one, "case_channel") for one in drills]
    points = [found.by(one, "case_channel", adding=name) for one, name in zip(drills[2:], SCORED, strict=True)]
    return [_channel(channel, drills, counted, points) for channel in sorted(set().union(*counted))]


def _channel(
    channel: str, drills: Sequence[Drill], counted: Sequence[Mapping[str, int]], points: Sequence[Mapping[str, int]]
) -> ChannelSatisfaction:
    asked, responded, rated, eased = (
        Number(many.get(channel, 0), one.to(one.figure, channel=channel))
        for one, many in zip(drills, counted, strict=True)
    )
    csat, effort = (
        sums[channel] / answers.value if answers.value else None
        for sums, answers in zip(points, (rated, eased), strict=True)
    )
    return ChannelSatisfaction(channel, asked, responded, rated, eased, csat, effort)


def _scores(by_score: Mapping[int, int], drill: Drill) -> dict[int, Number]:
    return {score: Number(by_score.get(score, 0), drill.to(drill.figure, score=score)) for score in SCORES}


def mean(scores: Mapping[int, Number]) -> float | None:
    """None where nobody has answered."""
    answers = sum(number.value for number in scores.values())
    return sum(score * number.value for score, number in scores.items()) / answers if answers else None
