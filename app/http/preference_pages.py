"""The pages a notice leads to: stop them all, or choose. Without script or sign-in; the link is the key.

Looking changes nothing (mail scanners open links); a POST does, whatever it carries: that is what RFC 8058 asks of the
address in List-Unsubscribe.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import yaml
from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

from app.http.survey_pages import FORM_MAX, HEADERS
from app.notice_links import NoticeLinks
from app.settings import Settings
from caseengine.model.actor import Actor, ActorKind
from caseengine.telling import look_again
from customers.contacts import Contacts
from customers.errors import LinkInvalid, WishesInvalid
from customers.preference_links import Purpose
from customers.preferences import Holder, HolderKind, Preferences, wishes_from_json, wishes_to_json
from customers.wishes import Digest, NoticeKind, Wishes
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

PAGE = "preferences.html"
WAYS = ("email", "chat", "teams", "none")
FIELDS = ("way", "quiet_from", "quiet_to", "digest", "digest_at", "zone", "language")
TRIES_MAX = 3
STATUS = {"missing": HTTPStatus.NOT_FOUND, "slip": HTTPStatus.UNPROCESSABLE_ENTITY}


class PreferencePages:
    """`/notices/stop/{token}` and `/notices/preferences/{token}`. A link that was made up answers like no address."""

    def __init__(self, database: Database, links: NoticeLinks, settings: Settings, now: Callable[[], datetime]) -> None:
        self._database = database
        self._links = links
        self._settings = settings
        self._now = now
        folder = files("app.http")
        self._words: Mapping[str, Any] = yaml.safe_load(folder.joinpath("preferences.yaml").read_text("utf-8"))
        loader = DictLoader({PAGE: folder.joinpath(PAGE).read_text("utf-8")})
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self._page = environment.get_template(PAGE)

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
        await _form(request)
        return await self._changed(request, Purpose.STOP, "stopped", "one_click", Wishes.nothing)

    async def show(self, request: web.Request) -> web.Response:
        return await self._shown(request, Purpose.PREFERENCES, "choose")

    async def save(self, request: web.Request) -> web.Response:
        form = await _form(request)
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
            return self._respond("missing", None, "")
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
            preferences = Preferences(work, zone=self._settings.zone)
            wishes = (await preferences.of(holder)).wishes
            await preferences.change(holder, change(wishes), by=by, source=source, at=at)
            look_again(work, holder, at=at)

    async def _shown(self, request: web.Request, purpose: Purpose, state: str) -> web.Response:
        try:
            holder = self._links.holder(purpose, request.match_info["token"])
        except LinkInvalid:
            return self._respond("missing", None, "")
        async with self._database.snapshot() as snapshot:
            wishes = (await Preferences(snapshot, zone=self._settings.zone).of(holder)).wishes
            return self._respond(state, wishes, wishes.language or await _language(snapshot, holder))

    def _respond(self, state: str, wishes: Wishes | None, language: str) -> web.Response:
        spoken = language.lower()[:2] if language.lower()[:2] in self._words else "en"
        text = self._page.render(
            company=self._settings.company,
            language=spoken,
            words=self._words[spoken],
            state=state,
            wishes=wishes_to_json(wishes) if wishes is not None else {},
            ways=WAYS,
            kinds=[str(kind) for kind in NoticeKind],
            digests=[str(digest) for digest in Digest],
            languages=list(self._words),
        )
        status = STATUS.get(state, HTTPStatus.OK)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def _language(snapshot: Snapshot, holder: Holder) -> str:
    if holder.kind is HolderKind.CASE:
        return ""
    return (await Contacts(snapshot).get(holder.id)).language


async def _form(request: web.Request) -> Mapping[str, list[str]]:
    """The fields of a posted form; of one that is too large, or of another kind, nothing."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(4_096):
        raw += chunk
        if len(raw) > FORM_MAX:
            return {}
    if request.content_type != "application/x-www-form-urlencoded" or raw.count(b"&") >= 30:
        return {}
    return parse_qs(raw.decode("utf-8", "replace"), max_num_fields=30)
