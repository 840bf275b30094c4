"""What a case needs of whoever works on it: by rule, by likeness to past cases, and by the customer's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caseengine.conversations import Conversations
from caseengine.event_rows import from_row
from caseengine.facts import Spoken, facts_of
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
    """What routing says of the case as it is now, with what is likely: see `needing`.

    Args:
        likely: what past cases tell; counts as far as the rulebook lets it.
    """
    _, policy = await routing_rules(work)
    by_guess = guessed(policy, likely) if likely else None
    if policy.needs or by_guess is not None:  # or nothing has to be read
        said, by_rule = await _said_last(work, case), await ruled_for(work, case)
        fact = needing(policy, case, said, by_rule, by_guess, by=by, at=at)
        if fact is not None:
            case.record(fact)
    return Needs.read(case.needs)


def needing(
    policy: RoutingPolicy,
    case: Case,
    said: NeedsSet | None,
    by_rule: Needs,
    by_guess: Needs | None,
    *,
    by: Actor,
    at: datetime,
) -> NeedsSet | None:
    """The fact that a rulebook makes of a case as it is; None where it changes nothing. Pure, as `ruled`.

    What an agent or a rule of the desk asked for stays as they said, and what past cases told while nothing is ruled.

    Args:
        said: the fact that told last what it needs.
        by_guess: what counts of what past cases tell; None where they are not asked.
    """
    if not case.can(Verb.REQUIRE) or not (policy.needs or by_guess is not None):
        return None
    if said is not None and (asked_for(said) or (said.source == CLASSIFIER and by_guess is None and not by_rule)):
        return None
    by_language = by_rule.language and not by_rule.skills
    source = CLASSIFIER if by_guess and not by_rule else "customer" if by_language else RULEBOOK
    return _setting(case, by_rule.joined(by_guess or Needs()), source, by=by, at=at)


async def ask_for(work: UnitOfWork, case: Case, needs: Needs, *, by: Actor, at: datetime, source: str = AGENT) -> None:
    """An agent, or a rule of the desk, says what the case needs.

    Raises:
        SkillsInvalid: a skill there is not.
        TransitionNotAllowed: it has ended.
    """
    tree = await skill_tree(work)
    for skill in (*needs.required, *needs.preferred):
        list(tree.above(skill))
    fact = _setting(case, needs, source, by=by, at=at)
    if fact is not None:
        case.record(fact)


def asked_for(said: NeedsSet) -> bool:
    """An agent, or an action of a rule, asked for it; else it follows from what the case is."""
    return said.source == AGENT or (said.source == RULE and rule_behind(said.actor) is not None)


async def ruled_for(work: UnitOfWork, case: Case) -> Needs:
    """What the rules in force say of a case as it is."""
    _, policy = await routing_rules(work)
    return ruled(policy, case, await Conversations(work).spoken(case.conversation_id))


def ruled(policy: RoutingPolicy, case: Case, spoken: Spoken) -> Needs:
    """What the rules say of a case as it is; pure, so that a draft can be asked about the past."""
    facts = facts_of(case, channel=spoken.channel)
    language = (case.language or spoken.locale).split("-")[0].lower()
    needs = Needs()
    for rule in policy.needs:
        if rule.when.holds(facts):
            theirs = Needs(language=language if rule.language_of_customer else "")
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


def _setting(case: Case, needs: Needs, source: str, *, by: Actor, at: datetime) -> NeedsSet | None:
    if needs == Needs.read(case.needs):
        return None
    told: dict[str, Any] = {"skills": needs.skills, "language": needs.language, "source": source}
    return NeedsSet(case_id=case.id, actor=by, at=at, **told)


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
