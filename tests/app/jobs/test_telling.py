"""Notices on a real database: each fact planned once, each notice gone once, and a way that fails is not the end."""

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.given_up import given_up, lost_alone
from app.jobs.last_look import LastLook
from app.jobs.late_mail import late_mail
from app.jobs.notice_words import not_told, stop_button
from app.jobs.telling import CustomerNotices
from bot.dialogs.state import load_state
from bot.dialogs.survey import ask_unasked
from bot.replies.catalogue import load_catalogue
from caseengine.activities import after
from caseengine.cases import history
from caseengine.conversations import find_conversation
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import DeliveryGivenUp, NoteAdded
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.notices import notices_of
from caseengine.operations import open_conversation
from caseengine.operations.answering import reply
from caseengine.operations.coming_back import mail_came_back
from caseengine.operations.ending import close, resolve
from caseengine.operations.sending import Telling
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import case_events, cursors, surveys
from caseengine.tables import conversations as conversations_table
from caseengine.telling import CustomerNotice, notices_about
from channels.protocol import DeliveryFailed, Receipt
from customers.assurance import Assurances
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.preferences import Holder, HolderKind, Preferences
from customers.proved import prove_case_address
from customers.tables import notice_consents
from customers.wishes import Way, Wishes
from storage.engine import Database
from storage.errors import Conflict
from storage.outbox import Outbox, OutboxRow
from storage.tables import outbox
from storage.transaction import Snapshot
from tests.caseengine.office import Office, when

SECRET = b"s" * 32
WORDS = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="The desk").words


class Clock:
    def __init__(self) -> None:
        self.at = when("Mon 08:59")

    def __call__(self) -> datetime:
        return self.at


async def everybody_alone(snapshot: Snapshot, conversations: Sequence[UUID]) -> set[UUID]:
    """Every conversation in Teams is one with the bot alone."""
    here = conversations_table.c
    mine = sa.select(here.id).where(here.id.in_(conversations), here.channel == "teams")
    return {row.id for row in await snapshot.rows(mine)}


@dataclasses.dataclass
class Street:
    """An office, a customer with a mailbox and Teams, and the jobs between them."""

    office: Office
    clock: Clock
    telling: Telling
    contact: UUID
    refuse: dict[str, DeliveryFailed] = dataclasses.field(default_factory=dict)
    sent: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.office.database

    def job(self) -> CustomerNotices:
        return CustomerNotices(self.database, self.clock, self.telling)

    async def case(self, **opening: Any) -> Case:
        return (await self.office.handed_over(**{"contact_id": self.contact, **opening}))[1]

    async def replies(self, case: Case, text: str, at: str, key: str = "") -> None:
        self.clock.at = when(at)
        key = key or uuid4().hex
        await self.office.do(reply, case.number, text, key=key, by=self.office.mo.actor, at=when(at))

    async def solves_by_itself(self, case: Case, at: str) -> None:
        """No agent has a hand in it."""
        self.clock.at = when(at)
        solved = Resolution(ResolutionCode.SOLVED, "It came by itself.")
        await self.office.do(resolve, case.number, solved, by=SYSTEM, at=when(at))

    async def tells(self, *, minutes: float = 3) -> None:
        await self.job().run()
        self.clock.at += timedelta(minutes=minutes)
        await self.job().run()
        await self.delivers()

    async def delivers(self) -> None:
        look = LastLook(self.database, self.clock, self.telling)

        async def send(row: OutboxRow) -> Receipt:
            if row.topic == "deliver" and not await look.still_said(row.payload):
                return Receipt("test", {"skipped": True})
            if row.payload.get("batch") and not await look.leaves(UUID(row.payload["batch"]), row.payload["to"]):
                return Receipt("test", {"skipped": True})
            name = "mail" if row.topic == "mail" else row.payload["channel"]
            if name in self.refuse:
                raise self.refuse[name]
            self.sent.append({"by": name, **row.payload})
            return Receipt("test", {})

        told = given_up(WORDS, self.clock, self.telling.reached_alone), lost_alone(WORDS, self.clock)
        sends, late = {"mail": send, "deliver": send}, late_mail(WORDS, self.clock)
        await Delivery(self.database, self.clock, sends, *told, late=late).run()

    async def hours_pass(self, hours: int) -> None:
        for _ in range(hours):
            self.clock.at += timedelta(hours=1)
            await self.delivers()
            await self.job().run()

    async def notices(self, case: Case) -> list[CustomerNotice]:
        return list(await self.office.see(notices_about, case.id))

    async def said(self, case: Case) -> list[NoteAdded]:
        """The notes on a case."""
        return [one for one in await self.office.see(history, case.id) if isinstance(one, NoteAdded)]

    def by(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.sent if one["by"] == name]

    async def in_teams(self) -> UUID:
        """The customer has a conversation in Teams, and Teams says who they are."""
        conversation, at = uuid4(), when("Mon 08:00")
        await self.office.do(open_conversation, id=conversation, channel="teams", visitor="29:x", locale="en", at=at)
        async with self.database.unit_of_work() as work:
            await Assurances(work).vouch(conversation, self.contact, "teams", at=at)
        return conversation

    async def wish(self, wishes: Wishes) -> None:
        async with self.database.unit_of_work() as work:
            holder = Holder(HolderKind.CONTACT, self.contact)
            await Preferences(work, zone="UTC").change(holder, wishes, by=SYSTEM, source="test", at=self.clock())


