"""Teams' Connector over REST: what it answers decides what may be tried again.

A POST is not idempotent: refused for being too many (429) it is tried again; where it may have been taken, a person
decides. Source: docs/reference/teams.md#what-goes-out
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import ClientConnectionError, ClientConnectorError, ClientError, ConnectionTimeoutError
from yarl import URL

from channels.leaving import CutOff, is_stopping, to_the_end
from channels.protocol import DeliveryFailed
from channels.teams.account import TeamsAccount
from channels.teams.bearer import Bearer
from channels.teams.http import TeamsHttp, short_body
from channels.teams.pace import Pace
from channels.teams.received import Place

TRIES_MAX = 4
BACK_OFF_S = 0.5
RETRY_AFTER_MAX_S = 8.0
"""A longer wait goes back to the outbox."""
RETRY_AFTER_OBEYED_MAX = timedelta(hours=1)
"""No limit of Teams has a longer window."""
AMBIGUOUS = frozenset({408, 412})
ID_MAX = 500

Leaving = Callable[[], Awaitable[None]]
"""Called right before something leaves for the first time; what it raises keeps it here."""


class Unreachable(DeliveryFailed):
    """The person has blocked or removed the bot, or the conversation is gone; nothing sent there will arrive."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    document: Mapping[str, Any]
    retry_after_s: float | None


