"""The office with routing on: skilled people who are there, and a rulebook."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from app.jobs.routing import Guess, RoutingSweep
from caseengine.agents import Agent, Agents, Presence
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.needs import Needs
from caseengine.model.skill import Skill
from caseengine.operations.needing import ask_for
from caseengine.operations.routing import route
from caseengine.policies.routing import Decision
from caseengine.policies.routing_policy import read_routing
from caseengine.rulebooks import Rulebook, decide
from caseengine.skills import WorkProfile, set_profile, set_skills
from caseengine.tables import assignments
from storage.engine import Database
from tests.caseengine.office import Office, when

WORDS = {"notice.agent_joined": "{name} has joined."}
SKILLS = (Skill("hardware", "Hardware"), Skill("printers", "Printers", "hardware"), Skill("refunds", "Refunds"))


class RoutingDesk(Office):
    """Tills are assigned, deliveries offered, unless a story says otherwise."""

    async def opens(self, **document: Any) -> None:
        await self.furnish()
        usual = {"departments": {"tills": {"mode": "assign"}, "deliveries": {"mode": "offer", "offer_s": 60}}}
        await self.decides({**usual, **document})
        async with self.database.unit_of_work() as work:
            await set_skills(work, SKILLS)

    async def decides(self, document: Mapping[str, Any], at: str = "Mon 08:00") -> None:
        read_routing(document)
        async with self.database.unit_of_work() as work:
            await decide(work, Rulebook.ROUTING, document, by=SYSTEM, at=when(at))

    async def hires(self, name: str, *departments: str, at: str = "Mon 09:00", there: bool = True, **can: Any) -> Agent:
        agent = Agent(uuid4(), name, f"{name.lower()}@desk.example", "x", frozenset(departments or ("tills",)))
        async with self.database.unit_of_work() as work:
            Agents(work).add(agent)
        async with self.database.unit_of_work() as work:
            await set_profile(work, agent.id, WorkProfile(**can))
        if there:
            await self.is_there(agent, at)
        return agent

    async def is_there(self, agent: Agent, at: str, presence: Presence = Presence.AVAILABLE) -> None:
        async with self.database.unit_of_work() as work:
            Agents(work).seen(agent.id, presence, at=when(at))

    async def needs(self, case: Case, at: str = "Mon 09:00", language: str = "", **skills: int) -> None:
        async with self.database.unit_of_work() as work:
            await ask_for(work, await Cases(work).by_id(case.id), Needs(skills, {}, language), by=SYSTEM, at=when(at))

    async def routes(self, case: Case, at: str = "Mon 09:01") -> Decision | None:
        async with self.database.unit_of_work() as work:
            return await route(work, await Cases(work).by_id(case.id), at=when(at))

    def sweep(self, at: str = "Mon 09:01", guess: Guess | None = None) -> RoutingSweep:
        return RoutingSweep(self.database, WORDS, lambda: when(at), guess)

    async def sweeps(self, at: str = "Mon 09:01") -> None:
        """As the desk does it."""
        await self.sweep(at).run()

    async def holder(self, case: Case) -> UUID | None:
        return (await self.case(case)).agent_id

    async def records(self, case: Case) -> list[sa.Row[Any]]:
        async with self.database.snapshot() as snapshot:
            return list(
                await snapshot.rows(
                    sa.select(assignments).where(assignments.c.case_id == case.id).order_by(assignments.c.decided_at)
                )
            )


def why(decision: Decision | None, agent: Agent) -> str:
    """The reason why this agent did not come into question; "" when they did."""
    assert decision is not None
    return next(one.excluded for one in decision.judged if one.id == str(agent.id))


async def a_desk(database: Database, **document: Any) -> RoutingDesk:
    desk = RoutingDesk(database)
    await desk.opens(**document)
    return desk
