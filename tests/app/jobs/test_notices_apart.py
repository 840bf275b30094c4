"""One notice that cannot go as it is takes no other along: a file that is gone, a batch that its server refuses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.jobs.notice_words import notice_words
from bot.replies.catalogue import load_catalogue
from caseengine.activities import after
from caseengine.files import read_file
from caseengine.model.case import Case
from caseengine.operations.merging import merge, unmerge
from caseengine.tables import case_events, files
from channels.email.smtp import Refused
from channels.protocol import DeliveryFailed
from customers.wishes import Way, Wishes
from tests.app.jobs import test_telling
from tests.app.jobs.test_notice_files import is_told, received, sends
from tests.app.jobs.test_telling import WORDS, Street
from tests.caseengine.office import when

street = test_telling.street
INVOICE = ("invoice.pdf", b"%PDF")


async def said_where_the_case_is_no_more(street: Street) -> tuple[Case, Case]:
    """Two cases with something to tell; the file of the first lies in a conversation that left with an unmerge."""
    one, other, third = await street.case(), await street.case(), await street.case()
    mo = street.office.mo.actor
    await street.office.do(merge, one.number, other.number, by=mo, at=when("Mon 09:30"))
    await sends(street, other, "Here is your invoice.", "Mon 10:00", INVOICE)
    await street.job().run()
    await street.office.do(unmerge, one.number, by=mo, at=when("Mon 10:01"))
    await street.replies(third, "Another case.", "Mon 10:01")
    return other, third


async def is_gone(street: Street) -> None:
    """All files of conversations, as where somebody asked to be forgotten."""
    async with street.database.unit_of_work() as work:
        work.write(sa.delete(files))


async def states(street: Street, *cases: Case) -> list[tuple[str, str]]:
    return [(one.state, one.way) for case in cases for one in await street.notices(case)]


async def test_a_file_goes_by_mail_though_its_conversation_is_not_the_cases_any_more(street: Street) -> None:
    cases = await said_where_the_case_is_no_more(street)
    await is_told(street)

    ((text, enclosed),) = await received(street)
    assert ("Here is your invoice." in text, "Another case." in text) == (True, True)
    assert enclosed == dict([INVOICE])
    assert await states(street, *cases) == [("told", "email")] * 2


async def test_a_file_goes_to_teams_though_its_conversation_is_not_the_cases_any_more(street: Street) -> None:
    teams = await street.in_teams()
    await street.wish(Wishes(way=Way.TEAMS))
    cases = await said_where_the_case_is_no_more(street)
    await is_told(street)

    said = (await street.office.see(after, teams, 0))[-1].body
    there = await street.office.see(read_file, teams, UUID(said["attachments"][0]["id"]))
    assert there is not None
    assert there[1] == b"%PDF"
    assert await states(street, *cases) == [("told", "teams")] * 2


async def test_a_file_that_is_gone_when_the_mail_leaves_is_a_line_in_its_words(street: Street) -> None:
    case = await street.case()
    await sends(street, case, "Here", "Mon 10:00", INVOICE)
    await is_told(street)
    await is_gone(street)

    ((text, enclosed),) = await received(street)
    assert "Nicht mehr vorhanden und deshalb nicht angehängt: invoice.pdf" in text
    assert ("Angehängt" in text, enclosed) == (False, {})


@pytest.mark.parametrize("way", [Way.EMAIL, Way.TEAMS])
async def test_a_file_that_is_gone_when_it_is_told_is_a_line_in_the_words(street: Street, way: Way) -> None:
    catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="The desk")
    street.telling = replace(street.telling, words=notice_words(catalogue))
    teams, case = await street.in_teams(), await street.case()
    await street.wish(Wishes(way=way, language="en"))
    await sends(street, case, "Here", "Mon 10:00", INVOICE)
    await is_gone(street)
    await is_told(street)

    line = WORDS["notice.files_gone"].format(files="invoice.pdf")
    if way is Way.EMAIL:
        ((text, _),) = await received(street)
    else:
        text = (await street.office.see(after, teams, 0))[-1].body["text"]
    assert ("Here" in text, line in text) == (True, True)


async def test_a_notice_that_cannot_be_told_for_a_fault_holds_up_no_other(street: Street) -> None:
    broken, sound = await street.case(), await street.case()
    await street.replies(broken, "At one.", "Mon 10:00")
    await street.replies(sound, "At noon.", "Mon 10:00")
    await street.job().run()
    async with street.database.unit_of_work() as work:  # as a release that came later, and went, may leave it
        work.write(sa.update(case_events).where(case_events.c.case_id == broken.id).values(kind="Unheard"))
    street.clock.at = when("Mon 10:05")
    await street.job().run()

    assert await states(street, sound) == [("told", "email")]
    (notice,) = await street.notices(broken)
    assert (notice.state, notice.due_at) == ("planned", when("Mon 10:15"))


def numbers(sent: list[dict[str, Any]]) -> list[list[str]]:
    return [[item["number"] for item in mail["params"]["items"]] for mail in sent]


async def two_are_refused(street: Street, failed: DeliveryFailed) -> list[Case]:
    cases = [await street.case(), await street.case()]
    for case in cases:
        await street.replies(case, "At noon.", "Mon 10:00")
    street.refuse["mail"] = failed
    await street.tells()
    street.refuse.clear()
    street.clock.at += timedelta(minutes=1)
    await street.job().run()
    return cases


async def test_what_is_refused_together_is_tried_each_alone(street: Street) -> None:
    cases = await two_are_refused(street, DeliveryFailed("554 not this"))
    await street.delivers()

    assert sorted(numbers(street.by("mail"))) == sorted([case.number] for case in cases)
    assert [await street.said(case) for case in cases] == [[], []]
    assert await states(street, *cases) == [("told", "email")] * 2


async def test_the_one_that_is_refused_alone_failed_itself(street: Street) -> None:
    one, other = await two_are_refused(street, DeliveryFailed("554 not this"))
    street.refuse["mail"] = DeliveryFailed("554 not this")
    await street.delivers()
    await street.job().run()
    assert await states(street, one, other) == [("dropped", "")] * 2
    assert [notice.why for notice in await street.notices(one)] == ["unreachable"]


async def test_where_it_is_the_address_that_is_refused_none_is_tried_there_again(street: Street) -> None:
    refused = Refused("not accepted", {"ana@shop.example": 550})
    cases = await two_are_refused(street, refused)
    await street.delivers()
    assert street.by("mail") == []
    assert [notice.tried for case in cases for notice in await street.notices(case)] == [(Way.EMAIL,)] * 2
