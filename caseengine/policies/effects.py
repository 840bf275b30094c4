"""What an action of a rule does to a case. Pure: operations carry out what reaches beyond the case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.model import events as happened
from caseengine.model.actions import words_for
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.errors import (
    AgentLocked,
    AgentNotFound,
    DepartmentNotFound,
    NotPermitted,
    SkillsInvalid,
    TransitionNotAllowed,
)
from caseengine.model.fields import news
from caseengine.model.lifecycle import Status, Verb
from caseengine.model.priority import Priority
from caseengine.model.rule import Action
from caseengine.model.tag import read_tag, retagged
from caseengine.policies.priority import assess

DONE, UNCHANGED = "done", "unchanged"
NO_CONVERSATION = "no_conversation"
"""Outcomes beside the codes of refusals."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent as rules see them; `everywhere` for supervisors, `locked` for those who can do nothing."""

    id: UUID
    name: str
    departments: frozenset[str] = frozenset()
    everywhere: bool = False
    locked: bool = False

    def may_see(self, department: str) -> bool:
        return self.everywhere or department in self.departments


Values = Mapping[str, Any]
TakesIn = Callable[[Case, Values], Values]
"""From a case and values for its fields to those that are new; refuses what its form does not take."""


def as_they_are(case: Case, values: Values) -> Values:
    """Where no form says what a field may hold."""
    return news(case.fields, values)


@dataclass(frozen=True, slots=True)
class House:
    """What actions may name: departments, agents by their e-mail address, skills; and what forms take."""

    departments: frozenset[str] = frozenset()
    colleagues: Mapping[str, Colleague] = field(default_factory=dict)
    skills: frozenset[str] = frozenset()
    takes_in: TakesIn = as_they_are

    def colleague(self, email: str) -> Colleague:
        """
        Raises:
            AgentNotFound: nobody has this address.
        """
        found = self.colleagues.get(email.strip().lower())
        if found is None:
            raise AgentNotFound
        return found


def is_so(action: Action, case: Case, house: House) -> bool:
    """Whether the case is already as the action wants it. What says something to somebody never is."""
    told = action.told
    if action.do == "assign":
        found = house.colleagues.get(told["agent"].strip().lower())
        return found is not None and found.id == case.agent_id
    return action.do in SO and SO[action.do](action, case)


def act(action: Action, case: Case, house: House, *, why: str, by: Actor, at: datetime) -> str:
    """Do it to the case; returns the outcome.

    Args:
        why: the reason where the action gives none.

    Raises:
        TransitionNotAllowed: not from the status it has.
        AgentNotFound, AgentLocked, DepartmentNotFound, NotPermitted: nobody, nobody there, nowhere, or not theirs.
        TooMany, FieldsInvalid, SkillsInvalid: as whoever tags a case, fills it in or says what it needs is told.
    """
    if is_so(action, case, house):
        return UNCHANGED
    if action.do in ("move", "assign"):
        _hand_on(action, case, house, why=why, by=by, at=at)
    elif action.do == "reply":
        return _reply(case)
    elif action.do in FACTS:
        case.record(FACTS[action.do](action, case, house, by, at))
    elif action.do in VERBS:
        VERBS[action.do](action, case, action.told.get("reason", why), by, at)
    return DONE


def words(action: Action, case: Case, language: str) -> str:
    """What a reply says in a language, a note or a notice in the desk's own."""
    text = words_for(action.told["words"], language) if action.do == "reply" else action.told["text"]
    return str(text).format_map({"number": case.number, "subject": case.subject})


def tags(action: Action) -> tuple[str, ...]:
    """Its tags as they are kept."""
    return tuple(dict.fromkeys(map(read_tag, action.told["tags"])))


def _hand_on(action: Action, case: Case, house: House, *, why: str, by: Actor, at: datetime) -> None:
    if action.do == "move":
        if action.told["department"] not in house.departments:
            raise DepartmentNotFound
        case.move(action.told["department"], action.told.get("reason", why), by=by, at=at)
        return
    agent = house.colleague(action.told["agent"])
    if not agent.may_see(case.department):
        raise NotPermitted(case.department)
    if agent.locked:
        raise AgentLocked(agent.name)
    case.assign(agent.id, agent.name, by=by, at=at)


def _reply(case: Case) -> str:
    if case.status is Status.MERGED:
        raise TransitionNotAllowed(case.status, Verb.REPLY)
    return DONE if case.conversation_id is not None else NO_CONVERSATION


def _tagged(action: Action, case: Case, _: House, by: Actor, at: datetime) -> happened.CaseEvent:
    add, remove = (tags(action), ()) if action.do == "tag" else ((), tags(action))
    coming, going = retagged(case.tags, add, remove)
    return happened.CaseTagged(case_id=case.id, actor=by, at=at, added=coming, removed=going)


def _filled(action: Action, case: Case, house: House, by: Actor, at: datetime) -> happened.CaseEvent:
    values = house.takes_in(case, action.told["values"])
    return happened.FieldsFilled(case_id=case.id, actor=by, at=at, values=values)


def _required(action: Action, case: Case, house: House, by: Actor, at: datetime) -> happened.CaseEvent:
    if unknown := sorted(set(action.told["skills"]) - house.skills):
        raise SkillsInvalid(unknown[0], "unknown")
    return happened.NeedsSet(case_id=case.id, actor=by, at=at, **_needs(action), source="rule")


def _needs(action: Action) -> dict[str, Any]:
    return {"skills": dict(action.told["skills"]), "language": action.told.get("language", "")}


SO: Mapping[str, Callable[[Action, Case], bool]] = {
    "set_priority": lambda action, case: case.priority == action.told["priority"],
    "assess": lambda action, case: (case.impact, case.urgency) == (action.told["impact"], action.told["urgency"]),
    "move": lambda action, case: case.department == action.told["department"],
    "tag": lambda action, case: set(tags(action)) <= set(case.tags),
    "untag": lambda action, case: not set(tags(action)) & set(case.tags),
    "fill": lambda action, case: not news(case.fields, action.told["values"]),
    "require": lambda action, case: dict(case.needs) == _needs(action),
    "close": lambda _, case: case.status is Status.CLOSED,
}
FACTS: Mapping[str, Callable[[Action, Case, House, Actor, datetime], happened.CaseEvent]] = {
    "tag": _tagged,
    "untag": _tagged,
    "fill": _filled,
    "require": _required,
}
VERBS: Mapping[str, Callable[[Action, Case, str, Actor, datetime], None]] = {
    "set_priority": lambda action, case, why, by, at: case.prioritise(
        Priority(action.told["priority"]), why, by=by, at=at
    ),
    "assess": lambda action, case, why, by, at: assess(
        case, action.told["impact"], action.told["urgency"], why, by=by, at=at
    ),
    "escalate": lambda _, case, why, by, at: case.escalate(why, by=by, at=at),
    "note": lambda action, case, _, by, at: case.note(words(action, case, ""), by=by, at=at),
    "close": lambda _, case, __, by, at: case.close(by=by, at=at),
}