@pytest.fixture
async def street(any_database: Database) -> Street:
    office, clock, contact = Office(any_database), Clock(), uuid4()
    await office.furnish()
    since = when("Mon 08:00")
    known = Identity(IdentityKind.EMAIL, "ana@shop.example", "import", since)
    claimed = Identity(IdentityKind.EMAIL, "other@shop.example", "chat", when("Mon 08:30"), on_file=False)
    async with any_database.unit_of_work() as work:
        Contacts(work).add(Contact(contact, "Ana", "de", (known, claimed)))
    catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="The desk")
    telling = Telling(
        zone="Europe/London",
        secret=SECRET,
        seen=lambda conversation, place: False,
        words=lambda items, at: " / ".join(f"{item['number']}: {' '.join(item.get('lines', ()))}" for item in items),
        reached_alone=everybody_alone,
        notes=not_told(catalogue.words),
        stop_button=stop_button(catalogue.words),
        ask=partial(ask_unasked, catalogue),
    )
    found = Street(office, clock, telling, contact)
    await found.job().run()
    return found


async def test_a_mail_goes_to_the_address_on_file_in_the_contacts_language(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()

    (mail,) = street.by("mail")
    assert (mail["to"], mail["template"], mail["language"]) == ("ana@shop.example", "notice", "de")
    assert mail["params"]["items"][0]["lines"] == ["At noon."]
    assert mail["case_id"] == str(case.id)
    assert SECRET.hex() not in str(mail)
    assert "url" not in str(mail["params"]["items"]), "links are made where the mail is written"


async def test_a_mail_server_that_is_down_over_a_weekend_costs_time_and_no_words(street: Street) -> None:
    case = await street.case()
    street.refuse["mail"] = DeliveryFailed("no connection", retry=True)
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    await street.hours_pass(70)

    assert [one.text for one in await street.said(case)] == [WORDS["mail.note_late"]]
    street.refuse.clear()
    await street.hours_pass(5)
    assert [mail["to"] for mail in street.by("mail")] == ["ana@shop.example"]
    assert [notice.state for notice in await street.notices(case)] == ["told"]


@pytest.mark.parametrize(
    ("failed", "line", "state", "agents_hear"),
    [
        (
            DeliveryFailed("no connection", retry=True),
            "mail.note_not_sent",
            "dropped",
            ["delivery_given_up", "customer_not_told"],
        ),
        (DeliveryFailed("lost after DATA", ambiguous=True), "mail.note_doubted", "told", ["delivery_doubted"]),
    ],
)
async def test_a_notice_that_ends_undelivered_is_a_fact_of_its_case_and_told_to_who_has_it(
    street: Street, failed: DeliveryFailed, line: str, state: str, agents_hear: list[str]
) -> None:
    case = await street.case()
    street.refuse["mail"] = failed
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    await street.hours_pass(24 * 5 + 6)

    lost = WORDS[line].format(address="ana@shop.example", reason=failed.reason)
    assert lost in [one.text for one in await street.said(case)]
    assert [notice.state for notice in await street.notices(case)] == [state]
    assert sorted(told.kind for told in await street.office.see(notices_of, street.office.mo)) == sorted(agents_hear)


async def test_two_workers_tell_once(street: Street) -> None:
    cases = [await street.case() for _ in range(5)]
    for case in cases:
        await street.replies(case, "At noon.", "Mon 10:00")

    async def worker() -> None:
        job = street.job()
        for _ in range(6):
            try:
                await job.run()
            except Conflict:
                await asyncio.sleep(0)

    await asyncio.gather(worker(), worker(), worker())
    street.clock.at += timedelta(minutes=3)
    await asyncio.gather(worker(), worker(), worker())
    await street.delivers()

    items = [item["number"] for mail in street.by("mail") for item in mail["params"]["items"]]
    assert sorted(items) == sorted(case.number for case in cases)
    for case in cases:
        assert [notice.state for notice in await street.notices(case)] == ["told"]
        await street.office.rows_equal_fold(case)


async def test_what_happened_before_the_desk_told_anybody_is_not_told(street: Street) -> None:
    await street.database.run(_never_told_anybody)
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    street.clock.at = when("Mon 12:00")
    await street.tells()
    assert street.by("mail") == []


async def test_a_mail_that_is_refused_goes_on_in_teams(street: Street) -> None:
    conversation, case = await street.in_teams(), await street.case()
    street.refuse["mail"] = DeliveryFailed("550 no such mailbox")
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    assert [notice.tried for notice in await street.notices(case)] == [(Way.EMAIL,)]
    await street.tells()
    await street.delivers()

    (said,) = street.by("teams")
    assert said["conversation"] == str(conversation)
    (notice,) = await street.notices(case)
    assert (notice.state, notice.way) == ("told", "teams")
    log = await street.office.see(after, conversation, 0)
    assert log[-1].body["text"] == f"{case.number}: At noon."
    there = await street.office.see(find_conversation, conversation)
    assert there is not None
    assert case.id in there.cases, "what they answer there finds its case"


async def test_teams_first_then_mail_then_nobody(street: Street) -> None:
    await street.in_teams()
    await street.wish(Wishes(way=Way.TEAMS))
    case = await street.case()
    street.refuse |= {"teams": DeliveryFailed("403"), "mail": DeliveryFailed("550")}
    await street.replies(case, "At noon.", "Mon 10:00")
    for _ in range(4):
        await street.tells()

    (notice,) = await street.notices(case)
    assert (notice.state, notice.why, set(notice.tried)) == ("dropped", "unreachable", {Way.TEAMS, Way.EMAIL})
    assert (street.by("teams"), street.by("mail")) == ([], [])


async def test_what_may_have_been_taken_goes_no_other_way(street: Street) -> None:
    await street.in_teams()
    case = await street.case()
    street.refuse["mail"] = DeliveryFailed("lost after DATA", ambiguous=True)
    await street.replies(case, "At noon.", "Mon 10:00")
    for _ in range(3):
        await street.tells()
    assert street.by("teams") == []
    assert [notice.state for notice in await street.notices(case)] == ["told"]


async def test_a_mail_that_comes_back_later_goes_on_in_teams(street: Street) -> None:
    await street.in_teams()
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    batch = UUID(street.by("mail")[0]["batch"])
    async with street.database.unit_of_work() as work:
        await mail_came_back(work, batch, at=street.clock())
    await street.tells()
    assert len(street.by("teams")) == 1


async def test_an_agents_words_that_teams_does_not_take_go_by_mail(street: Street) -> None:
    conversation = await street.in_teams()
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.office.hand_over(conversation, case)
    street.refuse["teams"] = DeliveryFailed("403")
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    await street.tells()

    (mail,) = street.by("mail")
    assert mail["params"]["items"][0]["lines"] == ["At noon."]
    assert [notice.tried for notice in await street.notices(case)] == [(Way.TEAMS,)]


async def lost(street: Street, case: Case) -> list[Any]:
    return [one for one in await street.office.see(history, case.id) if isinstance(one, DeliveryGivenUp)]


@pytest.mark.parametrize(("way", "goes_on"), [(Way.EMAIL, True), (Way.CHAT, False), (None, False)])
async def test_words_that_did_not_arrive_say_whether_they_go_another_way(
    street: Street, way: Way | None, goes_on: bool
) -> None:
    conversation = await street.in_teams()
    await street.wish(Wishes(way=way))
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.office.hand_over(conversation, case)
    await street.delivers()
    street.refuse["teams"] = DeliveryFailed("403")
    await street.replies(case, "At noon.", "Mon 10:00", key="noon")
    await street.delivers()

    assert [one.another_way for one in await lost(street, case) if one.key == "noon"] == [goes_on]
    await street.tells()
    assert len(street.by("mail")) == goes_on


async def test_words_that_have_gone_another_way_when_they_are_lost_say_so(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00", key="noon")
    street.refuse["webchat"] = DeliveryFailed("away", retry=True)
    await street.tells()
    assert len(street.by("mail")) == 1
    street.refuse["webchat"] = DeliveryFailed("403")
    street.clock.at += timedelta(hours=1)
    await street.delivers()
    assert [one.another_way for one in await lost(street, case) if one.key == "noon"] == [True]


async def test_what_cannot_go_another_way_for_a_fault_is_seen_all_the_same(street: Street) -> None:
    conversation = await street.in_teams()
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.office.hand_over(conversation, case)
    other = await street.office.report_in(conversation, contact_id=street.contact)
    await street.delivers()
    street.refuse["teams"] = DeliveryFailed("403")
    await street.replies(case, "At noon.", "Mon 10:00", key="noon")
    async with street.database.unit_of_work() as work:  # as a release that came later, and went, may leave it
        work.write(sa.update(case_events).where(case_events.c.case_id == other.id).values(kind="Unheard"))
    await street.delivers()

    assert [one.key for one in await lost(street, case)] == ["noon"]
    (told,) = [one for one in await street.office.see(notices_of, street.office.mo) if one.number == case.number]
    assert told.kind == "delivery_given_up"


async def closes_in_silence(street: Street, case: Case) -> None:
    async with street.database.unit_of_work() as work:
        await decide(work, Rulebook.SURVEYS, {"on": True}, by=SYSTEM, at=street.clock())
    await street.solves_by_itself(case, "Mon 10:00")
    await street.tells()
    street.clock.at = when("Sat 10:00")
    await street.office.do(close, case.number, by=SYSTEM, at=street.clock())
    await street.tells()


async def asked(street: Street, case: Case, conversation: UUID) -> tuple[str, str, str, int]:
    """How it was asked, where the case was, and what the bot waits for there, of how many words."""
    async with street.database.snapshot() as snapshot:
        (row,) = await snapshot.rows(sa.select(surveys).where(surveys.c.case_id == case.id))
        state = await load_state(snapshot, conversation)
    assert state.top is not None
    assert state.top.slots == {"survey": str(row.id)}
    *_, closed, question = await street.office.see(after, conversation, 0)
    assert case.number in closed.body["text"]
    return row.channel, row.case_channel, f"{state.top.dialog}.{state.top.step}", len(question.body["choices"])


async def test_who_likes_teams_is_asked_there_when_a_case_closes_in_silence(street: Street) -> None:
    teams = await street.in_teams()
    await street.wish(Wishes(way=Way.TEAMS))
    case = await street.case()
    await closes_in_silence(street, case)
    assert await asked(street, case, teams) == ("teams", "webchat", "survey.take_csat", 5)
    assert ("survey", "told", "teams") in [(one.kind, one.state, one.way) for one in await street.notices(case)]
    await street.tells()
    assert len(street.by("mail")) == 0


async def test_whom_nothing_else_reaches_is_asked_in_the_chat(street: Street) -> None:
    conversation, case = await street.office.handed_over()
    await closes_in_silence(street, case)
    assert await asked(street, case, conversation) == ("webchat", "webchat", "survey.take_csat", 5)
    assert street.by("mail") == []


async def test_nobody_is_asked_where_the_rules_do_not_ask(street: Street) -> None:
    _, case = await street.office.handed_over()
    await closes_in_silence(street, case)
    async with street.database.unit_of_work() as work:
        await decide(work, Rulebook.SURVEYS, {"on": True, "channels": ["teams"]}, by=SYSTEM, at=street.clock())
    _, other = await street.office.handed_over()
    await street.solves_by_itself(other, "Sat 11:00")
    await street.office.do(close, other.number, by=SYSTEM, at=when("Sat 12:00"))
    street.clock.at = when("Sat 12:00")
    await street.tells()
    assert [(one.state, one.why) for one in await street.notices(other) if one.kind == "survey"] == [
        ("dropped", "not_asked")
    ]


async def test_on_a_channel_that_brings_it_nothing_is_told_twice(street: Street) -> None:
    conversation = await street.in_teams()
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.office.hand_over(conversation, case)
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    assert len(street.by("teams")) == 1
    assert await street.notices(case) == []


async def test_a_newcomers_address_counts_once_a_code_came_back(street: Street) -> None:
    case = await street.case(contact_id=None, reply_address="new@home.example")
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.tells()
    assert street.by("mail") == []
    async with street.database.unit_of_work() as work:
        await prove_case_address(work, case.id, at=street.clock())
    await street.replies(case, "At one.", "Mon 11:00")
    await street.tells()

    (mail,) = street.by("mail")
    assert mail["to"] == "new@home.example"
    assert mail["params"]["holder"] == {"kind": "case", "id": str(case.id)}
    assert [(notice.state, notice.why) for notice in await street.notices(case)] == [
        ("dropped", "unproved"),
        ("told", ""),
    ]


async def test_two_cases_travel_together(street: Street) -> None:
    one, other = await street.case(), await street.case()
    await street.replies(one, "At noon.", "Mon 10:00")
    await street.replies(other, "At one.", "Mon 10:01")
    await street.tells(minutes=1.5)

    (mail,) = street.by("mail")
    assert [item["number"] for item in mail["params"]["items"]] == [one.number, other.number]
    assert (mail["params"]["cases"], "case_id" in mail) == (2, False)


async def test_a_fault_holds_up_nobody_else(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.job().run()

    def broken(conversation: UUID, place: int) -> bool:
        raise RuntimeError

    whole = street.telling
    street.telling = dataclasses.replace(whole, seen=broken)
    await street.tells()
    assert [notice.state for notice in await street.notices(case)] == ["planned"]
    street.telling = whole
    await street.tells(minutes=11)
    assert len(street.by("mail")) == 1


async def test_who_wished_what_and_when_is_kept(street: Street) -> None:
    await street.wish(Wishes(way=Way.TEAMS))
    await street.wish(Wishes(way=Way.TEAMS))
    await street.wish(Wishes(way=None))
    async with street.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(notice_consents).order_by(notice_consents.c.at))
    assert sorted(row.wishes["way"] for row in rows) == ["none", "teams"]
    assert {row.source for row in rows} == {"test"}


async def test_giving_up_is_recorded_even_when_nothing_can_be_done_about_it(street: Street) -> None:
    async with street.database.unit_of_work() as work:
        Outbox(work).deliver("mail", "x", {"to": "ana@shop.example", "batch": "nonsense"}, at=street.clock())
    street.refuse["mail"] = DeliveryFailed("550")
    await street.delivers()
    async with street.database.snapshot() as snapshot:
        states = await snapshot.rows(sa.select(outbox.c.state).where(outbox.c.topic == "mail"))
    assert [row.state for row in states] == ["failed"]


def _never_told_anybody(connection: sa.Connection) -> None:
    with connection.begin():
        connection.execute(sa.delete(cursors))


async def test_s18_an_address_gets_five_automatic_mails_an_hour_and_the_rest_waits(street: Street) -> None:
    cases = [await street.case() for _ in range(8)]
    for place, case in enumerate(cases):
        await street.solves_by_itself(case, f"Mon 10:{place * 5:02}")
        await street.tells()
    assert len(street.by("mail")) == 5

    street.clock.at = when("Mon 11:04")  # an hour after the first went
    await street.tells()
    told = [item["number"] for mail in street.by("mail") for item in mail["params"]["items"]]
    assert (len(street.by("mail")), sorted(told)) == (6, sorted(case.number for case in cases))


async def test_what_an_agent_says_neither_waits_for_the_limit_nor_counts(street: Street) -> None:
    cases = [await street.case() for _ in range(8)]
    for place, case in enumerate(cases):
        await street.replies(case, "At noon.", f"Mon 10:{place * 5:02}")
        await street.tells()
    assert len(street.by("mail")) == 8

    await street.solves_by_itself(cases[0], "Mon 10:50")
    await street.tells()
    assert len(street.by("mail")) == 9
