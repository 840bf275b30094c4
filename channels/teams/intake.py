"""`POST /api/messages`: refused, or durable, or nothing to do; whatever takes longer happens after the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

from channels.protocol import DeskUnavailable, PayloadRejected
from channels.teams import invokes
from channels.teams.account import TeamsAccount
from channels.teams.answer import Answer
from channels.teams.arrivals import ArrivalRounds
from channels.teams.crowding import Crowding, TooMany
from channels.teams.desk import Acting, Hearing, Sayings, StandsBehind
from channels.teams.invokes import InvokeAnswer
from channels.teams.parts import LIMITS, ReadLimits
from channels.teams.read import parse_activity, read
from channels.teams.received import HAPPENINGS, Received, What
from channels.teams.sdk import TeamsPipeline
from channels.teams.verifying import NotLetIn, Verifier

RETRY_AFTER_S = 2


class Intake:
    """Takes requests of Teams."""

    def __init__(
        self,
        account: TeamsAccount,
        *,
        verifier: Verifier,
        pipeline: TeamsPipeline,
        hearing: Hearing,
        sayings: Sayings,
        acting: Acting,
        rounds: ArrivalRounds,
        clock: Callable[[], datetime],
        limits: ReadLimits = LIMITS,
        crowding: Crowding | None = None,
    ) -> None:
        self._account = account
        self._verifier = verifier
        self._pipeline = pipeline
        self._hearing = hearing
        self._sayings = sayings
        self._acting = acting
        self._rounds = rounds
        self._clock = clock
        self._limits = limits
        self._crowding = crowding or Crowding()

    @property
    def body_max(self) -> int:
        """Bytes of a body that are read."""
        return self._limits.body_max

    async def take(self, authorization: str, raw: bytes) -> Answer:
        """One request, answered. It never raises for what was sent."""
        try:
            if not authorization and not self._account.anonymous:
                raise NotLetIn(401, "BearerMissing")
            document = await self._document(authorization, raw)
            answer = await self._pipeline.take(authorization, document, lambda: self._turn(document, raw))
        except NotLetIn as refused:
            return _error(refused.http_status, refused.code, "The request was not accepted.")
        except PayloadRejected as rejected:
            return _error(400, rejected.code, rejected.detail)
        except TooMany as many:
            return Answer(429, _body("TooManyRequests", "Nothing was stored. Send it later."), ceil(many.wait_s))
        except DeskUnavailable:
            return Answer(503, _body("Unavailable", "Nothing was stored. Send it again."), RETRY_AFTER_S)
        return Answer(200) if answer is None else Answer(answer.status, answer.body)

    async def _document(self, authorization: str, raw: bytes) -> dict[str, Any]:
        """A body of whoever proves nothing is not even read, or its faults are not told."""
        self._verifier.look(authorization)
        try:
            return parse_activity(raw, self._limits)
        except PayloadRejected:
            await self._verifier.genuine(authorization)
            raise

    async def _turn(self, document: Mapping[str, Any], raw: bytes) -> InvokeAnswer | None:
        self._verifier.admit(document)
        received = read(document, self._limits)
        self._crowding.admit(received, at=self._clock())
        if document["type"] == "invoke":
            return await self._invoked(received, raw)
        await self._heard(received, raw)
        return None

    async def _heard(self, received: Received, raw: bytes) -> None:
        if received.place is None:
            return
        if received.what is What.LEFT:
            await self._hearing.left(received.place)
        elif received.what is What.UPGRADED:
            await self._hearing.still_there(received.place)
        elif received.what in HAPPENINGS:
            await self._hearing.happened(received)
        elif received.activity is not None:
            await self._said(received, raw)

    async def _said(self, received: Received, raw: bytes) -> None:
        activity, place = received.activity, received.place
        assert activity is not None  # noqa: S101 (the caller looked)
        assert place is not None  # noqa: S101
        if received.what is What.TYPING:
            await self._hearing.typing(place.conversation, activity.sender)
        elif received.files:
            await self._kept(received, raw)
        else:
            try:
                await self._hearing.hear(activity, place, raw=raw, card=received.of)
            except StandsBehind:
                await self._kept(received, raw)

    async def _kept(self, received: Received, raw: bytes) -> None:
        await self._hearing.keep(received, raw=raw)
        if received.place is not None:
            self._rounds.notice(received.place.conversation)

    async def _invoked(self, received: Received, raw: bytes) -> InvokeAnswer:
        if received.what is What.PRESSED and invokes.is_ours(received):
            return await self._pressed(received, raw)
        if received.press is not None:
            return invokes.acted(received.press, await self._acting.act(received.press))
        if received.what is What.CONSENTED:
            await self._kept(received, raw)
        elif received.what is What.RATED:
            await self._hearing.happened(received)
        return invokes.plain(received)

    async def _pressed(self, received: Received, raw: bytes) -> InvokeAnswer:
        await self._said(received, raw)
        asked = None
        if received.of and received.place is not None:
            asked = await self._sayings.by_key(received.place.conversation, received.of)
        return invokes.pressed(received, asked)


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, _body(code, message))


def _body(code: str, message: str) -> Mapping[str, Any]:
    return {"error": {"code": code, "message": message}}
