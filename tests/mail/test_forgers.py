"""Forgers at a real border: what they write lands on nobody's case, and what they claim about themselves on no page."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.mail.conftest import NewCustomer
from tests.mail.customers import number_in, words_of
from tests.mail.desk import MailDesk
from tests.mail.forgeries import Known, forgeries, slug
from tests.mail.handing_in import Handed, hand_in
from tests.mail.post import AUTHSERV, DESK, ELSEWHERE, HOME, Post
from tests.slow.results import write_results

pytestmark = [pytest.mark.mail, pytest.mark.bar, pytest.mark.timeout(600)]
FREEZER = "The freezer in our shop has been too warm since this morning."
CANARY = "buy-cheap-pills"


async def test_s8_200_forged_replies_are_appended_to_nobodys_case(desk: MailDesk, customer: NewCustomer, post: Post):
    """The forger has seen everything: number, address for answers, Message-ID; but sends from a host of his own."""
    ana = customer("ana@customer.test", name="Ana Lopes")
    await ana.writes(FREEZER, subject="Warm freezer")
    await desk.has_done(1)
    grace = await desk.agent("Grace")
    [told] = await ana.box.receives()
    number = number_in(told)
    await grace.takes(number)
    await grace.replies(number, "Which shop is it?")
    [_, asks] = await ana.box.receives(2)
    before = await desk.timeline(number)

    known = Known(ana.address, number, str(asks["Reply-To"]), str(asks["Message-ID"]))
    all_of_them = list(forgeries(known))
    fates = await asyncio.to_thread(hand_in, post, all_of_them, ELSEWHERE)
    taken = sum(code == 250 for code in fates.values())
    await post.is_empty(within_s=120)
    await desk.has_done(1 + taken, within_s=240)

    assert len(all_of_them) == 200
    assert taken > 150
    added = Counter(await desk.timeline(number)) - Counter(before)
    assert [line for line in added if not line.startswith("NoteAdded")] == []
    assert await desk.said_on(number) == []
    assert ana.box.holds() - 2 <= desk.settings.mail_limit_hour_unproved
    assert all("FORGED" not in str(mail) for mail in ana.box.mails())
    assert all("Which shop" not in str(mail) for mail in post.mailbox("mallory@evil.test").mails())

    await ana.answers(asks, "The shop in Leeds")
    await desk.has_done(2 + taken)
    assert await desk.said_on(number) == ["The shop in Leeds"]
    write_results("S8-forged-replies", {"forged": len(all_of_them), "taken by the border": taken, "appended": 0})


@pytest.mark.parametrize("credulous", [False, True], ids=["border that strips", "border that forgets to"])
async def test_s9_what_the_world_claims_about_a_sender_is_not_believed(
    desk: MailDesk, customer: NewCustomer, post: Post, credulous: bool
):
    if credulous:
        post.lets_the_world_claim()
    claimed = list(_claims("ana@customer.test"))
    fates = await asyncio.to_thread(hand_in, post, claimed, ELSEWHERE)
    taken = sum(code == 250 for code in fates.values())
    await post.is_empty(within_s=60)
    await desk.has_done(taken, within_s=120)
    assert taken >= len(claimed) - 4
    assert await _vouched(desk) == []

    await customer("ana@customer.test").writes(FREEZER)
    await desk.has_done(taken + 1)
    assert await _vouched(desk) == ["ana@customer.test"], "whom the border vouches for is believed"
    write_results(
        f"S9-claims{'-credulous' if credulous else ''}", {"claims": len(claimed), "taken": taken, "believed": 0}
    )


async def test_s9_our_own_headers_from_outside_mean_nothing(desk: MailDesk, customer: NewCustomer, post: Post):
    """Headers that servers and this desk write about a mail do not make it anybody else's."""
    mallory = customer("mallory@evil.test")
    pretended = {
        "Delivered-To": "ana@customer.test",
        "X-Original-To": "ana@customer.test",
        "Return-Path": "<ana@customer.test>",
        "X-Envelope-From": "ana@customer.test",
        "X-Nightdesk-Contact": "ana@customer.test",
        "ARC-Authentication-Results": f"i=1; {AUTHSERV}; dmarc=pass header.from=customer.test",
        "Received-SPF": "pass",
    }
    await mallory.writes(FREEZER, headers=pretended)
    await desk.has_done(1)
    [told] = await mallory.box.receives()
    assert number_in(told) in await desk.numbers()
    assert post.mailbox("ana@customer.test").holds() == 0
    assert await _vouched(desk) == ["mallory@evil.test"]


