"""Mails: the whole of one beside its case, for agents; what was set aside and bounced, for supervisors."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from app.http.case_files import ANY_FILE, INERT
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Answer, Body, Call, Endpoint, Plain, Scope
from app.http.errors import FileNotFound
from app.http.mail_pages import mail_page, page_headers
from caseengine.mails import Mails, mail_raw, mail_row, mail_rows, original_of
from caseengine.reading.case_view import case_view
from channels.email.letter import shows_pictures_from_outside
from customers.identities import IdentityKind, normalise
from customers.reachability import Reach, mark
from storage.engine import Database
from storage.transaction import Snapshot

HTML = "text/html"
BIG = 10**15


class OriginalAnswer(Answer):
    subject: str
    sender: str = Field(description="As in From; empty where it cannot be told.")
    sender_doubt: str = Field(description="Why it cannot: `missing`, `several`, `malformed`, `readings_differ`.")
    reply_to: list[str] = Field(default=[], description="Where its sender wants answers; the desk writes to `sender`.")
    to: list[str]
    cc: list[str]
    said_at: str = Field(description="The mail's own Date, as it was written.")
    text: str = Field(description="The new words.")
    quoted: str = Field(description="What was cut off of them: older mails, a signature.")
    has_html: bool = Field(description="It has a layout of its own; `/html` below this address shows it, inert.")
    pictures_outside: bool = Field(description="It shows pictures from elsewhere, which are kept out until asked for.")
    odd: list[str] = Field(description="Codes of what was cut, repaired or left out.")


class PageQuery(Body):
    pictures: Literal["inside", "outside"] = Field(
        "inside",
        description="`outside`: fetch those from elsewhere too, over TLS. Whoever wrote the mail may learn of it.",
    )


class MailAnswer(Answer):
    id: int
    state: str = Field(description="`kept`, `filed` or `quarantined`.")
    size: int = Field(description="Bytes.")
    tries: int
    last_error: str | None
    received_at: datetime
    done_at: datetime | None
    message_id: str
    sender: str
    conversation_id: UUID | None
    case_id: UUID | None
    verdict: str = Field(description="Why it went where it went.")


class MailsAnswer(Answer):
    mails: list[MailAnswer]


class MailsQuery(Body):
    state: Literal["kept", "filed", "quarantined"] | None = None
    before: int | None = Field(None, ge=1, le=BIG, description="`id` of the last mail of the page before.")
    limit: int = Field(50, ge=1, le=200)


class LiftBody(Body):
    address: Plain = Field(min_length=3, max_length=254)


class MailRoutes:
    """`/api/mails`, and mails below a case."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path=f"{CASE}/mails/{{mail}}",
                scope=Scope.AGENT,
                summary="The whole of a mail of this case, beside its new words.",
                about="`mail` is the number in an activity's `details`.",
                handle=self.original,
                answer=OriginalAnswer,
                refuses=(*SHOWN, FileNotFound.code),
            ),
            Endpoint(
                method="GET",
                path=f"{CASE}/mails/{{mail}}/html",
                scope=Scope.AGENT,
                summary="The mail as its sender laid it out: cleaned, in a sandbox, with the pictures it brought.",
                about="Nothing is fetched from elsewhere unless `pictures` asks for it; of its own, up to 8 MB.",
                handle=self.html,
                query=PageQuery,
                media_type=HTML,
                refuses=(*SHOWN, FileNotFound.code),
            ),
            Endpoint(
                method="GET",
                path="/api/mails",
                scope=Scope.SUPERVISOR,
                summary="Mails that came in, newest first.",
                handle=self.mails,
                query=MailsQuery,
                answer=MailsAnswer,
            ),
            Endpoint(
                method="GET",
                path="/api/mails/{id}/raw",
                scope=Scope.SUPERVISOR,
                summary="A mail's bytes as they came, to be saved.",
                handle=self.raw,
                media_type=ANY_FILE,
                refuses=(FileNotFound.code,),
            ),
            Endpoint(
                method="POST",
                path="/api/mails/{id}/retry",
                scope=Scope.SUPERVISOR,
                summary="Read and file a mail that was set aside once more.",
                handle=self.retry,
                refuses=(FileNotFound.code, "storage.conflict"),
            ),
            Endpoint(
                method="POST",
                path="/api/mails/addresses/lifting",
                scope=Scope.SUPERVISOR,
                summary="Write to an address again that bounced or complained.",
                handle=self.lift,
                body=LiftBody,
                refuses=("customers.identity_invalid", "storage.conflict"),
            ),
        ]

    async def original(self, call: Call) -> OriginalAnswer:
        async with self._database.snapshot() as snapshot:
            found = await self._original(snapshot, call)
        named = {name: found.get(name) for name in OriginalAnswer.model_fields if name in found}
        elsewhere = shows_pictures_from_outside(found["html"])
        return OriginalAnswer(**named, sender=found["from"], has_html=bool(found["html"]), pictures_outside=elsewhere)

    async def html(self, call: Call) -> web.Response:
        asked: PageQuery = call.query
        outside = asked.pictures == "outside"
        async with self._database.snapshot() as snapshot:
            page = await mail_page(snapshot, await self._original(snapshot, call), outside=outside)
        return web.Response(text=page, content_type=HTML, headers=page_headers(outside=outside))

    async def mails(self, call: Call) -> MailsAnswer:
        asked: MailsQuery = call.query
        async with self._database.snapshot() as snapshot:
            rows = await mail_rows(snapshot, state=asked.state, before=asked.before, limit=asked.limit)
        return MailsAnswer(mails=[MailAnswer.model_validate(row) for row in rows])

    async def raw(self, call: Call) -> web.Response:
        async with self._database.snapshot() as snapshot:
            raw = await mail_raw(snapshot, _number(call.path("id")))
        if raw is None:
            raise FileNotFound
        saved = {"Content-Disposition": "attachment; filename=mail.eml"}
        return web.Response(body=raw, content_type=ANY_FILE, headers={**INERT, **saved})

    async def retry(self, call: Call) -> None:
        mail_id = _number(call.path("id"))
        async with self._database.unit_of_work() as work:
            if await mail_row(work, mail_id) is None:
                raise FileNotFound
            Mails(work).retry(mail_id)

    async def lift(self, call: Call) -> None:
        body: LiftBody = call.body
        address = normalise(IdentityKind.EMAIL, body.address)
        async with self._database.unit_of_work() as work:
            mark(work, IdentityKind.EMAIL, address, Reach.REACHABLE, f"lifted by {call.agent.agent.id}", at=self._now())

    async def _original(self, snapshot: Snapshot, call: Call) -> dict[str, Any]:
        view = await case_view(snapshot, call.agent.agent, call.path("number"))
        found = await original_of(
            snapshot, _number(call.path("mail")), case_id=view.row.id, conversations=view.conversations
        )
        if found is None:
            raise FileNotFound
        return dict(found)


def _number(written: str) -> int:
    """Of a mail; what is none is one that does not exist."""
    plain = written.isascii() and written.isdecimal() and len(written) <= 15
    return int(written) if plain else 0
