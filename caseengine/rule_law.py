"""The rules in force, read once a version; and since when each rule of time has been in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from caseengine.agents import Agent, AgentRole, agents_where
from caseengine.forms import NO_FORM, read_forms, taken_in
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid
from caseengine.model.rule import Action, RuleSet
from caseengine.model.rule_document import read_rules, read_waits
from caseengine.policies.effects import Colleague, House, TakesIn, Values, as_they_are
from caseengine.policies.rules import strangers_in
from caseengine.rule_facts import RULE_FACTS
from caseengine.rulebooks import NOBODY_ELSE, Newcomers, Rulebook, rulebook
from caseengine.skills import skill_tree
from caseengine.tables import agents, departments, rulebooks
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class Law:
    """One version of the rules.

    Attributes:
        decided_at: when the first version of all was decided: nothing from before is judged. None before that.
        since: when each rule of time came into force as it is.
    """

    version: int = 0
    rules: RuleSet = field(default_factory=RuleSet)
    decided_at: datetime | None = None
    since: Mapping[str, datetime] = field(default_factory=dict)


async def law_in_force(snapshot: Snapshot, known: Law | None = None) -> Law:
    """The rules in force. `known` is given back where it still holds, without reading it again.

    A document that cannot be read any more (an older release wrote it) is a fault, not an absence of rules.

    Raises:
        RulebookInvalid: see above.
    """
    newest = sa.select(sa.func.max(rulebooks.c.version)).where(rulebooks.c.kind == Rulebook.RULES)
    version = int(await snapshot.scalar(newest) or 0)
    if known is not None and known.version == version:
        return known
    current = await rulebook(snapshot, Rulebook.RULES)
    if not current.version:
        return Law()
    rules = read_rules(current.document, known=RULE_FACTS)
    first = sa.select(rulebooks.c.at).where(rulebooks.c.kind == Rulebook.RULES, rulebooks.c.version == 1)
    return Law(current.version, rules, await snapshot.scalar(first), await _since(snapshot, rules))


async def house_of(snapshot: Snapshot, rules: RuleSet) -> House:
    """What the rules name, as far as it exists, and what forms take, where rules fill them in."""
    named = {name: _named(rules, name) for name in ("department", "agent")}
    found = await snapshot.rows(sa.select(departments.c.id).where(departments.c.id.in_(named["department"])))
    there = agents.c.email.in_([email.strip().lower() for email in named["agent"]])
    known = await agents_where(snapshot, there) if named["agent"] else []
    does = {action.do for action in _actions(rules)}
    return House(
        frozenset(row.id for row in found),
        {agent.email: _colleague(agent) for agent in known},
        frozenset((await skill_tree(snapshot)).skills) if "require" in does else frozenset(),
        await _takes_in(snapshot) if "fill" in does else as_they_are,
    )


async def check_house(snapshot: Snapshot, rules: RuleSet, newcomers: Newcomers = NOBODY_ELSE) -> None:
    """
    Raises:
        RulebookInvalid: a rule names a department, an agent or a skill that does not exist.
    """
    house = await house_of(snapshot, rules)
    there = {
        "departments": house.departments | newcomers.departments,
        "agents": {*house.colleagues, *newcomers.agents},
        "skills": house.skills | newcomers.skills,
    }
    for where, problem in strangers_in(rules, **there):
        raise RulebookInvalid(where, problem)


def _named(rules: RuleSet, name: str) -> list[str]:
    return sorted({action.told[name] for action in _actions(rules) if name in action.told})


def _actions(rules: RuleSet) -> Iterable[Action]:
    return (action for rule in rules.rules for action in rule.then)


async def _takes_in(snapshot: Snapshot) -> TakesIn:
    forms = read_forms((await rulebook(snapshot, Rulebook.FORMS)).document)

    def takes_in(case: Case, values: Values) -> Values:
        return taken_in(forms.get(case.case_type, NO_FORM), case, values)

    return takes_in


def _colleague(agent: Agent) -> Colleague:
    everywhere = agent.role is AgentRole.SUPERVISOR
    return Colleague(agent.id, agent.name, agent.departments, everywhere=everywhere, locked=agent.is_locked)


async def _since(snapshot: Snapshot, rules: RuleSet) -> dict[str, datetime]:
    """Back through the versions, while a rule of time waits for the same as now."""
    wanted = {name: rule.wait for name, rule in rules.of_time.items()}
    found = dict[str, datetime]()
    rows = await snapshot.rows(
        sa.select(rulebooks.c.version, rulebooks.c.document, rulebooks.c.at)
        .where(rulebooks.c.kind == Rulebook.RULES)
        .order_by(rulebooks.c.version.desc())
    )
    for row in rows:
        try:
            there = read_waits(row.document)
        except RulebookInvalid:
            break
        wanted = {name: wait for name, wait in wanted.items() if there.get(name) == wait}
        found |= dict.fromkeys(wanted, row.at)
    return found
