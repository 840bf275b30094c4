"""What agents keep on a case: tags, watchers, a checklist. And what the desk's rules for cases say."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from caseengine.cases import Cases
from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_errors import ChecklistItemNotFound, TooMany
from caseengine.model.case_rules import CaseRules, read_case_rules
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import ITEMS_MAX, TEXT_MAX, CheckItem
from caseengine.model.errors import TextMissing
from caseengine.model.lifecycle import Status
from caseengine.model.tag import retagged
from caseengine.operations.applying import judge_anew
from caseengine.operations.permission import agent_of, permitted_case
from caseengine.rulebooks import Rulebook, rulebook
from storage.transaction import Snapshot, UnitOfWork

WATCHERS_MAX = 100


async def case_rules(snapshot: Snapshot) -> CaseRules:
    """The rules for cases that are in force."""
    return read_case_rules((await rulebook(snapshot, Rulebook.CASES)).document)


async def goes_on_as(work: UnitOfWork, case: Case) -> Case:
    """The case itself, or the one it was merged into."""
    if case.status is Status.MERGED and case.merged_into is not None:
        return await Cases(work).by_id(case.merged_into)
    return case


async def tag(
    work: UnitOfWork,
    number: str,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Add and remove tags; what is so already leaves no fact.

    Raises:
        TagInvalid, TooMany: see `retagged`.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it was merged away.
    """
    case = await permitted_case(work, number, by=by, version=version)
    coming, going = retagged(case.tags, add, remove)
    if coming or going:
        case.record(happened.CaseTagged(case_id=case.id, actor=by, at=at, added=coming, removed=going))
        await judge_anew(work, case, at=at)
    return case


async def watch(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The agent wants to hear of it without holding it.

    Raises:
        TooMany: WATCHERS_MAX watch it already.
        AgentNotFound: `by` is no agent.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it was merged away.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by, version=version)
    if agent.id in case.watchers:
        return case
    if len(case.watchers) >= WATCHERS_MAX:
        raise TooMany("watchers", WATCHERS_MAX)
    case.record(
        happened.WatcherAdded(case_id=case.id, actor=by, at=at, agent_id=agent.id, agent_name=agent.name),
    )
    return case


async def unwatch(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """Enough heard of it.

    Raises: see `watch`.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by, version=version)
    if agent.id in case.watchers:
        case.record(
            happened.WatcherRemoved(case_id=case.id, actor=by, at=at, agent_id=agent.id, agent_name=agent.name),
        )
    return case


async def add_check_item(
    work: UnitOfWork,
    number: str,
    text: str,
    *,
    required: bool = False,
    by: Actor,
    at: datetime,
    version: int | None = None,
    item_id: str | None = None,
) -> Case:
    """One more thing to do.

    Args:
        item_id: made when left out; one that is on the list already is not added again.

    Raises:
        TextMissing: it says nothing.
        TooMany: the list is full.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if not text.strip():
        raise TextMissing
    if len(case.checklist) >= ITEMS_MAX:
        raise TooMany("items", ITEMS_MAX)
    if all(item.id != item_id for item in case.checklist):
        item = CheckItem(item_id or uuid4().hex[:12], text.strip()[:TEXT_MAX], required)
        _add_item(case, item, by=by, at=at)
    return case


async def check_item(
    work: UnitOfWork,
    number: str,
    item_id: str,
    *,
    done: bool = True,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """It is done, or after all it is not.

    Raises:
        ChecklistItemNotFound: there is no such item.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    item = next((one for one in case.checklist if one.id == item_id), None)
    if item is None:
        raise ChecklistItemNotFound
    if item.done is not done:
        case.record(happened.ChecklistItemChecked(case_id=case.id, actor=by, at=at, item_id=item_id, done=done))
    return case


async def drop_item(
    work: UnitOfWork, number: str, item_id: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """It need not be done.

    Raises: see `check_item`.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if all(one.id != item_id for one in case.checklist):
        raise ChecklistItemNotFound
    case.record(happened.ChecklistItemDropped(case_id=case.id, actor=by, at=at, item_id=item_id))
    return case


async def begin_checklist(work: UnitOfWork, case: Case, *, by: Actor, at: datetime) -> None:
    """What the desk's rules want ticked off for a case of this type, as far as it is not on its list."""
    known = {item.id for item in case.checklist}
    template = (await case_rules(work)).checklists.get(CaseType(case.case_type), ())
    for item in template[: ITEMS_MAX - len(known)]:
        if item.id not in known:
            _add_item(case, item, by=by, at=at)


def _add_item(case: Case, item: CheckItem, *, by: Actor, at: datetime) -> None:
    told: dict[str, Any] = {"item_id": item.id, "text": item.text, "required": item.required}
    case.record(happened.ChecklistItemAdded(case_id=case.id, actor=by, at=at, **told))