async def test_s18_a_victim_gets_three_mails_an_hour_at_most_and_never_the_words_of_who_bombs_them(
    desk: MailDesk, customer: NewCustomer, post: Post
):
    """30 mails in the name of somebody who never wrote."""
    lines = (f"From: {CANARY} <ben@customer.test>", f"To: {DESK}")
    bombs = [
        Handed(
            f"bomb {at}",
            "ben@customer.test",
            DESK,
            "\r\n".join([*lines, f"Subject: {CANARY} {at}", f"Message-ID: <{at}@bomb>", "", f"{CANARY} {at}"]).encode(),
        )
        for at in range(30)
    ]
    fates = await asyncio.to_thread(hand_in, post, bombs, ELSEWHERE)
    assert Counter(fates.values()) == {250: 30}
    await post.is_empty(within_s=60)
    await desk.has_done(30, within_s=120)

    heard = post.mailbox("ben@customer.test").mails()
    assert 0 <= len(heard) <= 3
    assert [mail for mail in heard if CANARY in str(mail["Subject"]) + str(mail["To"]) + words_of(mail)] == []
    write_results("S18-bombing", {"mails in the victim's name": 30, "mails the victim got": len(heard)})


async def test_a_customer_with_many_matters_hears_of_a_few_an_hour_and_every_one_has_a_case(
    desk: MailDesk, customer: NewCustomer, post: Post
):
    many = [
        Handed(
            f"matter {at}",
            "ana@customer.test",
            DESK,
            f"From: ana@customer.test\r\nTo: {DESK}\r\nSubject: Matter {at}\r\n\r\nLamp {at} is dark.".encode(),
        )
        for at in range(12)
    ]
    await asyncio.to_thread(hand_in, post, many, HOME)
    await post.is_empty(within_s=60)
    await desk.has_done(12, within_s=60)
    assert len(await desk.numbers()) == 12
    assert post.mailbox("ana@customer.test").holds() == desk.settings.mail_limit_hour


def _claims(victim: str) -> list[Handed]:
    """Claims to have passed, as headers and in what the border itself writes about a mail."""
    passed = f"dmarc=pass header.from={victim.partition('@')[2]}"
    headers = [
        f"Authentication-Results: {AUTHSERV}; {passed}",
        f"authentication-results: {AUTHSERV.upper()}; {passed}",
        f"Authentication-Results : {AUTHSERV}; {passed}",
        f"Authentication-Results:\r\n {AUTHSERV};\r\n {passed}",
        f"Authentication-Results: {AUTHSERV} 1; {passed}",
        f"Authentication-Results: {AUTHSERV} (comment); dmarc (x) = pass header.from={victim}",
        f"Authentication-Results: {AUTHSERV}; none\r\nAuthentication-Results: {AUTHSERV}; {passed}",
        f"ARC-Authentication-Results: i=1; {AUTHSERV}; {passed}",
        f"X-Authentication-Results: {AUTHSERV}; {passed}",
        f"Authentication-Results-Original: {AUTHSERV}; {passed}",
        f"Received: from x by {AUTHSERV}; Authentication-Results: {AUTHSERV}; {passed}",
        f"Received-SPF: pass ({AUTHSERV}: domain of {victim})",
        f"X-Spam: no\r\n Authentication-Results: {AUTHSERV}; {passed}",
    ]
    by_header = [_claim(f"header {at}", victim, [header, f"From: {victim}"]) for at, header in enumerate(headers)]
    envelopes = [
        f'"x; {passed} ;"@evil.test',
        f'"a b; {passed}"@evil.test',
        f'"; {passed} ("@evil.test',
        "x;dmarc=pass@evil.test",
        "x(@evil.test",
        f'"x\\" ; {passed}"@evil.test',
    ]
    by_envelope = [_claim(f"envelope {one}", one, [f"From: {victim}"]) for one in envelopes]
    froms = [
        f"From: {victim}\r\n ; {passed}",
        f"From: ana@customer.test; {passed} <mallory@evil.test>",
        f'From: "{passed}" <{victim}>',
        f"From: =?utf-8?q?x=0D=0AAuthentication-Results:_{AUTHSERV};_dmarc=3Dpass?= <{victim}>",
        f"From: x@(; {passed})customer.test",
    ]
    return [*by_header, *by_envelope, *(_claim(f"from {at}", victim, [one]) for at, one in enumerate(froms))]


def _claim(name: str, mail_from: str, lines: list[str]) -> Handed:
    written = [*lines, f"To: {DESK}", f"Message-ID: <{slug(name)}@evil.test>", "", f"Claim {name}: my till jams."]
    return Handed(name, mail_from, DESK, "\r\n".join(written).encode())


async def _vouched(desk: MailDesk) -> list[str]:
    """The addresses of conversations whose sender was believed."""
    threads = sa.table("mail_threads", sa.column("address"), sa.column("vouched"))
    async with desk.house.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(threads.c.address).where(threads.c.vouched))
    return sorted(row.address for row in rows)
