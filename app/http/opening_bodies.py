"""The JSON that goes into and out of opening a case for somebody who rings."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.http.answers import CardAccountAnswer, CaseInFullAnswer
from app.http.bodies import TEXT_MAX, Key, Slug
from app.http.endpoint import Answer, Body, Plain
from app.http.relating_bodies import AlikeAnswer, Level, SpokenLanguage
from caseengine.model.case_type import CaseType
from caseengine.operations.opening import SUBJECT_CHARACTERS_MAX

Subject = Annotated[Plain, Field(min_length=1, max_length=SUBJECT_CHARACTERS_MAX)]
OrderNumber = Annotated[Plain, Field(min_length=1, max_length=60)]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,19}$")]


class ClaimedBody(Body):
    """What somebody says of themselves; it proves nothing."""

    name: Plain = Field("", max_length=200)
    email: Plain = Field("", max_length=254, description="On file for this case alone: a code sent there proves it.")
    phone: Plain = Field("", max_length=40)
    account: Plain = Field("", max_length=200, description="Its number or name, as they say it.")


class OpenBody(Body):
    key: Key = Field(description="Made by the client, the same when it tries again: one case is opened.")
    subject: Subject
    description: Plain = Field("", max_length=TEXT_MAX, description="What they say; the subject when left out.")
    department: Slug = Field(description="One of yours.")
    contact_id: UUID | None = Field(None, description="Whose case it is, where you know that it is them.")
    account_id: UUID | None = Field(None, description="One of the contact's; their first when left out.")
    claimed: ClaimedBody = Field(default_factory=ClaimedBody)
    channel: Channel = Field("telephone", description="How they came: `telephone`, `in_person`, `letter` ...")
    case_type: CaseType = CaseType.INCIDENT
    impact: Level = Field(2, description="1 high, 2 medium, 3 low.")
    urgency: Level = Field(2, description="1 high, 2 medium, 3 low.")
    products: list[Annotated[Plain, Field(min_length=1, max_length=80)]] = Field([], max_length=20)
    order_number: OrderNumber | None = None
    language: SpokenLanguage = Field("", description="The contact's when left out.")
    fields: dict[str, Any] = Field({}, max_length=100, description="Of the form of its type.")

    @model_validator(mode="after")
    def _account_of_somebody(self) -> Self:
        if self.account_id is not None and self.contact_id is None:
            raise ValueError("an account is a contact's: what is only said goes into `claimed`")
        return self


class DraftQuery(Body):
    subject: Subject
    text: Plain = Field("", max_length=300, description="What they say, as much as there is by now.")
    department: Slug
    contact_id: UUID | None = None
    account_id: UUID | None = None
    product: Annotated[Plain, Field(max_length=80)] | None = None
    order_number: OrderNumber | None = None


class ContactsQuery(Body):
    search: Plain = Field(
        min_length=2,
        max_length=100,
        description="How words of a name, an e-mail address or an account begin; or a number.",
    )


class OpenedAnswer(Answer):
    case: CaseInFullAnswer
    alike: AlikeAnswer = Field(description="As `GET /api/cases/{number}/alike` tells.")


class FoundContactAnswer(Answer):
    id: UUID
    name: str
    emails: list[str] = Field(description="On file, oldest first.")
    phones: list[str] = Field(description="Newest first.")
    accounts: list[CardAccountAnswer]


class FoundContactsAnswer(Answer):
    contacts: list[FoundContactAnswer] = Field(description="By name; what more there are is left out.")


class ProductAnswer(Answer):
    id: str
    name: str


class ProductsAnswer(Answer):
    products: list[ProductAnswer] = Field(description="By name.")
