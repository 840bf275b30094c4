"""B3: who wrote a mail is believed only where two independent readings agree on one address."""

import pytest

from channels.email.letter import Mailbox
from tests.channels.email.reading.mails import HEAD, mail, read
from tests.slow.results import write_results

BANK, EVIL = "bank@bank.example", "evil@evil.example"
CONFUSIONS = {
    "an address as the name": [f"From: {BANK} <{EVIL}>"],
    "the other way round": [f"From: {EVIL} <{BANK}>"],
    "two addresses": [f"From: {BANK}, {EVIL}"],
    "two in brackets": [f"From: <{BANK}> <{EVIL}>"],
    "two, a semicolon between": [f"From: {BANK}; {EVIL}"],
    "two, a blank between": [f"From: {BANK} {EVIL}"],
    "two headers": [f"From: {BANK}", f"From: {EVIL}"],
    "two headers, the same": [f"From: {BANK}", f"From: {BANK}"],
    "two headers, other case": [f"From: {BANK}", f"fRoM: {EVIL}"],
    "two headers, a blank before the colon": [f"From: {BANK}", f"From : {EVIL}"],
    "no header": ["X-From: " + BANK],
    "an empty header": ["From: "],
    "empty brackets": ["From: Bank <>"],
    "a group": [f"From: Bank: {BANK};"],
    "an empty group": ["From: undisclosed-recipients:;"],
    "a group of two": [f"From: Banks: {BANK}, {EVIL};"],
    "a route": [f"From: <@bank.example:{EVIL}>"],
    "a comment with an address": [f"From: {EVIL} ({BANK})"],
    "a comment before": [f"From: ({BANK}) {EVIL}"],
    "a comment within": ["From: bank@(evil.example)bank.example"],
    "nested comments": [f"From: {EVIL} (a ({BANK}))"],
    "a comment in brackets": ["From: <bank@bank.example(@evil.example)>"],
    "an open comment": [f"From: {BANK} (<{EVIL}>"],
    "a quoted local part": ['From: "bank@bank.example"@evil.example'],
    "a quoted local part with brackets": ['From: "<bank@bank.example>"@evil.example'],
    "an open quote": [f'From: "Bank {BANK} <{EVIL}>'],
    "quotes within": [f'From: "Bank" {BANK} "x" <{EVIL}>'],
    "a backslash": [f"From: bank\\@bank.example <{EVIL}>"],
    "two at signs": ["From: bank@bank.example@evil.example"],
    "after the bracket": [f"From: <{BANK}>@evil.example"],
    "no end of the bracket": [f"From: Bank <{BANK}"],
    "a bracket too many": [f"From: <<{EVIL}>>"],
    "a blank within": ["From: bank@bank.example .evil.example"],
    "a tab within": ["From: bank@bank.example\t.evil.example"],
    "folded within": ["From: bank@bank.example\r\n .evil.example"],
    "NUL": [f"From: {BANK}\x00<{EVIL}>"],
    "an address literal": ["From: bank@[192.0.2.1]"],
    "no domain": ["From: bank"],
    "an encoded word as address": ["From: =?utf-8?q?bank=40bank.example?="],
    "an encoded word in brackets": ["From: Bank <=?utf-8?q?bank=40bank.example?=>"],
    "an encoded word in the domain": ["From: evil@=?utf-8?q?bank.example?="],
    "a wide at sign": ["From: bank＠bank.example@evil.example"],
    "a wide full stop": ["From: evil@evil．bank.example"],
    "an invisible letter": ["From: ba\u200bnk@bank.example"],
    "turned around": ["From: \u202eelpmaxe.knab@knab"],
    "not composed": ["From: jo\u0308rg@bank.example"],
    "empty labels": ["From: bank@bank..example"],
    "a full stop first": ["From: .bank@bank.example"],
    "a trailing comma": [f"From: {BANK},"],
    "too long": ["From: " + "x" * 2_000 + f" <{BANK}>"],
    "headers without end": ["X-Big: " + "x" * 300_000, f"From: {BANK}"],
}
HONEST = {
    "ana@home.example": Mailbox("ana@home.example"),
    "<ana@home.example>": Mailbox("ana@home.example"),
    "Ana Example <ana@HOME.Example>": Mailbox("ana@home.example", "Ana Example"),
    '"Example, Ana" <Ana.B+c@home.example>': Mailbox("Ana.B+c@home.example", "Example, Ana"),
    '"Ana \\"A\\" Example" <ana@home.example>': Mailbox("ana@home.example", 'Ana "A" Example'),
    "ana@home.example (Ana Example)": Mailbox("ana@home.example", "Ana Example"),
    "=?utf-8?q?Jos=C3=A9?= <jose@home.example>": Mailbox("jose@home.example", "José"),
    "=?utf-8?b?5bGx55Sw?= =?utf-8?b?5aSq6YOO?= <yamada@home.example>": Mailbox("yamada@home.example", "山田太郎"),
    "José <josé@café.example>": Mailbox("josé@café.example", "José"),
    "Ana\r\n Example\r\n <ana@home.example>": Mailbox("ana@home.example", "Ana Example"),
    '"ana@home.example" <ana@home.example>': Mailbox("ana@home.example", "ana@home.example"),
    "J. R. Example <jr@home.example>": Mailbox("jr@home.example", "J. R. Example"),
    "ana@localhost": Mailbox("ana@localhost"),
}
NO_FROM = [line for line in HEAD if not line.startswith("From")]


