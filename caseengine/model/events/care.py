"""What agents keep on a case: fields, tags, watchers, checklist, answers to a script."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from caseengine.model.checklist import CheckItem
from caseengine.model.events.fact import CaseEvent, Was
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class FieldsFilled(CaseEvent):
    """Custom fields of the case's type; None takes a value away."""

    public = False
    verb = Verb.FILL
    values: Mapping[str, Any]

    def sets(self, case: Was) -> dict[str, Any]:
        merged = {**case.fields, **self.values}
        return {"fields": {name: value for name, value in merged.items() if value is not None}}


@dataclass(frozen=True, kw_only=True)
class CaseTagged(CaseEvent):
    public = False
    verb = Verb.TAG
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def sets(self, case: Was) -> dict[str, Any]:
        return {"tags": tuple(sorted({*case.tags, *self.added} - set(self.removed)))}


@dataclass(frozen=True, kw_only=True)
class WatcherAdded(CaseEvent):
    """An agent wants to hear of it without holding it."""

    public = False
    verb = Verb.WATCH
    agent_id: UUID
    agent_name: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"watchers": (*case.watchers, self.agent_id)}


@dataclass(frozen=True, kw_only=True)
class WatcherRemoved(CaseEvent):
    public = False
    verb = Verb.WATCH
    agent_id: UUID
    agent_name: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"watchers": tuple(agent for agent in case.watchers if agent != self.agent_id)}


@dataclass(frozen=True, kw_only=True)
class ChecklistItemAdded(CaseEvent):
    public = False
    verb = Verb.CHECK
    item_id: str
    text: str
    required: bool = False

    def sets(self, case: Was) -> dict[str, Any]:
        return {"checklist": (*case.checklist, CheckItem(self.item_id, self.text, self.required))}


@dataclass(frozen=True, kw_only=True)
class ChecklistItemChecked(CaseEvent):
    """Done, or after all not done."""

    public = False
    verb = Verb.CHECK
    item_id: str
    done: bool

    def sets(self, case: Was) -> dict[str, Any]:
        mine = (replace(item, done=self.done) if item.id == self.item_id else item for item in case.checklist)
        return {"checklist": tuple(mine)}


@dataclass(frozen=True, kw_only=True)
class ChecklistItemDropped(CaseEvent):
    public = False
    verb = Verb.CHECK
    item_id: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"checklist": tuple(item for item in case.checklist if item.id != self.item_id)}


@dataclass(frozen=True, kw_only=True)
class ScriptAnswered(CaseEvent):
    """An answer given while an agent led somebody through a call script."""

    public = False
    verb = Verb.ANSWER_SCRIPT
    script: str
    version: int
    step: str
    question: str
    answer: Any
