"""What goes into and comes out of the boards' API."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.http.answers import CaseAnswer
from app.http.bodies import Instant, Slug
from app.http.endpoint import Answer, Body, Plain
from caseengine.model.case_type import CaseType
from caseengine.model.lifecycle import Status
from caseengine.reading.boards import Figure

DAY_S = 86_400
Share = Annotated[float, Field(ge=0, le=1)]
Code = Annotated[Plain, StringConstraints(max_length=40)]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]


class WhoseQuery(Body):
    department: Slug | None = Field(None, description="All you may see when left out.")
    agent: UUID | None = Field(
        None, description="Work by, and cases held by, this agent. For others than you: supervisors."
    )
    case_type: CaseType | None = None
    priority: int | None = Field(None, ge=1, le=4)
    policy: Code | None = Field(None, description="Id of an SLA policy.")


class NowQuery(WhoseQuery):
    within_s: int = Field(7_200, ge=60, le=7 * DAY_S, description="Due in less than this is due soon.")


class PeriodQuery(WhoseQuery):
    first: Day = Field(alias="from", description="First day, of the desk's own zone.")
    before: Day = Field(alias="to", description="The day after the last.")


class MineQuery(Body):
    first: Day = Field(alias="from")
    before: Day = Field(alias="to")


class BehindQuery(WhoseQuery):
    """One of these comes with each figure as `cases`; nobody has to write one."""

    figure: Figure
    at: Instant | None = Field(None, description="The present, for figures of the present.")
    begins: Instant | None = Field(None, alias="from")
    ends: Instant | None = Field(None, alias="to", description="Not in it any more.")
    status: Status | None = None
    bucket: Literal["hour", "day", "three_days", "week", "older"] | None = None
    within_s: int = Field(7_200, ge=60, le=7 * DAY_S)
    target: Literal["first_response", "next_response", "resolution"] | None = None
    reason: Code | None = None
    score: int | None = Field(None, ge=1, le=5)
    channel: Code | None = Field(None, description="Of the cases, for figures of satisfaction.")
    after: str | None = Field(None, description="`next` of the page before.", max_length=300)
    limit: int = Field(50, ge=1, le=100)


class NumberAnswer(Answer):
    value: int
    cases: str = Field(description="Where to get the cases it counts, a line for each.")


class CellAnswer(Answer):
    department: str
    status: Status
    live: NumberAnswer
    unassigned: NumberAnswer
    overdue: NumberAnswer
    due_soon: NumberAnswer


class NowAnswer(Answer):
    at: datetime
    live: NumberAnswer
    unassigned: NumberAnswer
    overdue: NumberAnswer
    due_soon: NumberAnswer
    waiting: dict[Status, NumberAnswer]
    ages: dict[str, NumberAnswer] = Field(description="By time since they were opened.")
    stale: dict[str, NumberAnswer] = Field(description="By time since anybody did anything.")
    cells: list[CellAnswer]


class PercentilesAnswer(Answer):
    p50_s: int
    p90_s: int
    p95_s: int


class TargetAnswer(Answer):
    target: str
    met: NumberAnswer
    missed: NumberAnswer
    timed: NumberAnswer
    attainment: Share | None
    working: PercentilesAnswer | None
    wall: PercentilesAnswer | None


class ContainmentAnswer(Answer):
    begun: int
    solved: int
    unconfirmed: int
    unanswered: int
    with_case: int
    with_person: int
    rate: Share | None
    confirmed_rate: Share | None


class ChannelSatisfactionAnswer(Answer):
    channel: str = Field(
        description="Where the cases were, wherever their customers were asked; `none`: no conversation."
    )
    asked: NumberAnswer
    responded: NumberAnswer
    response_rate: Share | None
    rated: NumberAnswer
    csat: float | None
    eased: NumberAnswer
    effort: float | None


class SatisfactionAnswer(Answer):
    asked: NumberAnswer
    responded: NumberAnswer
    response_rate: Share | None
    csat: float | None
    effort: float | None
    rated: dict[int, NumberAnswer]
    ease: dict[int, NumberAnswer]
    channels: list[ChannelSatisfactionAnswer] = Field(description="The same by the channel of the case.")


class PeriodAnswer(Answer):
    begins: datetime
    ends: datetime
    opened: NumberAnswer
    resolved: NumberAnswer
    resolutions: NumberAnswer
    taken_back: NumberAnswer
    reopen_rate: Share | None
    closed: NumberAnswer
    reopened: NumberAnswer
    handed_over: NumberAnswer
    reasons: dict[str, NumberAnswer]
    targets: list[TargetAnswer]
    containment: ContainmentAnswer | None
    satisfaction: SatisfactionAnswer


class AgentBoardAnswer(Answer):
    agent_id: UUID
    name: str
    holding: NumberAnswer
    handled: NumberAnswer
    held_s: int
    replied: NumberAnswer
    resolved: NumberAnswer
    resolutions: NumberAnswer
    taken_back: NumberAnswer
    reopen_rate: Share | None
    targets: list[TargetAnswer]
    rated: NumberAnswer
    csat: float | None


class AgentsBoardAnswer(Answer):
    begins: datetime
    ends: datetime
    agents: list[AgentBoardAnswer]


class BehindAnswer(Answer):
    at: datetime = Field(description="When what is counted happened.")
    case: CaseAnswer | None = Field(description="Null where it has moved to a department that you do not see.")


class CasesBehindAnswer(Answer):
    figure: Figure
    value: int
    cases: list[BehindAnswer]
    next: str | None
