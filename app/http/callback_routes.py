"""Appointments to call a customer: which there are, when somebody is free, booked, moved, made and called off."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from app.http.answers import CallbackAnswer
from app.http.bodies import Instant, VersionBody
from app.http.case_acting import CaseActing, Who
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Answer, Body, Call, Endpoint, Scope
from caseengine.operations.calling import book_callback, end_callback, slots_for, try_again
from caseengine.operations.permission import permitted_case
from caseengine.reading.appointments import appointments_for
from storage.engine import Database
from storage.transaction import UnitOfWork


class CallbacksQuery(Body):
    mine: bool = Field(False, description="Only those that are yours; for supervisors, who are shown all.")


class SlotsQuery(Body):
    limit: int = Field(20, ge=1, le=200)


class CallbackBody(VersionBody):
    starts_at: Instant = Field(description="`starts_at` of a slot.")


class CallbackEndBody(VersionBody):
    how: Literal["kept", "unreached", "cancelled"] = Field(
        description="`kept`: you spoke with them; `unreached`: you called and did not reach them."
    )
    next_at: Instant | None = Field(
        None, description="Of what was `unreached`: `starts_at` of the slot at which it is tried again; with `version`."
    )

    @model_validator(mode="after")
    def _tried_again_once(self) -> Self:
        """The appointment that takes the place of this one would be ended by whoever says the same a moment later."""
        if self.next_at is not None and self.version is None:
            raise ValueError("another time is agreed on with the version you looked at")
        return self


class ListedCallbackAnswer(CallbackAnswer):
    number: str
    subject: str
    department: str
    department_name: str
    contact_name: str | None = Field(description="Null while nobody has proved whose case it is.")


class CallbacksAnswer(Answer):
    callbacks: list[ListedCallbackAnswer] = Field(description="Still to be made, the earliest first; at most 200.")


class SlotAnswer(Answer):
    starts_at: datetime
    ends_at: datetime
    free: int = Field(description="How many agents could call then.")


class SlotsAnswer(Answer):
    slots: list[SlotAnswer]


class CallbackRoutes:
    """`/api/callbacks`, and the appointment of a case."""

    def __init__(self, database: Database, now: Callable[[], datetime], acting: CaseActing) -> None:
        self._database = database
        self._now = now
        self._act = acting.act

    def endpoints(self) -> list[Endpoint]:
        agent: dict[str, Any] = {"method": "GET", "scope": Scope.AGENT}
        booked = ("routing.slot_taken", "routing.no_callback")
        return [
            Endpoint(
                path="/api/callbacks",
                summary="The calls you have to make; a supervisor's: those of every department.",
                about="Yours are those your time is kept free for, and those of the cases you hold.",
                handle=self.callbacks,
                query=CallbacksQuery,
                answer=CallbacksAnswer,
                **agent,
            ),
            Endpoint(
                path=f"{CASE}/callback-slots",
                summary="When somebody of its department who can do what it needs is free to call.",
                handle=self.slots,
                query=SlotsQuery,
                answer=SlotsAnswer,
                refuses=SHOWN,
                **agent,
            ),
            self._act(
                "callback",
                "Book a time to call the customer; an earlier one is called off.",
                CallbackBody,
                self._book,
                "routing.callbacks_off",
                *booked,
            ),
            self._act(
                "callback/outcome",
                "The call was made or is off.",
                CallbackEndBody,
                self._end,
                "routing.callbacks_off",
                *booked,
            ),
        ]

    async def callbacks(self, call: Call) -> CallbacksAnswer:
        async with self._database.snapshot() as snapshot:
            found = await appointments_for(snapshot, call.agent.agent, mine=call.query.mine)
        return CallbacksAnswer(callbacks=[ListedCallbackAnswer.model_validate(one) for one in found])

    async def slots(self, call: Call) -> SlotsAnswer:
        """A unit of work that writes nothing."""
        query: SlotsQuery = call.query
        async with self._database.unit_of_work() as work:
            case = await permitted_case(work, call.path("number"), by=call.agent.agent.actor)
            found = await slots_for(work, case, at=self._now(), limit=query.limit)
        return SlotsAnswer(
            slots=[SlotAnswer(starts_at=one.starts_at, ends_at=one.ends_at, free=len(one.free)) for one in found]
        )

    async def _book(self, work: UnitOfWork, call: Call, who: Who) -> None:
        case = await permitted_case(work, call.path("number"), by=who["by"], version=who["version"])
        await book_callback(work, case, call.body.starts_at, by=who["by"], at=who["at"])

    async def _end(self, work: UnitOfWork, call: Call, who: Who) -> None:
        body: CallbackEndBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"], version=who["version"])
        if body.how == "unreached" and body.next_at is not None:
            await try_again(work, case, body.next_at, by=who["by"], at=who["at"])
        else:
            await end_callback(work, case, body.how, by=who["by"], at=who["at"])
