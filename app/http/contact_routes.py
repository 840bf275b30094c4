"""Who an agent talks to: shown to those who may see a case of theirs, and to nobody else."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from app.http.answer_makers import contact_answer
from app.http.answers import ContactAnswer
from app.http.endpoint import Call, Endpoint, Scope
from app.http.session_routes import read_id
from caseengine.agents import Agent, AgentRole
from caseengine.reading.cases import CaseRow, case_rows, read_case_row
from caseengine.tables import cases
from customers.errors import ContactNotFound
from customers.reading import contact_card
from storage.engine import Database
from storage.transaction import Snapshot

CASES_SHOWN_MAX = 20
NO_ID = UUID(int=0)


class ContactRoutes:
    """`/api/contacts/{id}`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/contacts/{id}",
                scope=Scope.AGENT,
                summary="A contact with their accounts and latest cases.",
                about="Only if you may see a case of theirs; otherwise there is no such contact.",
                handle=self.contact,
                answer=ContactAnswer,
                refuses=(ContactNotFound.code,),
            )
        ]

    async def contact(self, call: Call) -> ContactAnswer:
        contact_id = read_id(call.path("id")) or NO_ID
        async with self._database.snapshot() as snapshot:
            theirs = await cases_seen(snapshot, contact_id, call.agent.agent)
            if not theirs:
                raise ContactNotFound(contact_id)
            return contact_answer(await contact_card(snapshot, contact_id), list(theirs), self._now())


async def cases_seen(snapshot: Snapshot, contact_id: UUID, agent: Agent) -> Sequence[CaseRow]:
    """The newest cases of a contact that the agent may see."""
    statement = case_rows().where(cases.c.contact_id == contact_id)
    if agent.role is not AgentRole.SUPERVISOR:
        statement = statement.where(cases.c.department.in_(agent.departments))
    rows = await snapshot.rows(statement.order_by(cases.c.opened_at.desc(), cases.c.id).limit(CASES_SHOWN_MAX))
    return [read_case_row(row) for row in rows]
