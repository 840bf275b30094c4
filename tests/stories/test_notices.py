"""Customers who left hear of their cases all the same: by mail, in their hours, for as long as they want."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.operations.opening import Opening
from caseengine.operations.taking_down import take_down
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import surveys
from caseengine.telling import notices_about
from customers.contacts import Contacts
from customers.preferences import Holder, Preferences, wishes_from_json
from customers.reachability import mark
from tests.desk import Customer, Desk, Worker
from tests.stories.test_proof import opens_a_case

ANA = "ana@harvest-corner.example"
LINK = re.compile(r"/notices/(stop|preferences)/\S+")


async def told(desk: Desk, *, minutes: float = 3) -> None:
    """Everything that happened is planned; time passes; what is due leaves."""
    await desk.house.notices.run()
    desk.clock.passes(minutes=minutes)
    await desk.house.notices.run()
    await desk.settle()


async def opens_and_leaves(desk: Desk, *, proved: bool = True) -> tuple[Customer, Worker, str]:
    """Ana, who has an address on file, opens a case in the chat and goes; Marcus takes it."""
    ana, marcus = await desk.visitor(), await desk.agent("Marcus")
    if proved:
        await ana.says("What is the status of my cases?")
        await ana.says(ANA)
        await ana.says(desk.code_sent_to(ANA))
        assert "Thank you, Ana" in ana.heard, ana.heard
    number = await opens_a_case(ana, "our bread delivery never came", ANA)
    await marcus.takes(number)
    await told(desk)
    return ana, marcus, number


def notices_to(desk: Desk, address: str) -> list[str]:
    return [text.replace("\r\n", "\n") for text in desk.mails_to(address) if LINK.search(text)]


async def whys(desk: Desk, number: str) -> list[tuple[str, str, str]]:
    view = await desk.case(number)
    async with desk.house.database.snapshot() as snapshot:
        return [(one.kind, one.state, one.way or one.why) for one in await notices_about(snapshot, view.row.id)]


async def wishes(desk: Desk, number: str, **changed: Any) -> None:
    """Ana says what she wants."""
    contact_id = (await desk.case(number)).contact_id
    document: Mapping[str, Any] = {"kinds": ["reply", "promise", "resolved"], "zone": "Europe/London", **changed}
    holder = Holder.from_json({"kind": "contact", "id": str(contact_id)})
    async with desk.house.database.unit_of_work() as work:
        at = desk.clock()
        await Preferences(work, zone="UTC").change(holder, wishes_from_json(document), by=SYSTEM, source="test", at=at)


@pytest.fixture
async def pages(desk: Desk) -> AsyncIterator[tuple[ClientSession, str]]:
    """A browser at the desk's own pages."""
    server = TestServer(desk.house.application)
    await server.start_server()
    async with ClientSession() as http:
        yield http, str(server.make_url("")).rstrip("/")
    await server.close()


