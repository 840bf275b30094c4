"""The JSON of rulebooks: what goes in, and what comes out."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.http.bodies import PLACE_MAX
from app.http.endpoint import Answer, Body, Plain
from caseengine.rulebooks import Rulebook

Document = Annotated[dict[str, Any], Field(description="As the reference of its kind says.")]


class RulebookCheckBody(Body):
    document: Document


class RulebookBody(RulebookCheckBody):
    version: int | None = Field(
        None, ge=0, le=PLACE_MAX, description="What you looked at: if another is in force by now, 409."
    )


class DryRunBody(RulebookCheckBody):
    number: Plain | None = Field(None, max_length=40, description="One case; the newest ones when left out.")
    days: int = Field(7, ge=1, le=92, description="Back from now, so many days of the log.")


class RulebookNamedAnswer(Answer):
    kind: Rulebook
    version: int = Field(description="0 while nothing was decided.")
    by: str | None
    at: datetime | None


class RulebooksAnswer(Answer):
    rulebooks: list[RulebookNamedAnswer]


class DecisionAnswer(Answer):
    version: int
    by: str
    at: datetime


class RulebookAnswer(Answer):
    kind: Rulebook
    version: int = Field(description="0 while nothing was decided; the document is empty then.")
    document: dict[str, Any]
    versions: list[DecisionAnswer] = Field(description="The newest first, a hundred at most.")


class DifferenceAnswer(Answer):
    what: str = Field(description="`priority`, `fired` ..., `first_response.1.due_at` ..., `decision.agent` ...")
    current: Any = Field(description="With what is in force.")
    draft: Any = Field(description="With the draft.")
    at: datetime | None = Field(description="When it would begin to differ.")


class CaseDifferenceAnswer(Answer):
    case_id: UUID
    number: str
    uncertain: bool = Field(
        description="People did things then that they could not have done after the draft, or not all is known of then."
    )
    differences: list[DifferenceAnswer]


class DryRunAnswer(Answer):
    looked_at: int
    cases: list[CaseDifferenceAnswer] = Field(description="Those that would differ.")
