"""The JSON that goes into and out of what relates cases and what is kept on them."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from app.http.answers import CaseAnswer
from app.http.bodies import ReasonBody, ResolutionBody, Slug, TextBody, VersionBody
from app.http.endpoint import Answer, Body, Plain
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import TEXT_MAX
from caseengine.model.script import Kind

Number = Annotated[Plain, Field(min_length=1, max_length=40)]
Tag = Annotated[Plain, Field(max_length=200)]
Level = Annotated[int, Field(ge=1, le=3)]
SkillLevel = Annotated[int, Field(ge=1, le=5)]
SpokenLanguage = Annotated[str, Field(pattern=r"^([a-z]{2,3})?$")]
StepName = Annotated[Plain, Field(min_length=1, max_length=40)]


class MergeBody(VersionBody):
    into: Number = Field(description="Number of the case it goes on in.")


class SplitBody(TextBody):
    subject: Plain = Field(min_length=1, max_length=200)
    department: Slug | None = Field(None, description="Its own when left out.")
    case_type: CaseType | None = Field(None, description="Its own when left out.")


class ParentBody(VersionBody):
    parent: Number


class LinkBody(VersionBody):
    other: Number = Field(description="Number of the case it has to do with.")


class GoOnBody(VersionBody):
    other: Number = Field(description="Number of a case of the same customer, in whose conversation it goes on.")


class CascadeBody(ResolutionBody):
    after: Number | None = Field(None, description="`after` of the answer before, where some remained.")


class TagsBody(VersionBody):
    add: list[Tag] = Field(default_factory=list, max_length=50)
    remove: list[Tag] = Field(default_factory=list, max_length=50)


class CheckItemBody(VersionBody):
    text: Plain = Field(min_length=1, max_length=TEXT_MAX)
    required: bool = False


class CheckedBody(VersionBody):
    done: bool = True


class ClassifyBody(ReasonBody):
    """At least one of these; what is left out stays."""

    case_type: CaseType | None = None
    impact: Level | None = Field(None, description="1 high, 2 medium, 3 low.")
    urgency: Level | None = Field(
        None, description="As impact. The priority follows from both, unless somebody has given it another one."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.case_type is None and self.impact is None and self.urgency is None:
            raise ValueError("nothing to change")
        return self


class NeedsBody(VersionBody):
    skills: dict[Slug, SkillLevel] = Field(
        max_length=20, description="What whoever works on it has to have, and how well; empty: nothing."
    )
    language: SpokenLanguage = Field("", description="The one they have to speak.")


class FieldsBody(VersionBody):
    values: dict[str, Any] = Field(max_length=100, description="By field; null takes a value away.")


class AnswerBody(VersionBody):
    step: StepName
    answer: bool | int | float | Plain = Field(
        description="Text, the value of a choice, a number, a date as 2026-03-02, or true and false."
    )
    language: Annotated[Plain, Field(max_length=35)] = Field("", description="In which the question was put.")


class LanguageQuery(Body):
    language: Annotated[Plain, Field(max_length=35)] = Field("", description="English, or any, when left out.")


class SplitAnswer(Answer):
    number: str = Field(description="Of the new case.")


class RefusedChild(Answer):
    number: str
    code: str = Field(description="Of the problem that a resolution of its own would have had.")


class CascadeAnswer(Answer):
    resolved: list[str] = Field(description="Numbers of the cases that ended with their parent.")
    refused: list[RefusedChild]
    hidden: int = Field(description="How many more refused, of departments that you do not see.")
    after: str = Field(description="Number of the last case that was looked at.")
    remaining: int = Field(description="Live cases below it that come after that one: ask again with `after`.")


class ChildrenAnswer(Answer):
    cases: list[CaseAnswer] = Field(description="The first 200 right below it that you may see, oldest first.")


class AlikeCase(CaseAnswer):
    score: float = Field(description="0 to 1.")
    reasons: list[str] = Field(description="words, meaning, product, order_number, parent")


class AlikeAnswer(Answer):
    duplicates: list[AlikeCase] = Field(description="Live cases of the same customer, best first: merge them.")
    known_problem: list[AlikeCase] = Field(
        description="Live cases of other customers with the same problem, parents first: give them one parent."
    )
    customers: int = Field(description="How many customers have it, this one included; 0: it is no known problem.")


class FormAnswer(Answer):
    case_type: CaseType
    form: dict[str, Any] = Field(description="JSON Schema 2020-12; empty: this type has no fields.")


class ChoiceAnswer(Answer):
    value: str
    label: str


class StepAnswer(Answer):
    id: str
    question: str
    kind: Kind
    choices: list[ChoiceAnswer]


class AnsweredAnswer(Answer):
    step: str
    question: str
    kind: Kind
    choices: list[ChoiceAnswer]
    answer: Any


class RunAnswer(Answer):
    script: str
    title: str
    version: int = Field(description="Of the rulebook by which it goes on.")
    answered: list[AnsweredAnswer]
    asked: StepAnswer | None = Field(description="What to ask now; null when done.")


class ScriptAnswer(Answer):
    id: str
    title: str


class ScriptsAnswer(Answer):
    scripts: list[ScriptAnswer]
