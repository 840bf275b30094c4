"""One day through every part of the engine: rules, service levels, routing, escalation, merging, surveys, boards."""

from typing import Any
from uuid import UUID, uuid4

from app.jobs.escalations import Escalations
from app.jobs.routing import RoutingSweep
from app.jobs.rules import Rules
from app.rulebooks import put_in_force
from caseengine.agents import Agents, Presence
from caseengine.cases import Cases
from caseengine.model.actor import BOT, SYSTEM
from caseengine.model.case import Case
from caseengine.notices import notices_of
from caseengine.operations import merge, reply, resolve
from caseengine.operations.surveying import answer_survey, ask_survey
from caseengine.reading.boards import Period, Whose, now_board, period_board
from caseengine.rulebooks import Rulebook
from customers.accounts import Account, Accounts
from storage.engine import Database
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when
from tests.caseengine.test_any_order import SOLVED

SECRET = b"a secret of thirty-two characters"
DECIDED: dict[Rulebook, dict[str, Any]] = {
    Rulebook.SLA: {
        "policies": {
            "gold": {
                "targets": {"first_response": "1h", "next_response": "1h", "resolution": {"1": "2h", "default": "8h"}},
                "warn_at": [0.5],
                "ladder": [
                    {"target": "first_response", "after": "0m", "do": "tell_manager"},
                    {"target": "first_response", "after": "30m", "do": "reassign"},
                ],
            }
        },
        "choose": {"tier": {"A": "gold"}},
    },
    Rulebook.ROUTING: {"departments": {"tills": {"mode": "assign"}}},
    Rulebook.RULES: {
        "rules": [
            {
                "id": "recall",
                "events": ["CaseOpened"],
                "when": {"fact": "words", "contains": "recall"},
                "then": [{"do": "set_priority", "priority": 1, "reason": "Food"}, {"do": "tag", "tags": ["recall"]}],
            }
        ]
    },
    Rulebook.SURVEYS: {"on": True},
}


class Day(Office):
    """The office with everything switched on; `at` is what the jobs' clock shows."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.at = when("Mon 09:00")
        self.jobs: list[Rules | Escalations | RoutingSweep] = [
            Rules(database, lambda: self.at),
            Escalations(database, lambda: self.at),
            RoutingSweep(database, {"notice.agent_joined": "{name} has joined"}, lambda: self.at),
        ]

    async def begins(self) -> UUID:
        await self.furnish()
        account = Account(uuid4(), None, "store", "Shop", "A-1", "A")
        async with self.database.unit_of_work() as work:
            Accounts(work).add(account)
            for kind, document in DECIDED.items():
                await put_in_force(work, kind, document, by=SYSTEM, at=when("Mon 08:00"))
        return account.id

    async def it_is(self, at: str, *there: Any) -> None:
        """The agents who are there say so, and every job has its turn."""
        self.at = when(at)
        async with self.database.unit_of_work() as work:
            for agent in there:
                Agents(work).seen(agent.id, Presence.AVAILABLE, at=self.at)
        for job in self.jobs:
            await job.run()

    async def notices(self, agent: Any) -> list[str]:
        return [notice.kind for notice in await self.see(notices_of, agent)]


async def test_a_day_through_the_whole_engine(database: Database) -> None:
    day = Day(database)
    account = await day.begins()
    case = await day.report("A recall of the cheese", at="Mon 09:00", account_id=account)
    assert (case.policy, case.tier, case.due_at) == ("gold", "A", when("Mon 10:00"))

    await day.it_is("Mon 09:01", day.li)
    ruled = await day.case(case)
    assert (ruled.tags, ruled.priority, ruled.agent_id) == (("recall",), 1, day.li.id)

    await day.it_is("Mon 09:31", day.li)
    assert await day.notices(day.li) == ["target_warned"]
    await day.it_is("Mon 10:01", day.li)
    assert "tell_manager" in " ".join(await day.notices(day.sam))
    await day.it_is("Mon 10:31", day.mo)
    assert (await day.case(case)).agent_id == day.mo.id, await day.told(case)

    await day.do(reply, case.number, "Take it off the shelf", key="r-1", by=day.mo.actor, at=when("Mon 10:40"))
    again = await day.report("The cheese again", at="Mon 10:45", account_id=account)
    await day.do(merge, again.number, case.number, by=day.mo.actor, at=when("Mon 10:50"))
    await day.do(resolve, case.number, SOLVED, by=day.mo.actor, at=when("Mon 10:55"))
    await day.it_is("Mon 10:56", day.mo)
    await rated(day, case)

    done = await day.case(case)
    assert (done.status, done.csat) == ("resolved", 4)
    await day.rows_equal_fold(case)
    await day.rows_equal_fold(again)
    board = await day.see(period_board, Whose(), Period(when("Mon 00:00"), when("Tue 00:00")))
    first, _, resolution = board.targets
    assert (board.opened.value, board.resolved.value) == (1, 1)
    assert (first.missed.value, resolution.met.value, resolution.missed.value) == (1, 1, 0)
    assert (await day.see(now_board, Whose(), at=when("Mon 11:00"))).live.value == 0


async def rated(day: Day, case: Case) -> None:
    async def ask(work: UnitOfWork) -> UUID | None:
        found = await Cases(work).by_id(case.id)
        return await ask_survey(work, found, channel="webchat", secret=SECRET, by=BOT, at=when("Mon 10:57"))

    await day.do(answer_survey, await day.do(ask), csat=4, at=when("Mon 10:58"))
