"""Two agents in one case see each other, as long as both are there."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

import app.live.reader
from app.http.sessions import SignedIn
from app.live.listener import PASSING_MAX, Listener
from app.live.watching import EXPIRES_AFTER, WINDOWS_MAX, Attention, Watching
from caseengine.agents import Agent, Agents
from caseengine.model.case import Case
from caseengine.operations import assigning
from storage.outbox import published_after
from tests.app.house import Clock, Event, EventStream, Peer, Served, ServedOffice
from tests.app.live.test_feed import follow, got, silent

READING, WRITING = Attention.READING, Attention.WRITING
TILL, VAN = uuid4(), uuid4()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watching(clock: Clock) -> Watching:
    return Watching(clock)


def by(agent: Agent, session: bytes = b"") -> SignedIn:
    return SignedIn(agent, "", session or agent.name.encode())


def there(watching: Watching, case: UUID = TILL) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in watching.of(case)]


def test_coming_going_and_another_state_are_news_and_a_repeat_is_not(watching: Watching) -> None:
    li, mo = by(ServedOffice.li), by(ServedOffice.mo)
    said = [watching.say(TILL, li, state) for state in (None, READING, READING, WRITING, WRITING, READING)]
    assert said == [set(), {TILL}, set(), {TILL}, set(), {TILL}]
    assert watching.say(TILL, mo, WRITING) == {TILL}
    assert (there(watching), there(watching, VAN)) == ([("Li", "reading"), ("Mo", "writing")], [])
    assert watching.say(TILL, li, None) == {TILL}
    assert there(watching) == [("Mo", "writing")]


def test_an_agent_is_there_while_any_window_is_and_writes_when_any_does(watching: Watching) -> None:
    phone, desk = by(ServedOffice.li, b"phone"), by(ServedOffice.li, b"desk")
    assert watching.say(TILL, phone, WRITING, "p") == {TILL}
    assert watching.say(TILL, desk, READING, "d1") == set()
    assert watching.say(TILL, desk, READING, "d2") == set()
    assert there(watching) == [("Li", "writing")]
    assert watching.say(TILL, phone, None, "p") == {TILL}
    assert there(watching) == [("Li", "reading")]
    assert watching.say(TILL, desk, None, "d1") == set()
    assert watching.say(TILL, desk, None, "d2") == {TILL}
    assert there(watching) == []


def test_what_a_window_said_before_it_left_cannot_bring_it_back(watching: Watching, clock: Clock) -> None:
    li = by(ServedOffice.li)
    assert watching.say(TILL, li, READING, "d", 1) == {TILL}
    assert watching.say(TILL, li, None, "d", 3) == {TILL}
    assert watching.say(TILL, li, WRITING, "d", 2) == set()  # it was on its way as the window closed
    assert (there(watching), watching.windows()) == ([], set())
    assert watching.say(TILL, li, READING, "d", 4) == {TILL}  # opened again
    assert watching.say(TILL, li, None, "d", 5) == {TILL}
    clock.passes(seconds=EXPIRES_AFTER.total_seconds())
    assert watching.look(()) == set()
    assert watching.say(TILL, li, READING, "d", 1) == {TILL}  # nothing is remembered for longer than it matters


def test_windows_that_left_are_not_remembered_without_end(watching: Watching) -> None:
    li = by(ServedOffice.li)
    watching.say(TILL, li, READING, "stays", 1)
    for number in range(3 * WINDOWS_MAX):
        watching.say(VAN, li, None, f"w{number}", 2)
    assert len(watching._heard) == WINDOWS_MAX + 1
    assert there(watching) == [("Li", "reading")]


def test_who_is_silent_for_too_long_is_gone(watching: Watching, clock: Clock) -> None:
    watching.say(TILL, by(ServedOffice.li), READING)
    clock.passes(seconds=EXPIRES_AFTER.total_seconds() - 1)
    watching.say(TILL, by(ServedOffice.mo), READING)
    assert watching.look(()) == set()
    clock.passes(seconds=1)
    assert watching.look(()) == {TILL}
    assert there(watching) == [("Mo", "reading")]


def test_whose_session_ended_is_gone(watching: Watching) -> None:
    watching.say(TILL, by(ServedOffice.li), READING)
    watching.say(VAN, by(ServedOffice.mo), READING)
    assert watching.look({one for one in watching.windows() if one.token_hash == b"Mo"}) == {VAN}
    assert (there(watching), there(watching, VAN)) == ([("Li", "reading")], [])


def test_an_agent_has_only_so_many_cases_open(watching: Watching) -> None:
    li = by(ServedOffice.li)
    cases = [uuid4() for _ in range(WINDOWS_MAX)]
    for case in cases:
        watching.say(case, li, READING)
    watching.say(cases[0], li, READING)
    watching.say(TILL, by(ServedOffice.mo), READING)
    assert watching.say(VAN, li, READING) == {VAN, cases[1]}
    assert (there(watching, cases[0]), there(watching, cases[1])) == ([("Li", "reading")], [])


def test_of_passing_words_a_slow_reader_gets_the_latest_of_each_and_not_without_end() -> None:
    listener = Listener(by(ServedOffice.li), gone=lambda: False)
    listener.pass_on(TILL, b"first;")
    listener.pass_on(VAN, b"van;")
    listener.pass_on(TILL, b"second;")
    assert listener._waiting() == b"van;second;"
    for number in range(PASSING_MAX + 5):
        listener.pass_on(uuid4(), b"%d;" % number)
    assert listener._waiting().startswith(b"5;6;")


async def says(peer: Peer, case: Case, state: str, **window: str) -> list[tuple[str, str]]:
    answered = await peer.asks("PUT", f"/api/cases/{case.number}/watching", {"state": state, **window})
    assert answered.status == 200, answered
    return pairs(answered.json)


def pairs(document: Any) -> list[tuple[str, str]]:
    return [(one["name"], one["state"]) for one in document["agents"]]


async def heard(stream: EventStream, case: Case) -> list[tuple[str, str]]:
    """The next word about who is in a case; facts that come before it are passed over."""
    event = await got(stream)
    while event.name == "fact":
        event = await got(stream)
    return told(event, case)


def told(event: Event, case: Case) -> list[tuple[str, str]]:
    assert (event.name, event.data["number"]) == ("watching", case.number)
    return pairs(event.data)


async def test_the_answer_names_the_others(served: Served) -> None:
    case = await served.office.report()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    assert await says(li, case, "reading") == []
    assert await says(mo, case, "writing") == [("Li", "reading")]
    assert await says(li, case, "reading") == [("Mo", "writing")]
    assert await says(mo, case, "gone") == [("Li", "reading")]
    assert await says(li, case, "reading") == []
    answered = await mo.asks("PUT", f"/api/cases/{case.number}/watching", {"state": "reading"})
    assert answered.json == {"agents": [{"id": str(served.office.li.id), "name": "Li", "state": "reading"}]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "sleeping"},
        {"state": None},
        {"state": "reading", "agent": "Mo"},
        {"state": "reading", "window": "a b"},
    ],
)
async def test_what_is_no_state_is_refused(served: Served, body: Any) -> None:
    case, li = await served.office.report(), await served.agent(served.office.li)
    assert (await li.asks("PUT", f"/api/cases/{case.number}/watching", body)).code == "http.body_invalid"


async def test_without_anybody_at_the_feed_the_silent_and_the_signed_out_are_gone_too(served: Served) -> None:
    case = await served.office.report()
    li, mo, sam = [await served.agent(who) for who in (served.office.li, served.office.mo, served.office.sam)]
    await says(li, case, "writing")
    served.clock.passes(seconds=44)
    await says(mo, case, "reading")
    assert await says(sam, case, "reading") == [("Li", "writing"), ("Mo", "reading")]
    served.clock.passes(seconds=1)
    assert await says(sam, case, "reading") == [("Mo", "reading")]
    await mo.asks("DELETE", "/api/session")
    assert await says(sam, case, "reading") == []


async def test_one_of_two_windows_is_closed(served: Served) -> None:
    case = await served.office.report()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    await says(li, case, "reading", window="one")
    await says(li, case, "reading", window="two")
    await says(li, case, "gone", window="one")
    assert await says(mo, case, "reading") == [("Li", "reading")]
    await says(li, case, "gone", window="two")
    assert await says(mo, case, "reading") == []


async def test_a_case_that_moved_away_is_left(served: Served) -> None:
    case = await served.office.report()
    li, sam = await served.agent(served.office.li), await served.agent(served.office.sam)
    await says(li, case, "reading")
    move = (assigning.move, case.number, "deliveries")
    await served.office.do(*move, reason="Not a till", by=served.office.sam.actor, at=served.clock())
    assert await says(sam, case, "reading") == []


async def test_whoever_may_see_the_case_hears_who_is_in_it(served: Served) -> None:
    case = await served.office.report()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    streams = [await follow(peer) for peer in (li, mo, await served.agent(served.office.sam))]
    await says(li, case, "reading")
    assert [await heard(stream, case) for stream in streams] == [[("Li", "reading")]] * 3
    await says(li, case, "reading")  # a mere repeat
    await says(mo, case, "writing")
    assert [await heard(stream, case) for stream in streams] == [[("Li", "reading"), ("Mo", "writing")]] * 3
    await says(mo, case, "gone")
    assert [await heard(stream, case) for stream in streams] == [[("Li", "reading")]] * 3


async def test_a_word_has_ids_and_names_and_is_no_place_to_come_back_to(served: Served) -> None:
    case, li = await served.office.report(), await served.agent(served.office.li)
    stream = await follow(li)
    place = stream.last_id
    await says(li, case, "reading")
    event = await got(stream)
    assert event.data == {
        "number": case.number,
        "agents": [{"id": str(served.office.li.id), "name": "Li", "state": "reading"}],
    }
    assert event.id == place


async def test_who_may_not_see_the_case_hears_nothing(served: Served) -> None:
    case = await served.office.report()
    li, di = await served.agent(served.office.li), await served.agent(served.office.di)
    streams = {"li": await follow(li), "di": await follow(di)}
    await says(li, case, "reading")
    assert await heard(streams["li"], case) == [("Li", "reading")]
    assert await silent(streams["di"], 0.6)
    move = (assigning.move, case.number, "deliveries")
    await served.office.do(*move, reason="Not a till", by=served.office.sam.actor, at=served.clock())
    assert (await got(streams["di"])).data["kind"] == "CaseMoved"
    await says(di, case, "reading")
    words = [await heard(streams["di"], case)]
    if words == [[]]:  # first that Li, who may not look any more, is gone
        words.append(await heard(streams["di"], case))
    assert words[-1] == [("Di", "reading")]
    assert (await got(streams["li"])).data["kind"] == "CaseMoved"
    assert await silent(streams["li"], 0.6)


async def test_the_reader_notices_who_fell_silent(served: Served) -> None:
    case = await served.office.report()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    stream = await follow(mo)
    await says(li, case, "writing")
    served.clock.passes(seconds=30)
    await says(mo, case, "reading")
    words = await heard(stream, case)
    if words == [("Li", "writing")]:  # unless it was overtaken by what came next
        words = await heard(stream, case)
    assert words == [("Li", "writing"), ("Mo", "reading")]
    served.clock.passes(seconds=15)
    assert await heard(stream, case) == [("Mo", "reading")]


async def test_whose_session_is_ended_is_in_no_case(served: Served) -> None:
    case = await served.office.report()
    li, sam = await served.agent(served.office.li), await served.agent(served.office.sam)
    stream = await follow(sam)
    await says(li, case, "writing")
    assert await heard(stream, case) == [("Li", "writing")]
    await sam.asks("DELETE", f"/api/agents/{served.office.li.id}/sessions")
    assert await heard(stream, case) == []


async def test_whoever_loses_the_department_is_in_none_of_its_cases(served: Served) -> None:
    till, van = await served.office.report(), await served.office.report(department="deliveries")
    mo, sam = await served.agent(served.office.mo), await served.agent(served.office.sam)
    stream = await follow(sam)
    for case in (till, van):
        await says(mo, case, "reading")
        assert await heard(stream, case) == [("Mo", "reading")]
    async with served.database.unit_of_work() as work:
        Agents(work).change(replace(served.office.mo, departments=frozenset({"deliveries"})))
    assert await heard(stream, till) == []
    assert await says(sam, van, "reading") == [("Mo", "reading")]


async def test_the_database_away_for_a_moment_loses_no_word(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    case, li = await served.office.report(), await served.agent(served.office.li)
    monkeypatch.setattr(app.live.reader, "BACK_OFF_S", 0.05)
    stream = await follow(li)
    broken = 3

    async def sometimes(*args: Any, **named: Any) -> Any:
        nonlocal broken
        broken -= 1
        if broken >= 0:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        return await published_after(*args, **named)

    monkeypatch.setattr(app.live.reader, "published_after", sometimes)
    await says(li, case, "reading")
    assert await heard(stream, case) == [("Li", "reading")]