async def test_words_for_a_customer_who_left_go_on_by_mail_once(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.\n\nYou have it by noon.")
    await told(desk)
    await told(desk)

    (text,) = notices_to(desk, ANA)
    assert f"Marcus Boateng wrote about case {number}:" in text
    assert "It is on the van.\n\nYou have it by noon." in text
    assert ("reply", "told", "email") in await whys(desk, number)
    assert "CustomerTold by system" in await desk.timeline(number)


async def test_one_click_ends_it(desk: Desk, pages: tuple[ClientSession, str]) -> None:
    http, address = pages
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    await told(desk)
    stop = next(found.group() for found in LINK.finditer(notices_to(desk, ANA)[0]) if found.group(1) == "stop")

    async with http.get(address + stop) as page:  # a scanner looks
        assert page.status == 200
        assert "No more notices?" in await page.text()
    await marcus.replies(number, "It is at the door.")
    await told(desk)
    assert len(notices_to(desk, ANA)) == 2
    await marcus.replies(number, "Are you there?")
    await desk.house.notices.run()
    async with http.post(address + stop, data={"List-Unsubscribe": "One-Click"}) as pressed:
        assert pressed.status == 200
    await told(desk)
    await marcus.replies(number, "It went back.")
    await told(desk)

    assert len(notices_to(desk, ANA)) == 2
    assert ("reply", "dropped", "opted_out") in await whys(desk, number)


async def test_a_mail_that_waits_when_they_opt_out_is_not_sent(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    await desk.house.notices.run()
    desk.clock.passes(minutes=3)
    await desk.house.notices.run()  # it is in the outbox
    await wishes(desk, number, way="none")

    await desk.settle()

    assert notices_to(desk, ANA) == []


async def test_who_has_read_the_chat_gets_no_mail(desk: Desk) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    await ana.hears()
    desk.house.webchat.seen.note(ana.conversation, ana.seen)
    await told(desk)

    assert notices_to(desk, ANA) == []
    assert ("reply", "dropped", "read") in await whys(desk, number)


async def test_who_answers_meanwhile_gets_no_mail(desk: Desk) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "Is it there?")
    await ana.says("yes, it has just come")
    await told(desk)

    assert notices_to(desk, ANA) == []
    assert ("reply", "dropped", "answered") in await whys(desk, number)


async def test_what_happens_within_minutes_is_one_mail(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    desk.clock.passes(minutes=1)
    await marcus.replies(number, "The driver rings the bell.")
    await marcus.resolves(number, "Delivered at 10:40")
    await told(desk, minutes=1.5)

    (text,) = notices_to(desk, ANA)
    assert text.index("on the van") < text.index("rings the bell") < text.index("Delivered at 10:40")
    await told(desk, minutes=30)
    assert len(notices_to(desk, ANA)) == 1


async def test_a_case_that_is_open_again_was_not_resolved(desk: Desk) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    await marcus.resolves(number, "Delivered at 10:40")
    await ana.says("No, there is nothing here")
    await told(desk)

    assert notices_to(desk, ANA) == []


async def test_an_address_that_was_only_claimed_gets_nothing(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk, proved=False)
    assert (await desk.case(number)).contact_id is None
    await marcus.replies(number, "It is on the van.")
    await told(desk)

    assert notices_to(desk, ANA) == []
    assert ("reply", "dropped", "unproved") in await whys(desk, number)


async def test_an_address_that_sends_back_gets_nothing(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    async with desk.house.database.unit_of_work() as work:
        mark(work, "email", ANA, "bounced", "5.1.1", at=desk.clock())
    await marcus.replies(number, "It is on the van.")
    await told(desk)

    assert notices_to(desk, ANA) == []
    assert ("reply", "dropped", "unreachable") in await whys(desk, number)


async def test_quiet_hours_and_a_digest_over_a_day(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    await wishes(desk, number, quiet_from="18:00", quiet_to="08:30", digest="hourly")
    heard: dict[str, int] = {}
    said = {"Mon 11:10": "one", "Mon 11:40": "two", "Mon 17:30": "three", "Mon 20:00": "four", "Tue 02:00": "five"}
    for hour in range(11, 35):
        for minute in (0, 10, 30, 40):
            when = f"{'Mon' if hour < 24 else 'Tue'} {hour % 24:02}:{minute:02}"
            desk.clock.moves_to(when)
            if when in said:
                await marcus.replies(number, said[when])
            await desk.house.notices.run()
            await desk.settle()
            heard[when] = len(notices_to(desk, ANA))

    grew = [when for before, when in zip(heard, list(heard)[1:], strict=False) if heard[when] > heard[before]]
    assert grew == ["Mon 12:00", "Tue 08:30"]
    later, first = notices_to(desk, ANA)
    assert [word for word in said.values() if word in first] == ["one", "two"]
    assert [word for word in said.values() if f"\n{word}\n" in later] == ["three", "four", "five"]


async def test_a_step_is_told_to_who_asked_for_it(desk: Desk) -> None:
    _, marcus, number = await opens_and_leaves(desk)
    await wishes(desk, number, kinds=["status"])
    await marcus.replies(number, "words")
    async with desk.house.database.unit_of_work() as work:
        case = await Cases(work).get(number)
        case.ask_third_party("The maker: a part", by=marcus.agent.actor, at=desk.clock())
    await told(desk)

    (text,) = notices_to(desk, ANA)
    assert "we wait for somebody else's answer" in text
    assert "words" not in text


async def test_in_the_chat_alone_means_no_mail(desk: Desk) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    await wishes(desk, number, way="chat", kinds=["reply", "status"])
    await marcus.replies(number, "It is on the van.")
    async with desk.house.database.unit_of_work() as work:
        case = await Cases(work).get(number)
        case.ask_third_party("The maker: a part", by=marcus.agent.actor, at=desk.clock())
    await told(desk)

    assert notices_to(desk, ANA) == []
    await ana.hears()
    assert f"Case **{number}**: Waiting for a supplier." in ana.heard


async def test_a_promise_that_was_renewed_is_told(desk: Desk) -> None:
    _, _, number = await opens_and_leaves(desk)
    due = (await desk.case(number)).row.due_at
    assert due is not None
    desk.clock.at = due
    await desk.house.promises.run()
    await told(desk)

    (text,) = notices_to(desk, ANA)
    assert f"nobody has got to case {number} yet" in text


async def test_after_a_week_of_silence_they_are_asked_how_it_was(desk: Desk, pages: tuple[ClientSession, str]) -> None:
    http, address = pages
    async with desk.house.database.unit_of_work() as work:
        await decide(work, Rulebook.SURVEYS, {"on": True, "channels": ["email"]}, by=SYSTEM, at=desk.clock())
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.resolves(number, "Delivered at 10:40")
    await told(desk)
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    await told(desk)

    text = notices_to(desk, ANA)[0]
    link = re.search(r"/survey/\S+", text)
    assert link is not None, text
    async with http.post(address + link.group(), data={"csat": "4"}) as page:
        assert "Thank you" in await page.text()
    assert "CaseRated by customer" in await desk.timeline(number)
    await told(desk, minutes=600)
    assert len(notices_to(desk, ANA)) == 2


async def test_who_is_known_in_the_chat_alone_is_asked_there(desk: Desk) -> None:
    async with desk.house.database.unit_of_work() as work:
        await decide(work, Rulebook.SURVEYS, {"on": True}, by=SYSTEM, at=desk.clock())
    ana, marcus, number = await opens_and_leaves(desk, proved=False)
    await marcus.resolves(number, "Delivered at 10:40")
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    await told(desk)
    assert ("survey", "told", "chat") in await whys(desk, number)
    assert "SurveyAsked by system" in await desk.timeline(number)

    await ana.hears()
    assert f"**{number}**" in ana.heard
    await ana.says("4")
    await ana.says("2")
    assert "Thank you" in ana.heard
    row = (await desk.case(number)).row
    assert "CaseRated by customer" in await desk.timeline(number)
    async with desk.house.database.snapshot() as snapshot:
        asked = await snapshot.first(sa.select(surveys).where(surveys.c.case_id == row.id))
    assert asked is not None
    assert (asked.channel, asked.case_channel, asked.csat, asked.effort) == ("webchat", "webchat", 4, 2)


async def test_nobody_is_asked_in_a_chat_that_the_rules_leave_out(desk: Desk) -> None:
    async with desk.house.database.unit_of_work() as work:
        await decide(work, Rulebook.SURVEYS, {"on": True, "channels": ["email"]}, by=SYSTEM, at=desk.clock())
    _, marcus, number = await opens_and_leaves(desk, proved=False)
    await marcus.resolves(number, "Delivered at 10:40")
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    await told(desk)
    assert ("survey", "dropped", "not_asked") in await whys(desk, number)


async def test_choosing_on_the_page(desk: Desk, pages: tuple[ClientSession, str]) -> None:
    http, address = pages
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    await told(desk)
    text = notices_to(desk, ANA)[0]
    page = next(found.group() for found in LINK.finditer(text) if found.group(1) == "preferences")
    chosen = {"way": "email", "kinds": "resolved", "digest": "at_once", "zone": "Europe/Berlin", "language": "de"}

    async with http.post(address + page, data={**chosen, "zone": "Atlantis"}) as slip:
        assert slip.status == 422
    async with http.post(address + page, data=chosen) as saved:
        assert "Ihre Wahl ist gespeichert." in await saved.text()
    await marcus.replies(number, "Nobody reads this by mail.")
    await marcus.resolves(number, "Delivered at 10:40")
    await told(desk)

    newest, *rest = notices_to(desk, ANA)
    assert len(rest) == 1
    assert f"Fall {number} ist gelöst" in newest
    assert "Nobody reads this" not in newest


@pytest.mark.parametrize("token", ["", "x", "A" * 47, "é", "A" * 500, "%00"])
async def test_links_that_were_made_up_lead_nowhere(desk: Desk, pages: tuple[ClientSession, str], token: str) -> None:
    http, address = pages
    for page in ("stop", "preferences"):
        for ask in (http.get, http.post):
            async with ask(f"{address}/notices/{page}/{token}") as answer:
                assert answer.status == 404


async def test_a_link_is_good_for_one_purpose(desk: Desk, pages: tuple[ClientSession, str]) -> None:
    http, address = pages
    _, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "It is on the van.")
    await told(desk)
    for found in LINK.finditer(notices_to(desk, ANA)[0]):
        other = {"stop": "preferences", "preferences": "stop"}[found.group(1)]
        async with http.get(address + found.group().replace(found.group(1), other)) as page:
            assert page.status == 404


async def rings(desk: Desk, subject: str, **told: Any) -> str:
    """Marcus takes down what somebody says on the telephone; the number of the case."""
    marcus = await desk.agent("Marcus")
    department = min(marcus.agent.departments)
    opening = Opening(subject=subject, description=subject, department=department, channel="telephone", **told)
    async with desk.house.database.unit_of_work() as work:
        case = await take_down(work, opening, key="the-call", by=marcus.agent.actor, at=desk.clock())
    await desk.settle()
    return case.number


async def ana_id(desk: Desk) -> UUID:
    async with desk.house.database.snapshot() as snapshot:
        (ana,) = await Contacts(snapshot).by_identity("email", ANA)
    return ana.id


async def test_who_rang_gets_the_number_by_mail_at_the_address_on_file(desk: Desk) -> None:
    number = await rings(desk, "Our bread never came", contact_id=await ana_id(desk))
    await told(desk)
    await told(desk)

    (text,) = notices_to(desk, ANA)
    assert f"What you told us is case {number} now. You will hear from us by" in text
    assert await whys(desk, number) == [("promise", "told", "email")]


async def test_who_only_claims_an_address_is_told_nothing_there(desk: Desk) -> None:
    number = await rings(desk, "Our bread never came", claimed={"name": "Ana", "email": ANA})
    await told(desk)

    assert notices_to(desk, ANA) == []
    assert await whys(desk, number) == [("promise", "dropped", "unproved")]


async def test_who_wants_nothing_does_not_hear_the_number_either(desk: Desk) -> None:
    holder = Holder.from_json({"kind": "contact", "id": str(await ana_id(desk))})
    async with desk.house.database.unit_of_work() as work:
        no_more = wishes_from_json({"way": "none", "zone": "Europe/London"})
        await Preferences(work, zone="UTC").change(holder, no_more, by=SYSTEM, source="test", at=desk.clock())
    await rings(desk, "Our bread never came", contact_id=holder.id)
    await told(desk)

    assert notices_to(desk, ANA) == []


async def test_a_case_that_was_solved_while_they_rang_is_told_as_solved(desk: Desk) -> None:
    number = await rings(desk, "Our bread never came", contact_id=await ana_id(desk))
    await (await desk.agent("Marcus")).resolves(number, "It is at the back door.")
    await told(desk)

    (text,) = notices_to(desk, ANA)
    assert f"Case {number} was resolved:" in text
    assert await whys(desk, number) == [("promise", "dropped", "untrue"), ("resolved", "told", "email")]
