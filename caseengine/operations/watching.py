"""Whoever watches a case hears of what happens to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.agents import Agent, agents_where
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice, know_of, leave_unread
from caseengine.policies.watching import Watchers, notice_of, to_tell
from caseengine.tables import agents
from storage.transaction import UnitOfWork


async def tell_watchers(work: UnitOfWork, fact: Mapping[str, Any], *, at: datetime) -> None:
    """Give the watchers of a case their notice of a published fact.

    Args:
        fact: as `caseengine.cases.published` tells it.
        at: when it happened.
    """
    actor = fact["actor"]
    if (notice := notice_of(fact)) is None:
        return
    case = await Cases(work).by_id(UUID(fact["case_id"]))
    watching = [agent for agent in await _watching(work, fact) if agent.may_see(case.department)]
    known = await _know_already(work, case, notice, watching, at)
    watchers = Watchers([agent.id for agent in watching], case.agent_id, known)
    give_notice(work, case, to_tell(watchers, str(actor["id"])), notice, _parameters(fact), at=at)


async def _watching(work: UnitOfWork, fact: Mapping[str, Any]) -> list[Agent]:
    """Those who watched when it happened and can still sign in."""
    named = [UUID(agent_id) for agent_id in fact["watchers"]]
    return [agent for agent in await agents_where(work, agents.c.id.in_(named)) if not agent.is_locked]


async def _know_already(
    work: UnitOfWork, case: Case, notice: AgentNotice, watching: list[Agent], at: datetime
) -> set[UUID]:
    unread = await leave_unread(work, case.id, notice)
    if notice is not AgentNotice.WATCHED_BREACHED:
        return unread
    return unread | await know_of(work, case.id, watching, [AgentNotice.TARGET_BREACHED], since=at)


def _parameters(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Who did it, and of a target which, and when it was due."""
    data = fact["data"]
    told = {name: data[name] for name in ("target", "due_at") if name in data}
    return told | {"name": fact["actor"]["name"]}
