"""Offers, what routing decided and why, skills, giving work back, and how busy everybody is."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.agent_words import joined
from app.http.bodies import Slug, VersionBody
from app.http.case_acting import CaseActing, Who
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Answer, Body, Call, Endpoint, Scope
from app.http.relating_bodies import NeedsBody, SkillLevel, SpokenLanguage
from bot.replies.catalogue import Catalogue
from caseengine.model.case import Case
from caseengine.model.needs import Needs
from caseengine.operations.needing import ask_for
from caseengine.operations.permission import permitted_case
from caseengine.operations.routing import accept, decline, give_back
from caseengine.operations.weighing import weigh
from caseengine.reading.assignments import Considered, assignments_of, considered, names_of, offers_to
from caseengine.reading.load import AgentLoad, agent_loads
from caseengine.routing_rules import routing_rules
from caseengine.skills import skill_tree
from storage.engine import Database
from storage.transaction import UnitOfWork


class DeclineBody(Body):
    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class GiveBackBody(VersionBody):
    skills: dict[Slug, SkillLevel] | None = Field(
        None,
        description="What whoever takes it has to have, and how well; left out, it needs what it needed.",
        max_length=20,
    )
    language: SpokenLanguage = Field(
        "", description="The one they have to speak; without skills, beside what it needed."
    )


class ChosenAnswer(Answer):
    code: str = Field(description="`knows_it`, `skill`, `language`, or `room` where it is none of these.")
    about: str = Field(description="The name of the skill, or the code of the language; otherwise empty.")


class OfferAnswer(Answer):
    number: str
    subject: str
    department: str
    department_name: str
    priority: int
    why: list[ChosenAnswer] = Field(description="Why you are asked, the weightiest first.")
    offered_at: datetime
    expires_at: datetime


class SkillAnswer(Answer):
    id: str
    name: str


class SkillsAnswer(Answer):
    skills: list[SkillAnswer] = Field(description="By name.")


class OffersAnswer(Answer):
    offers: list[OfferAnswer] = Field(description="The soonest to run out first.")


class ConsideredAnswer(Answer):
    agent_id: UUID
    name: str
    excluded: str = Field(description='Why not: a code, with what it is about after a colon; "" when they could.')
    scores: list[float] = Field(description="In the order they count: knows it, needs met, fit, room, seconds idle.")


class AssignmentAnswer(Answer):
    agent_id: UUID
    agent_name: str
    state: str
    decided_at: datetime
    ended_at: datetime | None
    reason: str
    policy_version: int
    relaxed: int = Field(description="How many steps of relaxation held.")
    request: dict[str, Any]
    considered: list[ConsideredAnswer]


class AssignmentsAnswer(Answer):
    assignments: list[AssignmentAnswer] = Field(description="Every decision of routing, oldest first.")
    now: list[ConsideredAnswer] | None = Field(description="While it waits: who could have it at this moment.")


class LoadAnswer(Answer):
    agent_id: UUID
    name: str
    presence: str
    reason: str = Field(description="What they said why they are not available.")
    seen_at: datetime | None
    on_shift: bool
    capacity: int
    load: int = Field(description="Units they hold or are offered.")
    offers: int


class LoadsAnswer(Answer):
    agents: list[LoadAnswer] = Field(description="By name.")


class RoutingRoutes:
    """`/api/offers`, `/api/skills`, `/api/agents/load`, and what hangs on a case."""

    def __init__(
        self, database: Database, catalogue: Catalogue, now: Callable[[], datetime], acting: CaseActing
    ) -> None:
        self._database = database
        self._words = catalogue.words
        self._now = now
        self._act = acting.act

    def endpoints(self) -> list[Endpoint]:
        return [*self._looks(), *self._acts()]

    def _looks(self) -> list[Endpoint]:
        agent: dict[str, Any] = {"method": "GET", "scope": Scope.AGENT}
        return [
            Endpoint(
                path="/api/offers",
                summary="The cases you are asked to take.",
                handle=self.offers,
                answer=OffersAnswer,
                **agent,
            ),
            Endpoint(
                path="/api/skills",
                summary="The skills there are, to say what a case needs.",
                handle=self.skills,
                answer=SkillsAnswer,
                **agent,
            ),
            Endpoint(
                path=f"{CASE}/assignments",
                summary="What routing decided about it, with every candidate and why or why not.",
                handle=self.assignments,
                answer=AssignmentsAnswer,
                refuses=SHOWN,
                **agent,
            ),
            Endpoint(
                method="GET",
                path="/api/agents/load",
                scope=Scope.SUPERVISOR,
                summary="Who is there, and how much each has.",
                handle=self.loads,
                answer=LoadsAnswer,
            ),
        ]

    def _acts(self) -> list[Endpoint]:
        offered, skills = "routing.not_offered", "routing.skills_invalid"
        return [
            self._act("offer/acceptance", "Take what you were asked to take.", None, self._accept, offered),
            self._act(
                "offer/refusal",
                "Say why you would rather not; somebody else is asked.",
                DeclineBody,
                self._decline,
                offered,
                "case.text_missing",
            ),
            self._act(
                "return",
                "Give it back to its queue, for somebody who can do this.",
                GiveBackBody,
                self._give_back,
                skills,
            ),
            self._act("needs", "Say what whoever works on it has to be able to do.", NeedsBody, self._need, skills),
        ]

    async def offers(self, call: Call) -> OffersAnswer:
        async with self._database.snapshot() as snapshot:
            found = await offers_to(snapshot, call.agent.agent.id)
        return OffersAnswer(offers=[OfferAnswer.model_validate(one) for one in found])

    async def skills(self, call: Call) -> SkillsAnswer:
        async with self._database.snapshot() as snapshot:
            known = (await skill_tree(snapshot)).skills.values()
        return SkillsAnswer(skills=[SkillAnswer.model_validate(one) for one in sorted(known, key=lambda one: one.name)])

    async def assignments(self, call: Call) -> AssignmentsAnswer:
        """A unit of work that writes nothing."""
        async with self._database.unit_of_work() as work:
            case = await permitted_case(work, call.path("number"), by=call.agent.agent.actor)
            found = await assignments_of(work, case.id)
            now = await self._considered(work, case) if case.agent_id is None and case.is_live else None
        return AssignmentsAnswer(
            assignments=[AssignmentAnswer.model_validate(one) for one in found],
            now=None if now is None else [ConsideredAnswer.model_validate(one) for one in now],
        )

    async def loads(self, call: Call) -> LoadsAnswer:
        async with self._database.snapshot() as snapshot:
            _, policy = await routing_rules(snapshot)
            found: list[AgentLoad] = await agent_loads(snapshot, policy, at=self._now())
        return LoadsAnswer(agents=[LoadAnswer.model_validate(one) for one in found])

    async def _considered(self, work: UnitOfWork, case: Case) -> tuple[Considered, ...]:
        weighed = await weigh(work, case, at=self._now())
        judged = weighed.decision.document["judged"]
        return considered(judged, await names_of(work, {UUID(one[0]) for one in judged}))

    async def _accept(self, work: UnitOfWork, call: Call, who: Who) -> None:
        notice = joined(self._words, call.agent.agent.name)
        await accept(work, call.path("number"), by=who["by"], at=who["at"], notice=notice)

    async def _decline(self, work: UnitOfWork, call: Call, who: Who) -> None:
        await decline(work, call.path("number"), reason=call.body.reason, by=who["by"], at=who["at"])

    async def _give_back(self, work: UnitOfWork, call: Call, who: Who) -> None:
        body: GiveBackBody = call.body
        needs = None if body.skills is None else Needs(body.skills, {}, body.language)
        await give_back(work, call.path("number"), needs=needs, language=body.language, **who)

    async def _need(self, work: UnitOfWork, call: Call, who: Who) -> None:
        body: NeedsBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"], version=who["version"])
        await ask_for(work, case, Needs(body.skills, {}, body.language), by=who["by"], at=who["at"])
