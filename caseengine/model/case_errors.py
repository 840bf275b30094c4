"""What the case engine may answer about relations, fields, checklists and call scripts.

CaseError
 +-- CaseItself              a case is not its own target, parent or child
 +-- CustomersDiffer         cases of different customers are parent and children, not one case
 +-- CaseFollows             one goes on from the other: that link stays
 +-- NoConversation          the case is in none
 +-- MergeChained            other cases go on in it, or are below it
 +-- ParentCycle             it would be above itself
 +-- ParentTooDeep           too many cases above each other
 +-- ChecklistOpen           something required is not done yet
 +-- ChecklistItemNotFound
 +-- FieldsInvalid           values that the form of its type does not take, or that are missing
 +-- TagInvalid              too long, or nothing left of it
 +-- TooMany                 tags, items, watchers
 +-- ScriptNotFound
 +-- ScriptStepNotNow        that step is not asked here
 +-- ScriptAnswerInvalid     not an answer to that step
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseengine.model.errors import CaseError


@dataclass(eq=False)
class CaseItself(CaseError):
    """The same case was named twice."""

    code = "case.itself"
    number: str


@dataclass(eq=False)
class CustomersDiffer(CaseError):
    """Merged cases share one conversation; so they must be of one customer."""

    code = "case.customers_differ"
    number: str


@dataclass(eq=False)
class CaseFollows(CaseError):
    """One of them goes on from the other, which by that link takes later words of the customer."""

    code = "case.follows"
    number: str


@dataclass(eq=False)
class NoConversation(CaseError):
    """Nobody has written about that case, so there is no conversation to go on in."""

    code = "case.no_conversation"
    number: str


@dataclass(eq=False)
class MergeChained(CaseError):
    """Cases go on in this one, or are below it: merge the other way round, or undo that first."""

    code = "case.merge_chained"
    number: str


@dataclass(eq=False)
class ParentCycle(CaseError):
    """The case is already above the one that was to be its parent."""

    code = "case.parent_cycle"
    number: str


@dataclass(eq=False)
class ParentTooDeep(CaseError):
    """`levels_max`: how many cases may be above each other."""

    code = "case.parent_too_deep"
    levels_max: int


@dataclass(eq=False)
class ChecklistOpen(CaseError):
    """`items`: what is required and not done, in words."""

    code = "case.checklist_open"
    items: list[str]


@dataclass(eq=False)
class ChecklistItemNotFound(CaseError):
    code = "case.checklist_item_not_found"


@dataclass(eq=False)
class FieldsInvalid(CaseError):
    """`problems`: for each, the `field` and the `problem`: a code such as required, unknown, type, enum, maximum."""

    code = "case.fields_invalid"
    problems: list[Mapping[str, str]]
    named: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.named = sorted({one["field"] for one in self.problems})


@dataclass(eq=False)
class TagInvalid(CaseError):
    code = "case.tag_invalid"
    characters_max: int


@dataclass(eq=False)
class TooMany(CaseError):
    """`what`: tags, items or watchers."""

    code = "case.too_many"
    what: str
    most: int


@dataclass(eq=False)
class ScriptNotFound(CaseError):
    code = "script.not_found"


@dataclass(eq=False)
class ScriptStepNotNow(CaseError):
    """It is neither the next step nor one that was answered."""

    code = "script.step_not_now"
    step: str


@dataclass(eq=False)
class ScriptAnswerInvalid(CaseError):
    """`kind` is what the step asks for: text, choice, number, date, yes_no."""

    code = "script.answer_invalid"
    step: str
    kind: str
