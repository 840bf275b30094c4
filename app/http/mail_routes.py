"""Mails: the whole of one beside its case, for agents; what was set aside and bounced, for supervisors."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from app.http.case_reading import ANY_FILE, CASE, INERT, SHOWN
from app.http.endpoint import Answer, Body, Call, Endpoint, Plain, Scope
from app.http.errors import FileNotFound
from caseengine.mails import Mails, mail_raw, mail_row, mail_rows, original_of
from caseengine.reading.case_view import case_view
from customers.identities import IdentityKind, normalise
from customers.reachability import Reach, mark
from storage.engine import Database

HTML = "text/html"
BIG = 10**15
CID = re.compile(r"cid:([^\"'<>\s]{1,250})")
PAGE_POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Nothing in a mail runs, is sent, or is fetched from elsewhere."""


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
    odd: list[str] = Field(description="Codes of what was cut, repaired or left out.")


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
                summary="The mail as its sender laid it out: cleaned, in a sandbox, nothing fetched from elsewhere.",
                handle=self.html,
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
        found = await self._original(call)
        named = {name: found.get(name) for name in OriginalAnswer.model_fields if name in found}
        return OriginalAnswer(**named, sender=found["from"], has_html=bool(found["html"]))

    async def html(self, call: Call) -> web.Response:
        found = await self._original(call)
        inline, number = found["inline"], call.path("number")
        page = found["html"] or _as_page(found["text"], found["quoted"])
        shown = CID.sub(lambda match: _file(number, inline.get(match.group(1), "")), page)
        headers = {"Content-Security-Policy": PAGE_POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(text=shown, content_type=HTML, headers={**headers, "Referrer-Policy": "no-referrer"})

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

    async def _original(self, call: Call) -> dict[str, Any]:
        async with self._database.snapshot() as snapshot:
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


def _as_page(*texts: str) -> str:
    """A mail without a layout of its own, as it was written."""
    words = escape("\n\n".join(text for text in texts if text))
    head = '<!doctype html><meta charset="utf-8"><title></title>'
    return f'{head}<pre dir="auto" style="white-space:pre-wrap">{words}</pre>'


def _file(number: str, file: str) -> str:
    """Where an inline image is fetched; nothing where the mail names one it has not brought."""
    return f"/api/cases/{number}/files/{file}" if file else "about:blank"