class Connector:
    """Speaks in places. The token goes to allowed hosts alone."""

    def __init__(
        self,
        account: TeamsAccount,
        http: TeamsHttp,
        bearer: Bearer,
        *,
        per_conversation: Pace,
        per_tenant: Pace,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._http = http
        self._bearer = bearer
        self._per_conversation = per_conversation
        self._per_tenant = per_tenant
        self._sleep = sleep

    async def post(self, place: Place, document: Mapping[str, Any], *, leaving: Leaving | None = None) -> str:
        """Say something; Teams' id of it, empty where it gives none.

        Args:
            leaving: of who writes down what begins. Then a task that is cancelled has said nothing: what has begun to
                leave comes to its end, or is ambiguous.

        Raises:
            Unreachable: nobody is there any more.
            DeliveryFailed: with `retry` when it certainly was not taken, `ambiguous` when it may have been.
        """
        return _id_in(await self._call("POST", place, "", document, once=True, leaving=leaving))

    async def put(self, place: Place, activity_id: str, document: Mapping[str, Any]) -> str:
        """Change what was said; once more is the same. Raises as `post`, and is never ambiguous."""
        changed = {**document, "id": activity_id}
        return _id_in(await self._call("PUT", place, f"/{_quoted(activity_id)}", changed, once=False)) or activity_id

    async def delete(self, place: Place, activity_id: str) -> None:
        """Take back what was said. Raises as `put`."""
        await self._call("DELETE", place, f"/{_quoted(activity_id)}", None, once=False)

    async def create(self, service_url: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begin a conversation. Raises as `post`."""
        url = self._address(service_url, "")
        return await self._tried("POST", url, document, once=True)

    async def _call(
        self,
        method: str,
        place: Place,
        below: str,
        document: Mapping[str, Any] | None,
        *,
        once: bool,
        leaving: Leaving | None = None,
    ) -> Mapping[str, Any]:
        url = self._address(place.service_url, f"/{_quoted(place.address)}/activities{below}")
        await self._per_conversation.turn(place.address)
        await self._per_tenant.turn(place.tenant)
        return await self._tried(method, url, document, once=once, leaving=leaving)

    def _address(self, service_url: str, below: str) -> URL:
        if not self._account.may_call(service_url):
            raise DeliveryFailed("the service of this conversation is no host the desk may call")
        return URL(f"{service_url.rstrip('/')}/v3/conversations{below}", encoded=True)

    async def _tried(
        self,
        method: str,
        url: URL,
        document: Mapping[str, Any] | None,
        *,
        once: bool,
        leaving: Leaving | None = None,
    ) -> Mapping[str, Any]:
        renewed = False
        for attempt in range(1, TRIES_MAX + 1):
            header = await self._bearer.header()
            if leaving is not None and attempt == 1:
                await leaving()
            asking = self._asked(method, url, document, header, once=once)
            answer = await (_ended(asking, once=once) if leaving is not None else asking)
            if is_stopping():
                return _judged(answer, once=once)
            if answer.status == 401 and header and not renewed:
                self._bearer.forget(header)
                renewed = True
                continue
            if answer.status == 429 and attempt < TRIES_MAX:
                await self._wait(attempt, answer.retry_after_s)
                continue
            return _judged(answer, once=once)
        raise DeliveryFailed("too many tries", retry=True)

    async def _asked(
        self, method: str, url: URL, document: Mapping[str, Any] | None, header: Mapping[str, str], *, once: bool
    ) -> _Answer:
        content = None if document is None else orjson.dumps(document)
        headers = {**header, "Content-Type": "application/json; charset=utf-8"}
        request = self._http.session.request(method, url, data=content, headers=headers, allow_redirects=False)
        try:
            async with request as response:
                return _Answer(
                    response.status,
                    _document(await short_body(response.content)),
                    _seconds(response.headers.get("Retry-After")),
                )
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise DeliveryFailed(f"no connection: {type(error).__name__}", retry=True) from error
        except (ClientConnectionError, ClientError, OSError, ValueError) as error:
            raise _lost(type(error).__name__, once=once) from error

    async def _wait(self, attempt: int, retry_after_s: float | None) -> None:
        asked_s = retry_after_s if retry_after_s is not None else BACK_OFF_S * 2**attempt
        if asked_s > RETRY_AFTER_MAX_S:
            raise DeliveryFailed("Teams asks to wait", retry=True, after=_obeyed(asked_s))
        # Not all at the same moment again; and no sooner than was asked for.
        await self._sleep(asked_s + random.uniform(0, BACK_OFF_S))  # noqa: S311


async def _ended(asking: Coroutine[Any, Any, _Answer], *, once: bool) -> _Answer:
    try:
        return await to_the_end(asking)
    except CutOff as error:
        raise _lost("the desk stopped before an answer", once=once) from error


def _judged(answer: _Answer, *, once: bool) -> Mapping[str, Any]:
    status = answer.status
    if 200 <= status < 300:
        return answer.document
    why = f"status {status} {_code(answer.document)}".strip()
    if status in (403, 404):
        raise Unreachable(why, reason="unreachable")
    if status in (401, 429):
        raise DeliveryFailed(why, retry=True, after=_obeyed(answer.retry_after_s or 0))
    if status in AMBIGUOUS or status >= 500:
        raise _lost(why, once=once)
    raise DeliveryFailed(why)


def _lost(why: str, *, once: bool) -> DeliveryFailed:
    """Perhaps it was taken: what is the same when done twice is tried again, what is not is left to a person."""
    return DeliveryFailed(why, retry=not once, ambiguous=once)


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _code(document: Mapping[str, Any]) -> str:
    """Teams' short word for what is wrong; the sentence beside it may repeat what was sent."""
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code[:60] if isinstance(code, str) and code.isprintable() else ""


def _id_in(document: Mapping[str, Any]) -> str:
    found = document.get("id")
    return found[:ID_MAX] if isinstance(found, str) else ""


def _seconds(header: str | None) -> float | None:
    try:
        asked_s = float(header) if header is not None else None
    except ValueError:
        return None
    return max(asked_s, 0.0) if asked_s is not None and isfinite(asked_s) else None


def _obeyed(asked_s: float) -> timedelta:
    return timedelta(seconds=min(asked_s, RETRY_AFTER_OBEYED_MAX.total_seconds()))


def _quoted(part: str) -> str:
    return quote(part, safe="")
