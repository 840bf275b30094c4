"""Whoever is told in a conversation says there that it is enough, by a button or a word, and takes it back there."""

from typing import Any

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.operations.opening import Opening, open_case
from caseengine.operations.sending import holder_of
from caseengine.operations.wishing import wish
from customers.assurance import Assurances
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.preferences import Holder, HolderKind, Preferences
from customers.tables import notice_consents
from customers.wishes import Wishes
from tests.channels.teams.peer import conversation
from tests.desk import Desk, Worker
from tests.stories import test_teams
from tests.stories.test_notices import ANA, notices_to, opens_and_leaves, told
from tests.stories.test_teams import Megan

megan = test_teams.megan
STOP = "Stop notices"


async def has_a_case_elsewhere(megan: Megan) -> tuple[str, Worker]:
    """One that somebody opened for her, of which there is no conversation."""
    await megan.says("hello")
    about: Any = {"subject": "Freezer warm", "description": "It thaws", "department": "deliveries"}
    async with megan.desk.house.database.unit_of_work() as work:
        proved = await Assurances(work).of(conversation(), at=megan.desk.clock())
        opening = Opening(**about, contact_id=proved.contact_id)
        number = (await open_case(work, opening, by=SYSTEM, at=megan.desk.clock())).number
    marcus = await megan.desk.agent("Marcus")
    await marcus.takes(number)
    await megan.desk.house.notices.run()
    return number, marcus


async def is_told(megan: Megan, number: str, marcus: Worker, text: str) -> str:
    """What she reads of an agent's words."""
    await marcus.replies(number, text)
    await megan.desk.house.notices.run()
    megan.desk.clock.passes(minutes=3)
    await megan.desk.house.notices.run()
    await megan.hears()
    return megan.heard


def stop_button(megan: Megan) -> dict[str, Any]:
    cards = [card["content"] for one in megan.last for card in one.get("attachments", ())]
    return next(act for card in cards for act in card["actions"] if act["title"] == STOP)


async def presses(megan: Megan, button: dict[str, Any]) -> Any:
    value = {"action": {"verb": button["verb"], "data": button["data"]}}
    return await megan.does("invoke", name="adaptiveCard/action", value=value, replyToId="1")


async def test_one_press_below_a_notice_in_teams_and_nothing_more_comes_until_they_say_so(megan: Megan) -> None:
    number, marcus = await has_a_case_elsewhere(megan)
    assert "At noon." in await is_told(megan, number, marcus, "At noon.")
    button = stop_button(megan)

    answered = await presses(megan, button)
    assert STOP in str(answered["value"]["body"])
    assert answered["value"]["actions"] == [], "answered in its place, with nothing left to press"
    assert "you get no more notices" in megan.heard
    assert "Notices again" in megan.offered
    await presses(megan, button)
    assert await is_told(megan, number, marcus, "At one.") == ""

    await megan.says("notices again")
    assert "news about your cases again" in megan.heard
    assert "At two." in await is_told(megan, number, marcus, "At two.")
    async with megan.desk.house.database.snapshot() as snapshot:
        kept = await snapshot.rows(sa.select(notice_consents).order_by(notice_consents.c.at))
    assert [(one.wishes["way"], one.source) for one in kept] == [("none", "teams"), ("teams", "teams")]


async def test_a_word_is_enough_whatever_the_bot_had_asked(megan: Megan) -> None:
    number, marcus = await has_a_case_elsewhere(megan)
    await megan.says("Please open a case: our bread delivery never came")
    asked = megan.heard
    await megan.says("stop notices")
    assert "you get no more notices" in megan.heard
    assert await is_told(megan, number, marcus, "At one.") == ""
    await megan.opens("Deliveries")
    assert (asked != "", megan.number != number) == (True, True)


async def test_a_stop_in_teams_says_nothing_about_whose_mail_it_is(megan: Megan) -> None:
    """She is who Teams says, and whether she reads the mail of an address is not known from that."""
    await megan.says("hello")
    address = "megan@shop.example"
    async with megan.desk.house.database.unit_of_work() as work:
        contact = (await Assurances(work).of(conversation(), at=megan.desk.clock())).contact_id
        assert contact is not None
        before = await Contacts(work).get(contact)
        mail = Identity(IdentityKind.EMAIL, address, "import", megan.desk.clock())
        after = Contact(before.id, before.name, before.language, (*before.identities, mail))
        Contacts(work).correct(before, after, by=SYSTEM, source="import", at=megan.desk.clock())
    await megan.says("Stop notices")

    async with megan.desk.house.database.snapshot() as snapshot:
        preferences = Preferences(snapshot, zone="UTC")
        theirs = (await preferences.of(Holder(HolderKind.CONTACT, contact))).wishes
        assert (theirs.way, await preferences.stopped(address)) == (None, False)


async def test_in_the_chat_the_word_ends_the_mails_and_begins_them_again(desk: Desk) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    await ana.says("Stop notices")
    assert "you get no more notices" in ana.heard
    desk.clock.passes(minutes=5)
    await marcus.replies(number, "At noon.")
    await told(desk)
    assert notices_to(desk, ANA) == []

    await ana.says("Notices again")
    assert "news about your cases again" in ana.heard
    desk.clock.passes(minutes=5)
    await marcus.replies(number, "At one.")
    await told(desk)
    (mail,) = notices_to(desk, ANA)
    assert ("At one." in mail, "At noon." in mail) == (True, False)


async def test_who_has_not_shown_who_they_are_changes_nothing(desk: Desk) -> None:
    visitor = await desk.visitor()
    await visitor.says("Stop notices.")
    assert "I have to know who you are" in visitor.heard
    async with desk.house.database.snapshot() as snapshot:
        assert await snapshot.rows(sa.select(notice_consents)) == []


async def test_what_was_stopped_by_who_reads_the_mail_is_not_taken_back_in_the_chat_and_that_is_said(
    desk: Desk,
) -> None:
    ana, marcus, number = await opens_and_leaves(desk)
    async with desk.house.database.unit_of_work() as work:
        holder = holder_of(await Cases(work).get(number))
        by: dict[str, Any] = {"by": Actor(ActorKind.CUSTOMER, "link"), "source": "link", "at": desk.clock()}
        await wish(work, holder, Wishes.nothing, zone="UTC", **by)
    await ana.says("Notices again")
    assert "whoever reads your mail said" in ana.heard
    desk.clock.passes(minutes=5)
    await marcus.replies(number, "At one.")
    await told(desk)
    assert notices_to(desk, ANA) == []


async def test_whoever_has_the_conversation_is_told_too(desk: Desk) -> None:
    """The bot says that it is done, for else nobody would; and it is no secret from the person they talk with."""
    ana, marcus, number = await opens_and_leaves(desk)
    await marcus.replies(number, "Hello, this is Marcus.")
    await ana.says("Stop notices")
    assert "you get no more notices" in ana.heard
    assert "CustomerWrote by customer" in await desk.timeline(number)
