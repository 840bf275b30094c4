"""The JSON and the queries that go into the agents' API."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from app.http.endpoint import Body, Plain
from app.live.watching import Attention
from caseengine.agents import Presence
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import ResolutionCode
from caseengine.operations.enclosing import FILES_MAX

PLACE_MAX = 2**31 - 1
TEXT_MAX = 8_000  # characters
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,100}$")]
Slug = Annotated[Plain, Field(min_length=1, max_length=40)]
WindowName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
MailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f<>,;:\"]{1,64}@[^@\s\x00-\x1f<>,;:\"]{1,180}$")]
Version = Annotated[int, Field(ge=1, le=PLACE_MAX)]
FIRST_INSTANT, LAST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)
"""What is earlier or later happens at no desk, and reckoning with it would leave the calendar."""
Instant = Annotated[
    AwareDatetime, Field(ge=FIRST_INSTANT, le=LAST_INSTANT), AfterValidator(lambda instant: instant.astimezone(UTC))
]
"""In UTC, whatever zone it was sent in."""


class SignInBody(Body):
    email: Plain = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=200)


class PresenceBody(Body):
    presence: Presence
    reason: Plain = Field(
        "", max_length=100, description="Why you are not available, for colleagues: lunch, a meeting."
    )


class CasesQuery(Body):
    department: Slug | None = None
    status: Status | None = Field(None, description="The live statuses when left out.")
    mine: bool = Field(False, description="Those you hold.")
    unassigned: bool = Field(False, description="Those nobody holds.")
    after: str | None = Field(None, description="`next` of the page before.", max_length=200)
    limit: int = Field(50, ge=1, le=100)


class LogQuery(Body):
    conversation: UUID | None = Field(
        None,
        description="One of the case's `earlier`: what was said there until the case went on elsewhere. Left out, "
        "where its replies go now.",
    )
    after: int = Field(0, ge=0, le=PLACE_MAX, description="`seq` of the last activity you have.")
    limit: int = Field(200, ge=1, le=500)


class VersionBody(Body):
    version: Version | None = Field(
        None, description="What you looked at: if the case has changed since, 409. Left out, it does not matter."
    )


class TextBody(VersionBody):
    text: Plain = Field(min_length=1, max_length=TEXT_MAX)


class ReplyBody(TextBody):
    key: Key = Field(description="Made by the client, the same when it tries again: the words are said once.")


Files = Annotated[
    list[UUID], Field(max_length=FILES_MAX, description="Ids of files of the case, which go with the words.")
]


class FileQuery(Body):
    name: Plain = Field(min_length=1, max_length=255, description="What it is called; folders are left out.")


class LetterBody(ReplyBody):
    """Words to a customer; by mail, others may get a copy of just these."""

    cc: list[MailAddress] = Field([], max_length=20, description="Who gets a copy, where the conversation is by mail.")
    bcc: list[MailAddress] = Field([], max_length=20, description="The same, unseen by the others.")
    files: Files = Field([])


class LostBody(Body):
    lost: int = Field(ge=1, le=10**9, description="`seq` of the timeline entry that says that they did not arrive.")


class ForwardBody(ReplyBody):
    to: MailAddress = Field(description="Somebody outside; what they answer becomes a note on the case.")
    subject: Plain = Field("", max_length=200, description="The case's own when left out.")
    files: Files = Field([])
    original: bool = Field(False, description="What the customer said last goes with it: words and files.")


class NoteBody(TextBody):
    key: Key | None = Field(None, description="As of a reply. Left out, a second try is a second note.")
    files: Files = Field([])


class ReasonBody(VersionBody):
    reason: Plain = Field(min_length=1, max_length=2_000)


class AssignBody(VersionBody):
    agent_id: UUID


class MoveBody(ReasonBody):
    department: Slug


class PriorityBody(ReasonBody):
    priority: int = Field(ge=1, le=4, description="1 (first) to 4.")


class ResolutionBody(TextBody):
    code: ResolutionCode


class TypingBody(Body):
    state: Literal["typing"] = "typing"


class WatchingBody(Body):
    state: Attention | Literal["gone"] = Field(description="Again at least every 30 seconds while it stays so.")
    window: WindowName | None = Field(
        None, description="Which of your windows says so: you are there while any is. Made by the page itself."
    )
    turn: int = Field(
        0, ge=0, le=PLACE_MAX, description="Grows with each word of this window: one that comes late changes nothing."
    )


class FeedQuery(Body):
    after: int | None = Field(
        None, ge=0, le=10**18, description="Where to go on, when there is no Last-Event-ID header."
    )
