"""Whatever changes what rulebooks ask about, the case has the service level and the needs that hold for it now."""

from typing import Any

import pytest

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.needs import Needs
from caseengine.operations import (
    classify,
    fill,
    identify_customer,
    link_conversation,
    merge,
    move,
    split,
    tag,
    unmerge,
)
from caseengine.operations.needing import set_needs
from caseengine.operations.opening import follow_up
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk, a_desk
from tests.caseengine.test_access import person

COMPLAINT = {"fact": "case_type", "is": "complaint"}
AT_DELIVERIES = {"fact": "department", "is": "deliveries"}
NEEDS = [
    {"when": COMPLAINT, "skills": {"refunds": 3}},
    {"when": {"fact": "fields.till", "exists": True}, "skills": {"hardware": 1}},
    {"when": {"fact": "tags", "contains": "printer"}, "skills": {"printers": 2}},
    {"when": {"fact": "identified", "is": True}, "language": "en"},
    {"when": {"fact": "channel", "is": "webchat"}, "language": "customer"},
]
SLA: dict[str, Any] = {
    "policies": {name: {"targets": {"first_response": "1h"}} for name in ("angry", "driven")},
    "choose": {
        "type_and_priority": [{"when": COMPLAINT, "policy": "angry"}, {"when": AT_DELIVERIES, "policy": "driven"}]
    },
}
FORM = {"type": "object", "properties": {"till": {"type": "integer"}}}


@pytest.fixture
async def desk(database: Database) -> RoutingDesk:
    found = await a_desk(database, needs=NEEDS, classifier={"at_least": 0.5})
    for kind, document in ((Rulebook.SLA, SLA), (Rulebook.FORMS, {"forms": {"incident": FORM}})):
        await found.do(decide, kind, document, by=SYSTEM, at=when("Mon 08:00"))
    return found


async def stands(desk: RoutingDesk, case: Case) -> tuple[str | None, dict[str, int], str]:
    """Its policy, the skills it needs and the language."""
    await desk.rows_equal_fold(case)
    found = await desk.case(case)
    needs = Needs.read(found.needs)
    return found.policy, dict(needs.required), needs.language


async def test_a_case_of_another_type_has_its_level_and_needs(desk: RoutingDesk) -> None:
    case = await desk.report()
    assert await stands(desk, case) == ("default", {}, "")
    by = desk.li.actor
    await desk.do(classify, case.number, CaseType.COMPLAINT, reason="Angry", by=by, at=when("Mon 09:10"))
    assert await stands(desk, case) == ("angry", {"refunds": 3}, "")
    await desk.do(classify, case.number, CaseType.INCIDENT, reason="Not so", by=by, at=when("Mon 09:20"))
    assert await stands(desk, case) == ("default", {}, "")


async def test_fields_and_tags_count(desk: RoutingDesk) -> None:
    case, by = await desk.report(), {"by": desk.li.actor, "at": when("Mon 09:10")}
    await desk.do(fill, case.number, {"till": 3}, **by)
    await desk.do(tag, case.number, add=["Printer"], **by)
    assert await stands(desk, case) == ("default", {"hardware": 1, "printers": 2}, "")


async def test_another_department_has_its_own_level(desk: RoutingDesk) -> None:
    case = await desk.report()
    await desk.do(move, case.number, "deliveries", reason="Theirs", by=desk.mo.actor, at=when("Mon 09:10"))
    assert await stands(desk, case) == ("driven", {}, "")


async def test_who_has_proved_who_they_are_counts(desk: RoutingDesk) -> None:
    conversation, contact = await desk.chat(), await person(desk.database)
    case = await desk.report_in(conversation, case_type="complaint")
    told = {"contact_id": contact, "account_id": None, "by": CUSTOMER, "at": when("Mon 09:10")}
    await desk.do(identify_customer, conversation, **told)
    assert await stands(desk, case) == ("angry", {"refunds": 3}, "en")


async def test_a_conversation_that_comes_later_says_the_language(desk: RoutingDesk) -> None:
    case, conversation = await desk.report(), await desk.chat()
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        await link_conversation(work, found, conversation, by=CUSTOMER, at=when("Mon 09:10"))
    assert await stands(desk, case) == ("default", {}, "en")


async def test_what_begins_out_of_another_case_is_opened_like_any(desk: RoutingDesk) -> None:
    conversation = await desk.chat()
    first = await desk.report_in(conversation, case_type="complaint")
    told = {"subject": "A refund", "text": "My money", "department": "deliveries", "case_type": CaseType.INCIDENT}
    second = await desk.do(split, first.number, **told, by=desk.mo.actor, at=when("Mon 09:10"))
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(first.id)
        third = await follow_up(work, found, "Still", by=CUSTOMER, at=when("Mon 09:20"))
    assert await stands(desk, second) == ("driven", {}, "en")
    assert await stands(desk, third) == ("angry", {"refunds": 3}, "en")
    assert (await desk.case(second)).due_at == when("Mon 10:00")  # who waits since nine does not begin anew
    assert (await desk.case(third)).due_at == when("Mon 10:20")


async def test_what_is_unmerged_is_judged_by_what_was_proved_meanwhile(desk: RoutingDesk) -> None:
    conversation, contact = await desk.chat(), await person(desk.database)
    target, source = await desk.report_in(conversation), await desk.report_in(conversation)
    by = {"by": desk.li.actor, "at": when("Mon 09:10")}
    await desk.do(merge, source.number, target.number, **by)
    told = {"contact_id": contact, "account_id": None, "by": CUSTOMER, "at": when("Mon 09:20")}
    await desk.do(identify_customer, conversation, **told)
    await desk.do(unmerge, source.number, **by)
    found = await desk.case(source)
    assert found.contact_id == contact
    assert found.due_at is not None
    assert await stands(desk, source) == ("default", {}, "en")


async def test_what_past_cases_told_stays_while_nothing_is_ruled(desk: RoutingDesk) -> None:
    case = await desk.report()
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        await set_needs(work, found, likely={"printers": 0.9}, at=when("Mon 09:01"))
    await desk.do(fill, case.number, {"till": None}, by=desk.li.actor, at=when("Mon 09:10"))
    await desk.do(move, case.number, "deliveries", reason="x", by=desk.mo.actor, at=when("Mon 09:11"))
    assert Needs.read((await desk.case(case)).needs).preferred == {"printers": 0.9}
