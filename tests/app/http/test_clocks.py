"""What an agent reads of a case's clocks, and of what they have to be told."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.jobs.escalations import Escalations
from caseengine.model.case import Case
from tests.app.house import Peer, Served
from tests.caseengine.office import when


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


@pytest.fixture
async def talk(served: Served) -> tuple[UUID, Case]:
    return await served.office.handed_over()


async def test_a_clock_says_why_it_is_due_then(li: Peer, talk: tuple[UUID, Case]) -> None:
    _, case = talk
    told = await li.gets(f"/api/cases/{case.number}/clocks")
    assert told["policy"] is None
    first = next(clock for clock in told["clocks"] if clock["target"] == "first_response")
    assert datetime.fromisoformat(first["due_at"]) == when("Mon 14:00")
    spans = [(span["kind"], span["because"]) for span in first["spans"]]
    assert spans == [("open", "desk"), ("closed", "desk"), ("open", "desk")]
    begins, ends = (datetime.fromisoformat(first["spans"][1][name]) for name in ("begins", "ends"))
    assert ends - begins == timedelta(hours=1)  # lunch


async def test_a_notice_is_listed_and_read(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    _, case = talk
    await Escalations(served.office.database, lambda: when("Mon 13:30")).run()
    (notice,) = (await li.gets("/api/notices"))["notices"]
    assert (notice["number"], notice["kind"], notice["read_at"]) == (case.number, "target_warned", None)
    assert (await li.asks("POST", f"/api/notices/{notice['id']}/reading", {})).status == 204
    (read,) = (await li.gets("/api/notices"))["notices"]
    assert read["read_at"] is not None
