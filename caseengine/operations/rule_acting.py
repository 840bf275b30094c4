"""The actions of a rule carried out: on the case, in its conversation, and by a notice to colleagues."""

from datetime import datetime

from caseengine.agents import Agents, supervisors_of
from caseengine.conversations import Conversations
from caseengine.model.actor import BOT
from caseengine.model.anchors import rule_actor
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.model.rule import Action, Rule
from caseengine.notices import give_notice
from caseengine.operations import assigning
from caseengine.operations.applying import judge_anew
from caseengine.operations.conversing import speak
from caseengine.policies.effects import DONE, House, act, is_so, words
from storage.transaction import UnitOfWork

NOBODY = "nobody_to_notify"
"""The outcome where the case has no agent, or the desk no supervisor, who could read it."""


async def perform(
    work: UnitOfWork, house: House, case: Case, action: Action, *, rule: Rule, key: str, at: datetime
) -> str:
    """Carry out one action; returns its outcome.

    Args:
        key: of what is said to the customer.

    Raises:
        Refusal: it was not done, as it would not have been for anybody.
    """
    by = rule_actor(rule.id, rule.name)
    if is_so(action, case, house) or action.do not in ("move", "assign", "reply", "notify"):
        outcome = act(action, case, house, why=rule.name, by=by, at=at)
        if outcome == DONE:
            await judge_anew(work, case, by=by, at=at)
        return outcome
    if action.do == "notify":
        return await _notify(work, case, action, rule, at)
    if action.do == "move":
        reason = action.told.get("reason", rule.name)
        await assigning.move(work, case.number, action.told["department"], reason=reason, by=by, at=at)
    elif action.do == "assign":
        agent = house.colleague(action.told["agent"])
        await assigning.assign(work, case.number, agent.id, by=by, at=at)
    else:
        return await _reply(work, house, case, action, why=rule.name, key=key, at=at)
    return DONE


async def _reply(
    work: UnitOfWork, house: House, case: Case, action: Action, *, why: str, key: str, at: datetime
) -> str:
    """In the bot's name: no person has answered, so no promise is kept by it."""
    outcome = act(action, case, house, why=why, by=BOT, at=at)
    if outcome == DONE and case.conversation_id is not None:
        conversation = await Conversations(work).get(case.conversation_id)
        text = words(action, case, conversation.locale or case.language)
        await speak(work, case, text, key=key, by=BOT, at=at)
    return outcome


async def _notify(work: UnitOfWork, case: Case, action: Action, rule: Rule, at: datetime) -> str:
    """Whoever holds the case, or the supervisors of its department."""
    if action.told["who"] == "agent":
        holder = await Agents(work).get(case.agent_id) if case.agent_id is not None else None
        asked = [holder.id] if holder is not None and not holder.is_locked else []
    else:
        asked = [agent.id for agent in await supervisors_of(work, case.department)]
    data = {"rule": rule.name, "text": words(action, case, "")}
    told = give_notice(work, case, asked, AgentNotice.RULE_NOTIFY, data, at=at)
    return DONE if told else NOBODY
