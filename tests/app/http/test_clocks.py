"""What an agent reads of a case's clocks, and of what they have to be told."""

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from app.jobs.escalations import Escalations
from caseengine.agents import Agent
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.notices import LISTED_MAX, UNREAD_COUNTED_MAX, give_notice, read_notice, read_notices, tell_department
from storage.transaction import UnitOfWork
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
    assert read["subject"] == "The till jams"


async def test_notices_are_read_together_each_agent_for_themselves(served: Served, li: Peer) -> None:
    """Nobody is there: the department is told."""
    first, second = await served.office.report("One"), await served.office.report("Two", at="Mon 09:30")
    mo = await served.agent(served.office.mo)
    await Escalations(served.office.database, lambda: when("Tue 17:00")).run()

    async def unread(peer: Peer) -> set[str]:
        found = (await peer.gets("/api/notices"))["notices"]
        return {one["number"] for one in found if one["read_at"] is None}

    assert await unread(li) == await unread(mo) == {first.number, second.number}
    about = {"until": "2026-03-03T17:00:00Z", "number": first.number}
    assert (await li.asks("POST", "/api/notices/reading", {**about, "until": "2026-03-02T08:00:00Z"})).status == 204
    assert await unread(li) == {first.number, second.number}, "what came later stays unread"
    for _ in range(2):
        assert (await li.asks("POST", "/api/notices/reading", about)).status == 204
    assert await unread(li) == {second.number}
    assert (await li.asks("POST", "/api/notices/reading", {"until": about["until"]})).status == 204
    assert await unread(li) == set()
    assert await unread(mo) == {first.number, second.number}
    assert (await li.asks("POST", "/api/notices/reading", {})).code == "http.body_invalid"


async def test_all_are_read_though_one_is_read_on_another_screen_meanwhile(
    served: Served, li: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("One", "Two", "Three"):
        await served.office.report(subject)
    await Escalations(served.office.database, lambda: when("Tue 17:00")).run()
    listed = (await li.gets("/api/notices"))["notices"]
    left = [UUID(one["id"]) for one in listed][:2]

    async def interrupted(work: UnitOfWork, agent: Agent, **which: Any) -> None:
        await read_notices(work, agent, **which)
        if left:
            await served.office.do(read_notice, left.pop(), agent, at=when("Tue 17:00"))

    monkeypatch.setattr("app.http.notice_routes.read_notices", interrupted)
    assert (await li.asks("POST", "/api/notices/reading", {"until": "2026-03-03T17:00:00Z"})).status == 204
    assert left == []
    assert all(one["read_at"] for one in (await li.gets("/api/notices"))["notices"])


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
async def test_an_instant_beyond_the_calendar_is_refused(li: Peer, talk: tuple[UUID, Case], until: str) -> None:
    case = f"/api/cases/{talk[1].number}"
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("/api/notices/reading", {"until": until}, "until"),
        (f"{case}/callback", {"starts_at": until}, "starts_at"),
        (f"{case}/callback/outcome", {"how": "unreached", "next_at": until}, "next_at"),
    ]
    for path, body, at in asked:
        refused = await li.asks("POST", path, body)
        assert (refused.code, [error["at"] for error in refused.json["errors"]]) == ("http.body_invalid", [[at]])
    query = f"figure=live&at={until.replace('+', '%2B')}"
    assert (await li.asks("GET", f"/api/boards/cases?{query}")).code == "http.body_invalid"


async def test_an_instant_of_another_zone_is_the_same_instant(served: Served, li: Peer) -> None:
    await served.office.report("One")
    await Escalations(served.office.database, lambda: when("Tue 17:00")).run()
    (notice,) = (await li.gets("/api/notices"))["notices"]
    given = datetime.fromisoformat(notice["at"])
    for until, are_read in ((given - timedelta(minutes=1), False), (given, True)):
        elsewhere = until.astimezone(timezone(timedelta(hours=14))).isoformat()
        assert (await li.asks("POST", "/api/notices/reading", {"until": elsewhere})).status == 204
        (notice,) = (await li.gets("/api/notices"))["notices"]
        assert (notice["read_at"] is not None) is are_read


async def test_what_is_unread_comes_first_and_is_counted_beyond_what_is_listed(served: Served, li: Peer) -> None:
    case = await served.office.report("One")
    begins = when("Mon 09:00")
    async with served.database.unit_of_work() as work:
        for minute in range(LISTED_MAX + 10):
            at = begins + timedelta(minutes=minute)
            give_notice(work, case, [served.office.li.id], AgentNotice.WATCHED_NOTED, {"name": "Mo"}, at=at)
            tell_department(work, case, AgentNotice.TARGET_WARNED, {}, at=at)

    async def told() -> tuple[list[datetime], list[bool], int]:
        answered = await li.gets("/api/notices")
        found = answered["notices"]
        instants = [datetime.fromisoformat(one["at"]) for one in found]
        return instants, [one["read_at"] is None for one in found], answered["unread"]

    instants, unread, count = await told()
    assert (len(unread), all(unread), count) == (LISTED_MAX, True, UNREAD_COUNTED_MAX)
    assert instants == sorted(instants, reverse=True)
    newest = (await li.gets("/api/notices"))["notices"]
    for one in newest[: LISTED_MAX - 5]:
        assert (await li.asks("POST", f"/api/notices/{one['id']}/reading", {})).status == 204
    instants, unread, count = await told()
    assert (all(unread), count) == (True, 2 * (LISTED_MAX + 10) - (LISTED_MAX - 5))
    assert max(instants) < begins + timedelta(minutes=LISTED_MAX), "those behind the ones that were read"

    until = (begins + timedelta(minutes=LISTED_MAX + 9)).isoformat()
    assert (await li.asks("POST", "/api/notices/reading", {"until": until})).status == 204
    async with served.database.unit_of_work() as work:
        give_notice(work, case, [served.office.li.id], AgentNotice.WATCHED_CLOSED, {}, at=begins)
    instants, unread, count = await told()
    assert (unread, count) == ([True] + [False] * (LISTED_MAX - 1), 1)
    assert instants[0] == begins
    assert instants[1:] == sorted(instants[1:], reverse=True)
