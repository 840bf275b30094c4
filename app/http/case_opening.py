"""An agent opens a case for somebody who rings: who may that be, is it known already, and then the case."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from app.http.answer_makers import found_contact
from app.http.case_acting import CaseActing, Who
from app.http.case_reading import CaseReading
from app.http.case_relating import answer_alike
from app.http.endpoint import Call, Endpoint, Scope
from app.http.errors import KeyReused
from app.http.opening_bodies import (
    ContactsQuery,
    DraftQuery,
    FoundContactsAnswer,
    OpenBody,
    OpenedAnswer,
    ProductAnswer,
    ProductsAnswer,
)
from app.http.relating_bodies import AlikeAnswer
from caseengine.likeness import Meaning
from caseengine.model.case import Case
from caseengine.model.errors import DepartmentNotFound, NotPermitted
from caseengine.operations.opening import Opening
from caseengine.operations.taking_down import is_asked_again, opened_before, take_down
from caseengine.reading.alike import gather, gather_drafted
from customers.finding import find_contacts
from customers.reading import product_names
from storage.engine import Database
from storage.transaction import UnitOfWork

DRAFTED = ("department.not_found",)
REFUSED = (
    *DRAFTED,
    "case.not_found",
    "case.text_missing",
    "case.fields_invalid",
    "customers.contact_not_found",
    "customers.account_not_found",
    "customers.identity_invalid",
    "calendar.invalid",
    KeyReused.code,
    "storage.conflict",
)


class CaseOpening:
    """`POST /api/cases`, and what is looked at before."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        acting: CaseActing,
        reading: CaseReading,
        meaning: Meaning | None,
    ) -> None:
        self._database = database
        self._now = now
        self._acting = acting
        self._reading = reading
        self._meaning = meaning

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/api/cases",
                scope=Scope.AGENT,
                summary="Open a case for somebody who rings or comes by; the same key opens one.",
                about=(
                    "`contact_id` makes it the case of that contact, who may see it: give it only if you know that it "
                    "is them. What somebody only says of themselves is `claimed` and proves nothing. Where the "
                    "customer has a proved place to be told at, and wants that, they get its number there."
                ),
                handle=self.open,
                body=OpenBody,
                answer=OpenedAnswer,
                status=HTTPStatus.CREATED,
                refuses=REFUSED,
            ),
            Endpoint(
                method="GET",
                path="/api/alike",
                scope=Scope.AGENT,
                summary="Live cases that look like one you are about to open; nothing is opened.",
                handle=self.alike,
                query=DraftQuery,
                answer=AlikeAnswer,
                refuses=DRAFTED,
            ),
            Endpoint(
                method="GET",
                path="/api/contacts",
                scope=Scope.AGENT,
                summary="Contacts that what somebody says may mean; suggested, never sure.",
                about="Every contact is found, with what tells them apart; their cases are seen as before.",
                handle=self.contacts,
                query=ContactsQuery,
                answer=FoundContactsAnswer,
            ),
            Endpoint(
                method="GET",
                path="/api/products",
                scope=Scope.AGENT,
                summary="The products a case can be about.",
                handle=self.products,
                answer=ProductsAnswer,
            ),
        ]

    async def open(self, call: Call) -> OpenedAnswer:
        opened: list[Case] = []

        async def operation(work: UnitOfWork, call: Call, who: Who) -> Case:
            opened.append(await self._open(work, call, who))
            return opened[-1]

        await self._acting.done(call, operation)
        agent, case = call.agent.agent, opened[-1]
        async with self._database.snapshot() as snapshot:
            gathered = await gather(snapshot, case.id)
        return OpenedAnswer(
            case=await self._reading.in_full(agent, case.number),
            alike=await answer_alike(self._database, agent, gathered, self._meaning, at=self._now()),
        )

    async def alike(self, call: Call) -> AlikeAnswer:
        query: DraftQuery = call.query
        agent = call.agent.agent
        if not agent.may_see(query.department):
            raise DepartmentNotFound
        named = {name: getattr(query, name) for name in ("subject", "department", "contact_id", "account_id")}
        products = (query.product,) if query.product else ()
        draft = Opening(description=query.text, products=products, order_number=query.order_number, **named)
        async with self._database.snapshot() as snapshot:
            gathered = await gather_drafted(snapshot, draft, at=self._now())
        return await answer_alike(self._database, agent, gathered, self._meaning, at=self._now())

    async def contacts(self, call: Call) -> FoundContactsAnswer:
        async with self._database.snapshot() as snapshot:
            cards = await find_contacts(snapshot, call.query.search)
        return FoundContactsAnswer(contacts=[found_contact(card) for card in cards])

    async def products(self, call: Call) -> ProductsAnswer:
        async with self._database.snapshot() as snapshot:
            found = [ProductAnswer(id=slug, name=name) for slug, name, _ in await product_names(snapshot)]
        return ProductsAnswer(products=sorted(found, key=lambda one: one.name))

    async def _open(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: OpenBody = call.body
        opening = _opening(body)
        before = await opened_before(work, by=who["by"], key=body.key)
        if before is not None and not await is_asked_again(work, before, opening):
            raise KeyReused(before.number)
        try:
            return await take_down(work, opening, key=body.key, by=who["by"], at=who["at"])
        except NotPermitted:  # of somebody else's department there is nothing to see here
            raise DepartmentNotFound from None


def _opening(body: OpenBody) -> Opening:
    plain = ("subject", "department", "contact_id", "account_id", "channel", "case_type", "impact", "urgency")
    named = {name: getattr(body, name) for name in (*plain, "order_number", "language", "fields")}
    description, claimed = body.description or body.subject, body.claimed.model_dump()
    return Opening(description=description, claimed=claimed, products=tuple(body.products), **named)
