"""The custom fields of a case, its type, and what both want before it may end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caseengine.forms import form_of, taken_in
from caseengine.model import events as happened
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.case_errors import ChecklistOpen, FieldsInvalid
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import still_required
from caseengine.model.errors import TextMissing
from caseengine.model.fields import news
from caseengine.operations.applying import judge_anew
from caseengine.operations.keeping import begin_checklist
from caseengine.operations.permission import permitted_case
from caseengine.policies import priority
from storage.transaction import UnitOfWork


async def fill(
    work: UnitOfWork, number: str, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """Fill in fields of the case's form; None takes a value away. What is missing yet is no matter here.

    Raises:
        FieldsInvalid: what the form does not take, each field named.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it was merged away.
    """
    case = await permitted_case(work, number, by=by, version=version)
    await fill_in(work, case, values, by=by, at=at)
    return case


async def fill_in(work: UnitOfWork, case: Case, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """As `fill`, for a caller who may."""
    if not news(case.fields, values):
        return
    new = taken_in(await form_of(work, case.case_type), case, values)
    case.record(happened.FieldsFilled(case_id=case.id, actor=by, at=at, values=new))
    await judge_anew(work, case, at=at)


async def classify(
    work: UnitOfWork,
    number: str,
    case_type: CaseType,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """It is of another type: another form, what the new type has to tick off as well, its service level and needs.

    Fields of the old form stay on the case; they come back with the type.

    Raises:
        TextMissing: there is no reason.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if not reason.strip():
        raise TextMissing
    if case.case_type is CaseType(case_type):
        return case
    case.record(
        happened.CaseClassified(case_id=case.id, actor=by, at=at, case_type=CaseType(case_type).value, reason=reason)
    )
    await begin_checklist(work, case, by=by, at=at)
    await judge_anew(work, case, at=at)
    return case


async def assess(
    work: UnitOfWork,
    number: str,
    *,
    impact: int | None = None,
    urgency: int | None = None,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Correct how far it reaches and how urgent it is; what is left out stays. See `policies.priority.assess`.

    Raises:
        TextMissing: there is no reason.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if not reason.strip():
        raise TextMissing
    corrected = (case.impact if impact is None else impact, case.urgency if urgency is None else urgency)
    priority.assess(case, *corrected, reason, by=by, at=at)
    await judge_anew(work, case, at=at)
    return case


async def check_done(work: UnitOfWork, case: Case, *, by: Actor) -> None:
    """Whether the desk may say it is done. A customer who needs nothing more is never held up.

    Raises:
        ChecklistOpen: something required is not ticked off.
        FieldsInvalid: the form is not filled in.
    """
    if by.kind is ActorKind.CUSTOMER:
        return
    if items := still_required(case.checklist):
        raise ChecklistOpen(items)
    if problems := (await form_of(work, case.case_type)).missing(case):
        raise FieldsInvalid(list(problems))
