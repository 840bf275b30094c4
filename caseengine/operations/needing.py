"""What a case needs of whoever works on it: by rule, by likeness to past cases, and by the customer's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caseengine.conversations import Conversations
from caseengine.event_rows import from_row
from caseengine.facts import facts_of
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.anchors import rule_behind
from caseengine.model.case import Case
from caseengine.model.events import NeedsSet
from caseengine.model.lifecycle import Verb
from caseengine.model.needs import Needs
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.routing_rules import routing_rules
from caseengine.skills import skill_tree
from caseengine.tables import case_events
from storage.transaction import UnitOfWork

Likely = Mapping[str, float]
"""From skill id to the probability that whoever solves this has it."""
AGENT, CLASSIFIER, RULE, RULEBOOK = "agent", "classifier", "rule", "rulebook"
"""Who said what is needed; "customer" where they speak it. In older logs the rulebook of routing is "rule", too."""


async def set_needs(
    work: UnitOfWork, case: Case, *, likely: Likely | None = None, by: Actor = SYSTEM, at: datetime
) -> Needs:
    """What routing says of the case as it is now, with what is likely.

    What an agent or a rule of the desk asked for stays as they said, and what past cases told while nothing is ruled.

    Args:
        likely: what past cases tell; counts as far as the rulebook lets it.
    """
    _, policy = await routing_rules(work)
    known = Needs.read(case.needs)
    if not case.can(Verb.REQUIRE) or not (policy.needs or likely):
        return known
    said = await _said_last(work, case)
    if said is not None and asked_for(said):
        return known
    by_rule, by_guess = await ruled_for(work, case), guessed(policy, likely or {})
    if said is not None and said.source == CLASSIFIER and likely is None and not by_rule:
        return known
    needs = by_rule.joined(by_guess)
    by_language = by_rule.language and not by_rule.skills
    source = CLASSIFIER if by_guess and not by_rule else "customer" if by_language else RULEBOOK
    _record(case, needs, source, by=by, at=at)
    return needs


async def ask_for(work: UnitOfWork, case: Case, needs: Needs, *, by: Actor, at: datetime, source: str = AGENT) -> None:
    """An agent, or a rule of the desk, says what the case needs.

    Raises:
        SkillsInvalid: a skill there is not.
        TransitionNotAllowed: it has ended.
    """
    tree = await skill_tree(work)
    for skill in (*needs.required, *needs.preferred):
        list(tree.above(skill))
    _record(case, needs, source, by=by, at=at)


def asked_for(said: NeedsSet) -> bool:
    """An agent, or an action of a rule, asked for it; else it follows from what the case is."""
    return said.source == AGENT or (said.source == RULE and rule_behind(said.actor) is not None)


async def ruled_for(work: UnitOfWork, case: Case) -> Needs:
    """What the rules in force say of a case as it is."""
    _, policy = await routing_rules(work)
    conversation = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
    channel, locale = (conversation.channel, conversation.locale) if conversation else ("", "")
    return ruled(policy, case, channel=channel, locale=locale)


def ruled(policy: RoutingPolicy, case: Case, *, channel: str, locale: str) -> Needs:
    """What the rules say of a case as it is; pure, so that a draft can be asked about the past.

    Args:
        channel, locale: of its conversation.
    """
    facts = facts_of(case, channel=channel)
    spoken = (case.language or locale).split("-")[0].lower()
    needs = Needs()
    for rule in policy.needs:
        if rule.when.holds(facts):
            theirs = Needs(language=spoken if rule.language_of_customer else "")
            needs = needs.joined(rule.needs).joined(theirs)
    return needs


def guessed(policy: RoutingPolicy, likely: Likely) -> Needs:
    """As much of what is likely as the rulebook lets count."""
    guessing = policy.classifier
    if guessing is None:
        return Needs()
    sure = {skill: round(chance, 2) for skill, chance in likely.items() if chance >= guessing.at_least}
    if guessing.level:
        return Needs(required=dict.fromkeys(sure, guessing.level))
    return Needs(preferred=sure)


def _record(case: Case, needs: Needs, source: str, *, by: Actor, at: datetime) -> None:
    if needs == Needs.read(case.needs):
        return
    told: dict[str, Any] = {"skills": needs.skills, "language": needs.language, "source": source}
    case.record(NeedsSet(case_id=case.id, actor=by, at=at, **told))


async def _said_last(work: UnitOfWork, case: Case) -> NeedsSet | None:
    for event in reversed(case.unsaved):
        if isinstance(event, NeedsSet):
            return event
    if not case.needs:
        return None
    row = await work.first(
        sa.select(case_events)
        .where(case_events.c.case_id == case.id, case_events.c.kind == NeedsSet.__name__)
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    kept = from_row(row) if row is not None else None
    return kept if isinstance(kept, NeedsSet) else None
