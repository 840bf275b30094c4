"""What a customer wants to be told, as agents see and change it for them; and what they were told of a case."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.http.case_reading import CASE, SHOWN
from app.http.contact_routes import cases_seen
from app.http.endpoint import Answer, Body, Call, Endpoint, Scope
from app.http.session_routes import read_id
from caseengine.operations.wishing import wish
from caseengine.reading.case_view import case_view
from caseengine.telling import notices_about
from customers.errors import ContactNotFound, WishesInvalid
from customers.preferences import Holder, HolderKind, Preference, Preferences, wishes_from_json, wishes_to_json
from customers.wishes import Digest, NoticeKind
from storage.engine import Database
from storage.transaction import Snapshot

NO_ID = UUID(int=0)
PATH = "/api/contacts/{id}/notices"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
TimeOfDay = Annotated[str, StringConstraints(pattern=CLOCK)]
WayName = Literal["email", "chat", "teams", "none"]


class PreferenceBody(Body):
    way: WayName = Field(description="The way they like best. `chat`: there and nowhere else.")
    kinds: list[NoticeKind] = Field(max_length=len(NoticeKind), description="What they want to be told of.")
    quiet_from: TimeOfDay | None = Field(None, description="Nothing comes from then ...")
    quiet_to: TimeOfDay | None = Field(None, description="... to then, also over midnight.")
    digest: Digest = Digest.AT_ONCE
    digest_at: TimeOfDay = Field("08:00", description="Of a `daily` one.")
    zone: str = Field(max_length=60, pattern=r"^[A-Za-z0-9_+/-]+$", description="IANA zone of these times.")
    language: str = Field("", max_length=20, pattern=r"^[A-Za-z-]*$", description="Empty: the contact's own.")
    said: str = Field(
        min_length=3,
        max_length=150,
        pattern=r"^[^\x00]*$",
        description="How they said so: it is kept as their consent.",
    )


class PreferenceAnswer(Answer):
    way: WayName
    kinds: list[NoticeKind]
    quiet_from: str | None
    quiet_to: str | None
    digest: Digest
    digest_at: str
    zone: str
    language: str
    source: str = Field(
        description="Who told us: `page`, `one_click`, the channel they said it on, or `agent: ` and how. "
        "Empty: nobody, as yet."
    )
    since: datetime | None


class CustomerNoticeAnswer(Answer):
    kind: NoticeKind
    seq: int = Field(description="Of the fact it is about.")
    happened_at: datetime
    state: Literal["planned", "told", "dropped"]
    due_at: datetime
    way: str = Field(description="Where it went; empty for one that did not.")
    why: str = Field(
        description="Of a dropped one: `opted_out`, `unwanted`, `untrue`, `answered`, `read`, `not_asked`, `unproved`, "
        "`unreachable`, `fault`."
    )
    tried: list[str] = Field(description="Ways that failed.")
    settled_at: datetime | None


class CustomerNoticesAnswer(Answer):
    notices: list[CustomerNoticeAnswer]


class PreferenceRoutes:
    """`/api/contacts/{id}/notices` and `/api/cases/{number}/customer-notices`."""

    def __init__(self, database: Database, zone: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._zone = zone
        self._now = now

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path=PATH,
                scope=Scope.AGENT,
                summary="What a contact wants to be told of, where and when.",
                about="Only if you may see a case of theirs; otherwise there is no such contact.",
                handle=self.read,
                answer=PreferenceAnswer,
                refuses=(ContactNotFound.code,),
            ),
            Endpoint(
                method="PUT",
                path=PATH,
                scope=Scope.AGENT,
                summary="Change it, as they asked you to.",
                about="Kept with your name, the time, and how they said so.",
                handle=self.change,
                body=PreferenceBody,
                answer=PreferenceAnswer,
                refuses=(ContactNotFound.code, WishesInvalid.code),
            ),
            Endpoint(
                method="GET",
                path=f"{CASE}/customer-notices",
                scope=Scope.AGENT,
                summary="What its customer was told, is to be told, or could not be told, and why.",
                handle=self.about_case,
                answer=CustomerNoticesAnswer,
                refuses=SHOWN,
            ),
        ]

    async def read(self, call: Call) -> PreferenceAnswer:
        async with self._database.snapshot() as snapshot:
            holder = await self._holder(snapshot, call)
            return _answer(await Preferences(snapshot, zone=self._zone).of(holder))

    async def change(self, call: Call) -> PreferenceAnswer:
        body, at = call.body, self._now()
        wishes = wishes_from_json(body.model_dump(mode="json", exclude={"said"}))
        async with self._database.unit_of_work() as work:
            holder = await self._holder(work, call)
            said: dict[str, Any] = {"by": call.agent.agent.actor, "source": f"agent: {body.said}", "at": at}
            await wish(work, holder, lambda _: wishes, zone=self._zone, **said)
        return await self.read(call)

    async def about_case(self, call: Call) -> CustomerNoticesAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            found = await notices_about(snapshot, view.row.id)
        return CustomerNoticesAnswer(notices=[_notice(notice) for notice in found])

    async def _holder(self, snapshot: Snapshot, call: Call) -> Holder:
        contact_id = read_id(call.path("id")) or NO_ID
        if not await cases_seen(snapshot, contact_id, call.agent.agent):
            raise ContactNotFound(contact_id)
        return Holder(HolderKind.CONTACT, contact_id)


def _answer(preference: Preference) -> PreferenceAnswer:
    wishes: dict[str, Any] = wishes_to_json(preference.wishes)
    return PreferenceAnswer(**wishes, source=preference.source, since=preference.since)


def _notice(notice: Any) -> CustomerNoticeAnswer:
    named = {name: getattr(notice, name) for name in CustomerNoticeAnswer.model_fields}
    return CustomerNoticeAnswer(**{**named, "tried": [str(way) for way in notice.tried]})
