"""Signing in: argon2id, a session on our side, a cookie no script can read, and a token against other sites."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from app.http.errors import CrossSite, NotSignedIn, SignInFailed, TooManyTries
from app.tables import agent_sessions
from caseengine.agents import Agent, Agents
from caseengine.model.errors import AgentNotFound
from storage.engine import Database

COOKIE = "nightdesk_session"
CSRF_HEADER = "X-CSRF-Token"
IDLE_MAX = timedelta(hours=8)
AGE_MAX = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
TRIES_MAX = 8
TRIES_FROM_SOURCE_MAX = 40
TRIES_WITHIN = timedelta(minutes=10)
WATCHED_MAX = 10_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

hasher = PasswordHasher()
"""argon2id with the library's current parameters."""
NOBODY = hasher.hash(secrets.token_hex(16))
"""Verified when nobody has the address, so that knowing and not knowing take the same time."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An agent with a session."""

    agent: Agent
    csrf: str
    token_hash: bytes


class Sessions:
    """Who is signed in."""

    def __init__(self, database: Database, now: Callable[[], datetime], *, secure: bool) -> None:
        self._database = database
        self._now = now
        self._secure = secure
        self._tries: OrderedDict[str, list[datetime]] = OrderedDict()

    async def sign_in(self, email: str, password: str, *, source: str) -> tuple[SignedIn, str]:
        """A new session and its token.

        Raises:
            SignInFailed: wrong address or password.
            TooManyTries: too many wrong ones lately, for this address or from this place.
        """
        at = self._now()
        # Counted by address and place together: somebody far away cannot keep an agent from signing in.
        watched = {f"{email.strip().lower()}|{source}": TRIES_MAX, source: TRIES_FROM_SOURCE_MAX}
        self._hold_back(watched, at)
        agent = await self._agent_by_email(email)
        right = await asyncio.to_thread(_verify, agent.password_hash if agent else NOBODY, password)
        if agent is None or not right:
            self._remember(watched, at)
            raise SignInFailed
        return await self._begin(agent, at)

    async def of(self, request: web.Request) -> SignedIn:
        """The agent behind a request; one that changes something must come from our own page.

        Raises:
            NotSignedIn: no session, or it has ended.
            CrossSite: the token of the page is missing or wrong.
        """
        token = request.cookies.get(COOKIE, "")
        found = await self._find(hashlib.sha256(token.encode()).digest())
        if request.method not in SAFE_METHODS and not hmac.compare_digest(
            request.headers.get(CSRF_HEADER, "").encode(), found.csrf.encode()
        ):
            raise CrossSite
        return found

    async def sign_out(self, signed_in: SignedIn) -> None:
        """End the session; open feeds of it end with it."""
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(agent_sessions).where(agent_sessions.c.token_hash == signed_in.token_hash))
            work.after_commit_wake("event")

    async def still_valid(self, signed_in: SignedIn) -> bool:
        """Whether the session has not ended meanwhile."""
        try:
            await self._find(signed_in.token_hash)
        except NotSignedIn:
            return False
        return True

    def set_cookie(self, response: web.Response, token: str) -> None:
        response.set_cookie(
            COOKIE, token, httponly=True, secure=self._secure, samesite="Strict", path="/", max_age=int(AGE_MAX.total_seconds())
        )

    async def _begin(self, agent: Agent, at: datetime) -> tuple[SignedIn, str]:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        token_hash = hashlib.sha256(token.encode()).digest()
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(agent_sessions).where(agent_sessions.c.seen_at < at - IDLE_MAX))
            work.write(
                sa.insert(agent_sessions).values(
                    token_hash=token_hash, agent_id=agent.id, csrf=csrf, signed_in_at=at, seen_at=at
                )
            )
        return SignedIn(agent, csrf, token_hash), token

    async def _find(self, token_hash: bytes) -> SignedIn:
        at = self._now()
        async with self._database.unit_of_work() as work:
            row = await work.first(sa.select(agent_sessions).where(agent_sessions.c.token_hash == token_hash))
            if row is None or at - row.seen_at > IDLE_MAX or at - row.signed_in_at > AGE_MAX:
                raise NotSignedIn
            if at - row.seen_at > SEEN_EVERY:
                work.write(
                    sa.update(agent_sessions).where(agent_sessions.c.token_hash == token_hash).values(seen_at=at)
                )
            return SignedIn(await Agents(work).get(row.agent_id), row.csrf, token_hash)

    async def _agent_by_email(self, email: str) -> Agent | None:
        async with self._database.unit_of_work() as work:
            try:
                return await Agents(work).by_email(email)
            except AgentNotFound:
                return None

    def _hold_back(self, watched: Mapping[str, int], at: datetime) -> None:
        for name, most in watched.items():
            recent = [tried for tried in self._tries.get(name, ()) if at - tried < TRIES_WITHIN]
            if len(recent) >= most:
                raise TooManyTries(max(1, int((recent[0] + TRIES_WITHIN - at).total_seconds())))

    def _remember(self, watched: Iterable[str], at: datetime) -> None:
        for name in watched:
            recent = [tried for tried in self._tries.get(name, ()) if at - tried < TRIES_WITHIN]
            self._tries[name] = [*recent, at]
            self._tries.move_to_end(name)
        while len(self._tries) > WATCHED_MAX:
            self._tries.popitem(last=False)


def hash_password(password: str) -> str:
    """argon2id."""
    return hasher.hash(password)


def _verify(known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password)
    except (Argon2Error, InvalidHashError):
        return False
