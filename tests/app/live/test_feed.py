"""The live feed: what an agent may see, once each, in order, also across cut connections."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

import app.live.feed
import app.live.listener
import app.live.reader
from app.http.sessions import SignedIn
from app.live.facts import Fact
from app.live.listener import Listener
from bot.activity import Role, Sender
from caseengine.operations import answering, assigning
from storage.outbox import Outbox, forget_old, published_after
from storage.tables import outbox
from tests.app.house import Event, EventStream, Peer, Served
from tests.caseengine.office import when


async def follow(peer: Peer, last_id: str = "", query: str = "") -> EventStream:
    headers = {"Last-Event-ID": last_id} if last_id else None
    response = await peer.stream(headers, query)
    assert response.status == 200
    stream = EventStream(response, last_id)
    await stream.hello()
    return stream


async def publish(served: Served, number: int, department: str | None = "tills") -> None:
    async with served.database.unit_of_work() as work:
        payload = {"kind": "NoteAdded", "department": department, "data": {"text": f"n{number}"}}
        Outbox(work).publish("event", "x", payload, at=when("Mon 10:00"))


async def outbox_of(served: Served, department: str) -> list[int]:
    async with served.database.snapshot() as snapshot:
        rows = await published_after(snapshot, "event", 0, limit=100_000)
    return [row.id for row in rows if row.payload["department"] == department]


async def got(stream: EventStream, within_s: float = 5.0) -> Event:
    event = await stream.next(within_s)
    assert event is not None
    return event


async def silent(stream: EventStream, for_s: float = 0.8) -> bool:
    try:
        return await stream.next(for_s) is None
    except TimeoutError:
        return True


async def test_a_fact_arrives_after_its_commit(served: Served) -> None:
    li = await served.agent(served.office.li)
    stream = await follow(li)
    case = await served.office.report()
    opened, promised = await got(stream), await got(stream)
    assert (opened.name, opened.data["kind"], opened.data["number"]) == ("fact", "CaseOpened", case.number)
    assert promised.data["kind"] == "PromiseMade"
    assert int(opened.id) < int(promised.id)


async def test_the_stream_says_what_it_is(served: Served) -> None:
    li = await served.agent(served.office.li)
    response = await li.stream()
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    response.close()


async def test_nobody_follows_without_a_session(served: Served) -> None:
    assert (await served.peer().asks("GET", "/api/events")).code == "http.not_signed_in"


async def test_only_facts_of_ones_departments(served: Served) -> None:
    streams = {
        who.name: await follow(await served.agent(who))
        for who in (served.office.li, served.office.di, served.office.sam)
    }
    await publish(served, 1, "tills")
    await publish(served, 2, "deliveries")
    await publish(served, 3, None)
    assert (await got(streams["Li"])).data["data"]["text"] == "n1"
    assert (await got(streams["Di"])).data["data"]["text"] == "n2"
    assert [(await got(streams["Sam"])).data["data"]["text"] for _ in range(2)] == ["n1", "n2"]
    assert all([await silent(stream, 0.5) for stream in streams.values()])


async def test_both_departments_hear_of_a_move(served: Served) -> None:
    case = await served.office.report()
    streams = [await follow(await served.agent(who)) for who in (served.office.li, served.office.di)]
    by, at = served.office.sam.actor, when("Mon 10:00")
    await served.office.do(assigning.move, case.number, "deliveries", reason="secret", by=by, at=at)
    for stream in streams:
        event = await got(stream)
        assert (event.data["kind"], event.data["department"]) == ("CaseMoved", "deliveries")
        assert "secret" not in str(event.data)
    await served.office.do(answering.note, case.number, "only theirs", by=by, at=at)
    assert (await got(streams[1])).data["kind"] == "NoteAdded"
    assert await silent(streams[0])


async def test_coming_back_misses_nothing(served: Served) -> None:
    li = await served.agent(served.office.li)
    stream = await follow(li)
    stream.response.close()
    for number in range(3):
        await publish(served, number)
    for back in (await follow(li, stream.last_id), await follow(li, query=f"?after={stream.last_id}")):
        assert [(await got(back)).data["data"]["text"] for _ in range(3)] == ["n0", "n1", "n2"]


async def test_cut_again_and_again_while_facts_are_written(served: Served) -> None:
    li = await served.agent(served.office.li)
    wanted = 300
    seen: list[int] = []
    last = (await follow(li)).last_id
    writing = asyncio.create_task(_write(served, wanted))
    while len(seen) < wanted:
        stream = await follow(li, last)
        for _ in range(1 + len(seen) % 17):
            if len(seen) == wanted:
                break
            event = await got(stream)
            assert event.name == "fact"
            seen.append(int(event.id))
            last = event.id
        stream.response.close()
    await writing
    assert seen == await outbox_of(served, "tills")


async def _write(served: Served, wanted: int) -> None:
    for number in range(wanted):
        await publish(served, number, "tills")
        if number % 3 == 0:
            await publish(served, number, "deliveries")
        if number % 20 == 0:
            await asyncio.sleep(0.01)


async def test_away_too_long_loads_anew(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.live.feed, "CATCH_UP_MAX", 5)
    li = await served.agent(served.office.li)
    last = (await follow(li)).last_id
    for number in range(6):
        await publish(served, number)
    response = await li.stream({"Last-Event-ID": last})
    stream = EventStream(response)
    event = await got(stream)
    assert (event.name, int(event.id)) == ("reload", (await outbox_of(served, "tills"))[-1])
    await publish(served, 7)
    assert (await got(stream)).data["data"]["text"] == "n7"


@pytest.mark.parametrize("place", ["999999999", "-1", "x", "1e3", "99999999999999999999999", "0x10"])
async def test_a_place_of_no_feed_loads_anew(served: Served, place: str) -> None:
    await publish(served, 1)
    response = await (await served.agent(served.office.li)).stream({"Last-Event-ID": place})
    assert (await got(EventStream(response))).name == "reload"


async def test_a_place_whose_facts_are_forgotten_loads_anew(served: Served) -> None:
    li = await served.agent(served.office.li)
    await publish(served, 1)
    last = (await follow(li)).last_id
    async with served.database.unit_of_work() as work:
        Outbox(work).publish("event", "x", {"department": "tills", "data": {}}, at=when("Wed 10:00"))
    async with served.database.unit_of_work() as work:
        forget_old(work, before=when("Tue 10:00"))
    assert (await got(EventStream(await li.stream({"Last-Event-ID": last})))).name == "reload"


async def test_a_slow_reader_loads_anew(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(app.live.listener, "WAITING_MAX", 3)
    listener = Listener(SignedIn(served.office.li, "", b""), gone=lambda: False)
    listener.starts_at(0)
    listener.offer([Fact(number, ("tills",), b"%d;" % number) for number in range(1, 6)])
    assert b"event: reload" in await listener.next(1)
    listener.offer([Fact(6, ("tills",), b"6;")])
    assert await listener.next(1) == b"6;"
    assert listener.seen == 6


async def test_a_session_that_ends_takes_its_streams_with_it(served: Served) -> None:
    li = await served.agent(served.office.li)
    sam = await served.agent(served.office.sam)
    streams = [await follow(li), await follow(li)]
    other = await follow(sam)
    await li.asks("DELETE", "/api/session")
    for stream in streams:
        assert await stream.next(1.0) is None
    await publish(served, 1)
    assert (await got(other)).data["data"]["text"] == "n1"


async def test_a_session_revoked_by_another_process_is_gone_within_a_second(served: Served) -> None:
    stream = await follow(await served.agent(served.office.li))

    def revoke(connection: sa.Connection) -> None:
        with connection.begin():
            connection.execute(sa.text("DELETE FROM agent_sessions"))

    await served.database.run(revoke)
    assert await stream.next(1.0) is None


async def test_a_department_taken_away_is_silent_within_a_second(served: Served) -> None:
    stream = await follow(await served.agent(served.office.li))

    def take_away(connection: sa.Connection) -> None:
        with connection.begin():
            connection.execute(sa.text("DELETE FROM agent_departments"))

    await served.database.run(take_away)
    await asyncio.sleep(1.0)
    await publish(served, 1)
    assert await silent(stream)


async def test_following_does_not_prolong_a_session(served: Served) -> None:
    stream = await follow(await served.agent(served.office.li))
    served.clock.passes(hours=9)
    assert await stream.next(1.0) is None


async def test_one_session_has_a_limited_number_of_streams(served: Served) -> None:
    li = await served.agent(served.office.li)
    streams = [await follow(li) for _ in range(10)]
    assert (await li.asks("GET", "/api/events")).code == "http.too_many_streams"
    streams[0].response.close()
    await asyncio.sleep(1.0)  # the reader notices who has gone
    assert (await follow(li)).response.status == 200


async def test_signs_of_life_move_the_place_over_others_facts(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:

    listener = Listener(SignedIn(served.office.li, "", b""), gone=lambda: False)
    listener.starts_at(3)
    assert await listener.next(0.01) == b"event: alive\ndata: {}\n\n"
    listener.offer([Fact(9, ("deliveries",), b"secret")])
    assert await listener.next(0.01) == b"id: 9\n\nevent: alive\ndata: {}\n\n"
    assert await listener.next(0.01) == b"event: alive\ndata: {}\n\n"


async def test_many_listeners_share_one_query(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = 0

    async def counted(*args: Any, **named: Any) -> Any:
        nonlocal queries
        queries += 1
        return await published_after(*args, **named)

    monkeypatch.setattr(app.live.reader, "published_after", counted)
    peers = [
        await served.agent(who) for who in (served.office.li, served.office.mo, served.office.sam) for _ in range(2)
    ]
    streams = [await follow(peer) for peer in peers for _ in range(8)]
    queries = 0
    for number in range(20):
        await publish(served, number)
    for stream in streams:
        assert [(await got(stream)).data["data"]["text"] for _ in range(20)] == [f"n{number}" for number in range(20)]
    assert queries < 60  # not 48 x 20


async def test_the_agent_who_has_the_word_sees_the_customer_typing(served: Served) -> None:
    conversation, case = await served.office.handed_over()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    streams = [await follow(li), await follow(mo)]
    heard = served.parts.webchat.heard_typing
    assert heard is not None
    customer = Sender(Role.CUSTOMER, "visitor-1")
    await heard(str(conversation), customer)  # nobody has the word yet
    await li.posts(f"/api/cases/{case.number}/assignment", {})
    assert (await got(streams[0])).data["kind"] == "CaseAssigned"
    for where in (str(uuid4()), "no conversation", str(conversation)):
        await heard(where, customer)
    event = await got(streams[0])
    assert (event.name, event.data) == ("typing", {"conversation_id": str(conversation)})
    assert (await got(streams[1])).name == "fact"
    assert await silent(streams[1], 0.5)
    await heard(str(conversation), Sender(Role.AGENT, "x"))
    assert await silent(streams[0], 0.5)


async def test_streams_end_at_once_when_the_desk_stops(served: Served) -> None:
    stream = await follow(await served.agent(served.office.li))
    begun = asyncio.get_running_loop().time()
    await served.application.shutdown()
    assert await stream.next(1.0) is None
    assert asyncio.get_running_loop().time() - begun < 1.0


async def test_the_reader_rests_when_nobody_follows(served: Served) -> None:
    li = await served.agent(served.office.li)
    stream = await follow(li)
    stream.response.close()
    await asyncio.sleep(1.2)
    await publish(served, 1)
    back = await follow(li, stream.last_id)
    assert (await got(back)).data["data"]["text"] == "n1"


async def test_the_database_away_for_a_moment_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await follow(await served.agent(served.office.li))
    monkeypatch.setattr(app.live.reader, "BACK_OFF_S", 0.1)
    broken = True

    async def sometimes(*args: Any, **named: Any) -> Any:
        if broken:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        return await published_after(*args, **named)

    monkeypatch.setattr(app.live.reader, "published_after", sometimes)
    await publish(served, 1)
    await asyncio.sleep(0.5)
    broken = False
    assert (await got(stream)).data["data"]["text"] == "n1"


async def test_rows_that_are_no_facts_stay_inside(served: Served) -> None:
    stream = await follow(await served.agent(served.office.sam))
    async with served.database.unit_of_work() as work:
        Outbox(work).deliver("mail", "x", {"department": "tills", "to": "ana@shop.example"}, at=when("Mon 10:00"))
        work.after_commit_wake("event")
    assert await silent(stream)
    async with served.database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.select(sa.func.count()).select_from(outbox)) == 1