@pytest.mark.bar
@pytest.mark.parametrize("headers", CONFUSIONS.values(), ids=CONFUSIONS)
def test_B03_a_confusion_leaves_the_sender_in_doubt(headers):
    letter = read(mail(*headers, head=NO_FROM))

    assert letter.sender is None
    assert letter.sender_doubt in {"missing", "several", "malformed", "readings_differ"}
    assert letter.text == "It is broken."


@pytest.mark.bar
def test_B03_none_of_forty_confusions_is_believed():
    letters = [read(mail(*headers, head=NO_FROM)) for headers in CONFUSIONS.values()]
    believed = [letter for letter in letters if letter.sender is not None]
    write_results("B03-confusions", {"confusions": len(letters), "believed": len(believed)})
    assert len(letters) >= 40
    assert believed == []


@pytest.mark.parametrize(("value", "expected"), HONEST.items(), ids=HONEST)
def test_an_honest_sender_is_believed(value, expected):
    letter = read(mail(f"From: {value}"))

    assert letter.sender == expected
    assert letter.sender_doubt == ""


@pytest.mark.parametrize("local", ["\uff41na", "\u00aana", "an\u1d43", "\ufb01ona", "\u212aim"])
def test_a_mailbox_that_programs_fold_to_another_one_is_in_doubt(local):
    letter = read(mail(f"From: {local}@home.example", head=NO_FROM))

    assert letter.sender is None
    assert letter.sender_doubt == "malformed"


@pytest.mark.parametrize(
    "name",
    [f'"{BANK}"', "=?utf-8?q?bank=40bank.example?=", '"Bank <bank@bank.example>"', "=?utf-8?q?bank=EF=BC=A0bank?="],
)
def test_a_name_that_looks_like_another_address_is_left_out(name):
    letter = read(mail(f"From: {name} <{EVIL}>"))

    assert letter.sender == Mailbox(EVIL)
    assert "name_left_out" in letter.odd


@pytest.mark.bar
@pytest.mark.parametrize(
    "field", ["Reply-To", "Sender", "Resent-From", "Return-Path", "X-Sender", "Apparently-From", "X-From"]
)
def test_B03_no_other_field_says_who_wrote_it(field):
    letter = read(mail(f"From: {EVIL}", f"{field}: {BANK}"))

    assert letter.sender == Mailbox(EVIL)
    assert [mailbox.address for mailbox in letter.reply_to] == ([BANK] if field == "Reply-To" else [])


def test_latin_1_that_nobody_declared_is_a_name_but_never_an_address():
    assert read(mail("From: J\udcf6rg <joerg@home.example>")).sender == Mailbox("joerg@home.example", "Jörg")


def test_many_recipients_are_read_as_far_as_they_can_be():
    letter = read(
        mail('To: "A, B" <a@x.example>, Team: b@x.example, c@x.example;, junk, d@x.example (D)', "Cc: e@x.example")
    )

    assert [mailbox.address for mailbox in letter.to] == ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]
    assert letter.cc == (Mailbox("e@x.example"),)
