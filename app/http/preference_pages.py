"""The pages a notice leads to: stop them all, or choose. Without script or sign-in; the link is the key.

Looking changes nothing (mail scanners open links); a POST does, whatever it carries: that is what RFC 8058 asks of the
address in List-Unsubscribe.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from app.http.open_pages import OpenPages, form_of
from app.notice_links import NoticeLinks
from caseengine.model.actor import Actor, ActorKind
from caseengine.operations.wishing import known_as, wish
from customers.contacts import Contacts
from customers.errors import LinkInvalid, WishesInvalid
from customers.preference_links import Purpose
from customers.preferences import Holder, HolderKind, Preferences, wishes_from_json, wishes_to_json
from customers.wishes import Digest, NoticeKind, Wishes
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

WAYS = ("email", "chat", "teams", "none")
FIELDS = ("way", "quiet_from", "quiet_to", "digest", "digest_at", "zone", "language")
TRIES_MAX = 3
STATUS = {"missing": HTTPStatus.NOT_FOUND, "slip": HTTPStatus.UNPROCESSABLE_ENTITY}


class PreferencePages:
    """`/notices/stop/{token}` and `/notices/preferences/{token}`. A link that was made up answers like no address."""

    def __init__(
        self, database: Database, links: NoticeLinks, pages: OpenPages, zone: str, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._links = links
        self._pages = pages
        self._zone = zone
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/notices/stop/{token}", self.ask_to_stop),
            web.post("/notices/stop/{token}", self.stop),
            web.get("/notices/preferences/{token}", self.show),
            web.post("/notices/preferences/{token}", self.save),
        ]

    async def ask_to_stop(self, request: web.Request) -> web.Response:
        return await self._shown(request, Purpose.STOP, "stop")

    async def stop(self, request: web.Request) -> web.Response:
        """At once and for everything, however often it is asked."""
        await form_of(request)
        return await self._changed(request, Purpose.STOP, "stopped", "one_click", Wishes.nothing)

    async def show(self, request: web.Request) -> web.Response:
        return await self._shown(request, Purpose.PREFERENCES, "choose")

    async def save(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        document: dict[str, Any] = {name: form[name][0] for name in FIELDS if form.get(name)}
        document["kinds"] = form.get("kinds", [])
        try:
            wishes = wishes_from_json(document)
        except WishesInvalid:
            return await self._shown(request, Purpose.PREFERENCES, "slip")
        return await self._changed(request, Purpose.PREFERENCES, "saved", "page", lambda _: wishes)

    async def _changed(
        self, request: web.Request, purpose: Purpose, state: str, source: str, change: Callable[[Wishes], Wishes]
    ) -> web.Response:
        try:
            holder = self._links.holder(purpose, request.match_info["token"])
        except LinkInvalid:
            return self._respond(request, "missing", None)
        for left in reversed(range(TRIES_MAX)):
            try:
                await self._keep(holder, source, change)
                break
            except Conflict:  # pressed twice: the second finds it done
                if not left:
                    raise
        return await self._shown(request, purpose, state)

    async def _keep(self, holder: Holder, source: str, change: Callable[[Wishes], Wishes]) -> None:
        at, by = self._now(), Actor(ActorKind.CUSTOMER, str(holder.id))
        async with self._database.unit_of_work() as work:
            await wish(work, holder, change, zone=self._zone, by=by, source=source, at=at)

    async def _shown(self, request: web.Request, purpose: Purpose, state: str) -> web.Response:
        try:
            holder = self._links.holder(purpose, request.match_info["token"])
        except LinkInvalid:
            return self._respond(request, "missing", None)
        async with self._database.snapshot() as snapshot:
            holder = await known_as(snapshot, holder)
            wishes = (await Preferences(snapshot, zone=self._zone).of(holder)).wishes
            return self._respond(request, state, wishes, wishes.language or await _language(snapshot, holder))

    def _respond(self, request: web.Request, state: str, wishes: Wishes | None, language: str = "") -> web.Response:
        values = {
            "state": state,
            "wishes": wishes_to_json(wishes) if wishes is not None else {},
            "ways": WAYS,
            "kinds": [str(kind) for kind in NoticeKind],
            "digests": [str(digest) for digest in Digest],
            "languages": self._pages.languages,
        }
        spoken = self._pages.language(request, language)
        return self._pages.respond("preferences", spoken, values, status=STATUS.get(state, HTTPStatus.OK))


async def _language(snapshot: Snapshot, holder: Holder) -> str:
    if holder.kind is HolderKind.CASE:
        return ""
    return (await Contacts(snapshot).get(holder.id)).language
