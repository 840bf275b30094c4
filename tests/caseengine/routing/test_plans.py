"""No decision reads all agents, nor a whole queue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.backtest.run import newest_histories
from caseengine.cases import Cases
from caseengine.model.needs import Needs
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.reading.appointments import appointments_for
from caseengine.reading.assignments import offers_to
from caseengine.reading.callbacks import callbacks_begun, callbacks_over
from caseengine.reading.candidates import candidates_for, loads_of
from caseengine.reading.out_of_place import live_work_of_the_lost, offers_ended, work_out_of_place
from caseengine.reading.wait import handling_time
from caseengine.reading.waiting_cases import (
    Waiting,
    classes_waiting,
    departments_waiting,
    first_waiting,
    refusals,
    waiting_since,
    with_somebody_there,
)
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk
from tests.caseengine.test_plans import plan_of

BIG = {"cases", "case_events", "agents", "agent_skills", "agent_work", "assignments", "conversations", "callbacks"}


@pytest.mark.parametrize(
    "which",
    [
        *(
            "classes",
            "departments",
            "first",
            "first behind",
            "last behind",
            "able",
            "all there",
            "loads",
            "since",
            "offers",
            "mine",
            "lost",
            "pace",
        ),
        *("begun", "over", "calls", "newest", "there", "given back", "pace of mails", "out of place"),
    ],
)
async def test_every_step_walks_along_an_index(desk: RoutingDesk, which: str) -> None:
    ann = await desk.hires("Ann", skills={"printers": 4})
    case = await desk.report()
    now, policy, waited = when("Mon 10:00"), RoutingPolicy(), timedelta(0)
    able, anybody = Needs({"printers": 3, "refunds": 1}), Needs()
    async with desk.database.unit_of_work() as work:
        kept = await Cases(work).by_id(case.id)
    never = Waiting(case.id, "", None, "Z", now)
    due = replace(never, due_at=now)
    plans = {
        "classes": lambda: plan_of(desk, classes_waiting, "tills"),
        "departments": lambda: plan_of(desk, departments_waiting),
        "first": lambda: plan_of(desk, first_waiting, "tills", "", limit=3),
        "first behind": lambda: plan_of(desk, first_waiting, "tills", "", behind=due, limit=3),
        "last behind": lambda: plan_of(desk, first_waiting, "tills", "", behind=never, limit=3),
        "able": lambda: plan_of(desk, candidates_for, kept, able, policy, waited=waited, also=[ann.id], at=now),
        "all there": lambda: plan_of(desk, candidates_for, kept, anybody, policy, waited=waited, at=now),
        "loads": lambda: plan_of(desk, loads_of, [ann.id], policy),
        "since": lambda: plan_of(desk, waiting_since, [case.id]),
        "offers": lambda: plan_of(desk, offers_ended, now),
        "mine": lambda: plan_of(desk, offers_to, ann.id),
        "lost": lambda: plan_of(desk, live_work_of_the_lost, now),
        "out of place": lambda: plan_of(desk, work_out_of_place),
        "begun": lambda: plan_of(desk, callbacks_begun, now),
        "over": lambda: plan_of(desk, callbacks_over, now),
        "calls": lambda: plan_of(desk, appointments_for, ann),
        "newest": lambda: plan_of(desk, newest_histories, 5),
        "there": lambda: plan_of(desk, with_somebody_there, at=now),
        "given back": lambda: plan_of(desk, refusals, [case.id], since=now),
        "pace": lambda: plan_of(desk, handling_time, "tills", chat=True, at=now),
        "pace of mails": lambda: plan_of(desk, handling_time, "tills", chat=False, at=now),
    }
    steps = await plans[which]()
    assert steps
    scans = [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG]
    if which == "out of place":
        scans.remove("SCAN agents")  # once a minute: there are few of them, and each may be locked out
    allowed = {
        "assignments": "ix_assignments_offered",
        "conversations": "ix_conversations_with_agent",
        "cases": "ix_cases_opened_at",  # the newest few
    }
    assert [step for step in scans if not step.endswith(allowed.get(step.split()[1], "-"))] == [], steps
    if which == "out of place":
        (held,) = [step for step in steps if " cases " in step]
        assert "ix_cases_agent_id_status (agent_id=? AND status=?)" in held  # nothing that is past, nothing unheld
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps, steps
    if which in ("first behind", "last behind"):
        assert [step for step in steps if "(department=? AND needs_key=? AND sla_due_at" in step] == steps, steps
    if which in ("first", "classes", "departments"):
        assert not [step for step in steps if "TEMP B-TREE" in step], steps
