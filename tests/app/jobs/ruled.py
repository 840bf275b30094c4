"""An office whose rules are at work: decide, let something happen, see what the rules made of it."""

from collections.abc import Mapping
from typing import Any

from app.jobs.rules import Rules
from caseengine.cases import history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import RuleFired
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from tests.caseengine.office import Office, when

AnyRule = Mapping[str, Any]


class RuledOffice(Office):
    """`at` is what the job's clock shows."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.at = when("Mon 09:00")
        self.job = self.worker()

    def worker(self) -> Rules:
        return Rules(self.database, lambda: self.at)

    async def decides(self, *rules: AnyRule, at: str = "Mon 08:00") -> None:
        document = {"rules": [dict(rule) for rule in rules]}
        await self.do(decide, Rulebook.RULES, document, by=SYSTEM, at=when(at))

    async def rules_run(self, at: str | None = None) -> None:
        if at is not None:
            self.at = when(at)
        await self.job.run()

    async def traces(self, case: Case) -> list[RuleFired]:
        return [event for event in await self.see(history, case.id) if isinstance(event, RuleFired)]

    async def fired(self, case: Case) -> list[str]:
        """ "vip", or "vip (circle)" where it was held back."""
        return [trace.rule + (f" ({trace.guard})" if trace.guard else "") for trace in await self.traces(case)]


def rule(
    rule_id: str, *, on: str | list[str] = "CaseOpened", then: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    kinds = [on] if isinstance(on, str) else on
    return {"id": rule_id, "events": kinds, "then": list(then), **more}


def waiting(rule_id: str, *, then: list[dict[str, Any]], when: Any = None, **every: Any) -> dict[str, Any]:
    """A rule of time; `every` without `for` is given as hours=..."""
    hours = every.pop("hours")
    document = {"id": rule_id, "every": {"for": {"hours": hours}, **every}, "then": then}
    return document | ({"when": when} if when else {})


def tag(*tags: str) -> dict[str, Any]:
    return {"do": "tag", "tags": list(tags)}
