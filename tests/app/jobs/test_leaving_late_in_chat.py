"""A step that is said in the conversation of its case is judged again when it leaves, and told anew if it did not."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.jobs.last_look import LastLook
from caseengine.mail_threads import ANSWER, MailThreads, answer_key
from caseengine.model.case import Case
from caseengine.operations import open_conversation
from caseengine.operations.ending import reopen
from caseengine.operations.sending import NOTICE_KEY
from channels.protocol import DeliveryFailed
from customers.wishes import NoticeKind, QuietHours, Way, Wishes
from storage.outbox import waiting
from tests.app.jobs import test_telling
from tests.app.jobs.test_leaving_late import became, told
from tests.app.jobs.test_opting_out import says
from tests.app.jobs.test_telling import Street
from tests.caseengine.office import when

street = test_telling.street
STEPS = Wishes(way=Way.CHAT, kinds=frozenset({NoticeKind.STATUS}))
QUIET = replace(STEPS, quiet=QuietHours(time(18), time(8, 30)))
LATER = DeliveryFailed("it asks to wait", retry=True, after=timedelta(hours=1))


async def step_put_off(street: Street, conversation: UUID, *, channel: str = "teams", cases: int = 1) -> list[Case]:
    """At 17:53 they are to be told that their cases were taken up again, and the channel asks to wait for an hour."""
    await street.wish(STEPS)
    found = [await street.office.report_in(conversation, contact_id=street.contact) for _ in range(cases)]
    for case in found:
        await street.solves_by_itself(case, "Mon 17:40")
    await street.tells()
    street.sent.clear()
    street.clock.at = when("Mon 17:50")
    street.refuse[channel] = LATER
    for case in found:
        mo = street.office.mo.actor
        await street.office.do(reopen, case.number, reason="still broken", by=mo, at=street.clock())
    await street.tells()
    street.refuse.clear()
    return found


async def said_by(street: Street, at: str) -> int:
    """How many notices the conversation got so far."""
    street.clock.at = when(at)
    await street.delivers()
    await street.job().run()
    await street.delivers()
    return len([one for one in street.by("teams") if one["key"].startswith(NOTICE_KEY)])


async def test_it_is_told_when_their_quiet_hours_are_over(street: Street) -> None:
    (case,) = await step_put_off(street, await street.in_teams())
    await street.wish(QUIET)

    assert [await said_by(street, at) for at in ("Mon 19:10", "Tue 08:29", "Tue 08:31", "Tue 12:00")] == [0, 0, 1, 1]
    assert await became(street, case) == [("told", "chat", "")]
    assert await told(street, case) == [
        "CustomerTold status by chat",
        "NoticeWithheld status by chat",
        "CustomerTold status by chat",
    ]
    await street.office.rows_equal_fold(case)


async def test_each_of_several_in_one_conversation_stands_for_itself(street: Street) -> None:
    one, other = await step_put_off(street, await street.in_teams(), cases=2)
    await street.solves_by_itself(one, "Mon 18:30")

    assert await said_by(street, "Mon 19:10") == 1
    assert await became(street, one) == [("dropped", "", "untrue")]
    assert await became(street, other) == [("told", "chat", "")]


async def test_it_goes_where_they_want_it_by_now(street: Street) -> None:
    (case,) = await step_put_off(street, await street.in_teams())
    await says(street, street.contact, Way.EMAIL)
    await street.wish(replace(STEPS, way=Way.EMAIL))

    assert await said_by(street, "Mon 19:10") == 0
    assert await became(street, case) == [("told", "email", "")]
    assert len(street.by("mail")) == 1


async def test_who_wants_the_chat_again_is_told_there(street: Street) -> None:
    (case,) = await step_put_off(street, await street.in_teams())
    await street.wish(replace(QUIET, way=Way.EMAIL))
    assert await said_by(street, "Mon 19:10") == 0
    await street.wish(STEPS)

    assert await said_by(street, "Tue 08:31") == 1
    assert await became(street, case) == [("told", "chat", "")]


async def test_what_the_conversation_does_not_take_has_reached_nobody(street: Street) -> None:
    (case,) = await step_put_off(street, await street.in_teams())
    street.refuse["teams"] = DeliveryFailed("403")

    assert await said_by(street, "Mon 19:10") == 0
    assert await became(street, case) == [("dropped", "", "unreachable")]


@pytest.mark.parametrize(
    ("state", "proof", "stays"),
    [
        ("planned", None, False),
        ("planned", {"tries": 0, "taken": []}, False),
        ("planned", {"taken": ["boss@shop.example"]}, True),
        ("sent", {"message_id": "x"}, True),
    ],
)
async def test_a_mail_that_somebody_has_is_not_taken_back(street: Street, state: str, proof: Any, stays: bool) -> None:
    conversation, at = UUID(int=7), when("Mon 08:00")
    await street.office.do(open_conversation, id=conversation, channel="email", visitor="ana", locale="en", at=at)
    (case,) = await step_put_off(street, conversation, channel="email")
    await street.wish(QUIET)
    async with street.database.snapshot() as snapshot:
        (row,) = await waiting(snapshot, "deliver", at=when("Mon 19:10"))
    await mail_began(street, conversation, row.payload["key"], state, proof)

    street.clock.at = when("Mon 19:10")
    look = LastLook(street.database, street.clock, street.telling)
    assert await look.still_said(row.payload) == stays
    assert [one.state for one in await street.notices(case)] == ["told" if stays else "planned"]


async def mail_began(street: Street, conversation: UUID, key: str, state: str, proof: Any) -> None:
    async with street.database.unit_of_work() as work:
        mails = MailThreads(work)
        mails.plan(
            purpose=ANSWER,
            key=answer_key(conversation, key),
            message_id="c-1@shop.example",
            token="t" * 26,
            conversation_id=conversation,
            case_id=None,
            recipient="ana@shop.example",
            others=["boss@shop.example"],
            automatic=True,
            at=street.clock(),
        )
        mails.sent("c-1@shop.example", state, proof)
