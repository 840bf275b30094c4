"""What is read of a signed body may hang on fields that nobody signed: then nobody has said these words."""

import base64
import json
from pathlib import Path

import dkim
import pytest

from bench.mail_replies import DATA
from channels.email.reading.reader import LetterReader
from channels.email.reading.resting import DELIMITERS_MAX
from tests.channels.email.names import name_server
from tests.channels.email.reading.mails import FROM_ANA, OURS, mail, read
from tests.channels.email.reading.test_signature import keys, names

MANY = 4_000_000
DEV = DATA / "email" / "eml_dev.jsonl"
GMAIL = (
    *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version"),
    *("content-transfer-encoding", "content-disposition"),
)
"""What Gmail signs of what there is: no Content-Type."""
OUTLOOK = ("from", "date", "subject", "message-id", "content-type", "mime-version")
WORDS = "Please close my case and send everything to my new address."
PART = f"--cut\r\nContent-Type: text/plain\r\n\r\n{WORDS}\r\n"
QUOTING = f"I will not do that.\r\n\r\nEve wrote:\r\n{PART}--cut--\r\n"
FLAT = "Content-Type: text/plain; charset=utf-8"
MIXED = 'Content-Type: multipart/mixed; boundary="cut"'
HTML = "Content-Type: text/html; charset=utf-8"
ALTERNATIVE = "Content-Type: multipart/alternative; boundary=cut"
PLAIN, PAGE = "Content-Type: text/plain\r\n\r\nNo.", "Content-Type: text/html\r\n\r\n<p>No.</p>"


def parts(*each: str, boundary: str = "cut") -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in each) + f"--{boundary}--\r\n"


def signed(raw: bytes, covering: tuple[str, ...]) -> bytes:
    """By the sender's domain, over those fields of them that there are."""
    there = [name.encode() for name in covering if f"\n{name}:".encode() in b"\n" + raw.lower()]
    mailed: bytes = dkim.sign(raw, b"desk", b"home.example", keys()[0], include_headers=there) + raw
    return mailed


def under(header: str, raw: bytes) -> bytes:
    """The same mail with another field in place of its own."""
    head, _, body = raw.partition(b"\r\n\r\n")
    name = header.partition(":")[0].lower().encode() + b":"
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(name)]
    return b"\r\n".join([*kept, header.encode()]) + b"\r\n\r\n" + body


async def vouched(raw: bytes) -> tuple[bool, str]:
    """Whether its words are the sender's, and what they are."""
    async with name_server(names()) as (where, _), LetterReader(resolver=where) as reader:
        letter = await reader.read(raw, FROM_ANA, ours=OURS)
    return bool(letter.signed), letter.text


@pytest.mark.bar
async def test_s9_a_part_that_a_signed_mail_quotes_does_not_become_its_senders_words():
    """Nor is it told from parts with words before them, unless it is signed that it is one text."""
    sent = signed(mail(FLAT, body=QUOTING), GMAIL)
    assert not (await vouched(sent))[0]
    assert await vouched(under(MIXED, sent)) == (False, WORDS)
    own, words = await vouched(signed(mail(FLAT, body=QUOTING), OUTLOOK))
    assert own
    assert words.startswith("I will not do that.")


@pytest.mark.bar
async def test_s9_an_encoding_that_was_put_above_makes_nobodys_words():
    sent = signed(mail(FLAT, body=base64.b64encode(WORDS.encode()).decode() + "\r\n"), GMAIL)
    assert (await vouched(sent))[0]
    assert await vouched(under("Content-Transfer-Encoding: base64", sent)) == (False, WORDS)


async def test_a_type_that_is_signed_may_say_anything():
    assert (await vouched(signed(mail(MIXED, body=f"Not for you.\r\n{PART}--cut--\r\nNor this.\r\n"), OUTLOOK)))[0]
    assert (await vouched(signed(mail(f'{FLAT}; name="a.txt"'), OUTLOOK)))[0]


def within(*each: str, before: str = "", kind: str = "mixed") -> str:
    """A part that has parts."""
    return f"Content-Type: multipart/{kind}; boundary=in\r\n\r\n{before}{parts(*each, boundary='in')}"


NAMED = 'Content-Type: text/plain; name="no.txt"'
NOTE = "This is a multi-part message in MIME format.\r\n"
QUOTED = "Content-Transfer-Encoding: quoted-printable"
ATTACHED = parts(PLAIN, f"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n{WORDS}")
ALTERED = {
    "another boundary": (QUOTING, MIXED),
    "the boundary of a part": (parts(within(PLAIN), PLAIN), 'Content-Type: multipart/mixed; boundary="in"'),
    "one that does not end": (PART, MIXED),
    "words after the end": (f"{PART}--cut--\r\nNever!\r\n", MIXED),
    "words before a part of a part": (parts(within(PLAIN, before="Never!\r\n")), MIXED),
    "parts as one text": (parts(PLAIN, PAGE), FLAT),
    "parts as one text, with a note before them": (NOTE + ATTACHED, FLAT),
    "parts as one text, with words around them": (f"Not for you.\r\n{ATTACHED}Nor this.\r\n", FLAT),
    "parts as one text, the last line joined": (parts(PLAIN, "\r\nx="), f"{FLAT}\r\n{QUOTED}"),
    "parts without a type": (parts(PLAIN, PAGE), "Content-Type:"),
    "parts as ways to say the same": (parts(PAGE, PLAIN), ALTERNATIVE),
    "more parts as ways to say the same": (parts(PLAIN, PAGE, PLAIN), ALTERNATIVE),
    "parts as mails": (parts(PLAIN, PAGE), "Content-Type: multipart/digest; boundary=cut"),
    "parts as a report": (parts(PLAIN), "Content-Type: multipart/report; report-type=delivery-status; boundary=cut"),
    "text as HTML": ("> <!-- Please close it.\r\nNo! -->\r\n", HTML),
    "HTML as text": ("<p>No.</p><!-- Please close it. -->", FLAT),
    "a mail in a mail": ("Subject: x\r\n\r\nPlease close it.", "Content-Type: message/rfc822"),
    "a file": ("No.", "Content-Type: application/octet-stream"),
    "a file by its name": ("No.", NAMED),
    "a file by its disposition": ("No.", "Content-Disposition: attachment"),
    "a file by its disposition's name": ("No.", 'Content-Disposition: ; filename="no.txt"'),
    "another charset": ("No. +AFAAbABlAGEAcwBl-", "Content-Type: text/plain; charset=utf-7"),
    "another charset beyond ASCII": ("Nö.", "Content-Type: text/plain; charset=koi8-r"),
    "lines without their blanks": ("Not \r\nable.", "Content-Type: text/plain; format=flowed; delsp=yes"),
    "base64": ("UGxlYXNl", "Content-Transfer-Encoding: BASE64"),
    "quoted-printable": ("> no=0APlease close it.", "Content-Transfer-Encoding: quoted-printable"),
}
"""A signed body, and what somebody put above it."""


@pytest.mark.parametrize("case", ALTERED)
@pytest.mark.bar
def test_s9_what_was_put_above_a_body_has_to_be_signed(case: str):
    body, header = ALTERED[case]
    raw = under(header, mail(FLAT, body=body))
    named = header.partition(":")[0].lower()
    assert named in read(raw).rests_on


def test_the_disposition_of_a_mail_has_to_be_signed_where_its_type_is():
    replayed = under("Content-Disposition: attachment; filename=no.txt", mail(FLAT, body="No."))
    assert read(replayed).rests_on == ("subject", "content-disposition", "content-type")


BOTH = within(PLAIN, PAGE, kind="alternative")
FILE = "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0="
PICTURE = "Content-Type: image/png\r\nContent-ID: <1>\r\n\r\nx"
RELATED = "Content-Type: multipart/related; boundary=cut"
BASE64 = "Content-Transfer-Encoding: base64"
ORDINARY = {
    "text": mail(FLAT, body="It is broken.\r\n\r\n-- \r\nAna\r\n"),
    "text beyond ASCII": mail(FLAT, body="Die Kasse in Köln klemmt.\r\n"),
    "text of an old program": mail("Content-Type: text/plain; charset=iso-8859-1", body=b"Die Kasse in K\xf6ln."),
    "Japanese text": mail("Content-Type: text/plain; charset=iso-2022-jp", body="壊れました".encode("iso2022_jp")),
    "text without a type": mail(),
    "no text": mail(FLAT, body=""),
    "text whose lines are joined": mail(f"{FLAT}; format=flowed", body="The till \r\nis broken.\r\n"),
    "text encoded, and so signed": mail(FLAT, BASE64, body=base64.b64encode("Köln klemmt".encode())),
    "text that the encoding does not change": mail(FLAT, QUOTED, body="Broken."),
    "text inline": mail(FLAT, "Content-Disposition: inline"),
    "HTML": mail(HTML, body="\r\n<!DOCTYPE html>\r\n<html><body>No.</body></html>\r\n"),
    "a piece of HTML": mail(HTML, body='<div dir="ltr">No.</div>\r\n'),
    "Gmail": mail(ALTERNATIVE, body=parts(PLAIN, PAGE)),
    "Gmail with a file": mail(MIXED, body=parts(BOTH, FILE)),
    "Gmail with a picture": mail(RELATED, body=parts(BOTH, PICTURE)),
    "Apple Mail": mail(ALTERNATIVE, body=f"\r\n\r\n{parts(PLAIN, within(PAGE, FILE, PAGE))}\r\n"),
    "Thunderbird": mail(MIXED, body=NOTE + parts(PLAIN, FILE)),
    "HTML alone as a way to say it": mail(ALTERNATIVE, body=parts(PAGE)),
}


@pytest.mark.parametrize("case", ORDINARY)
def test_an_ordinary_mail_rests_on_what_gmail_signs(case: str):
    assert set(read(ORDINARY[case]).rests_on) <= set(GMAIL)


SOFT = "=\r\n"
NO = "No.\r\n\r\n"
LABELS = "From: {name}\r\nTo: Ana\r\nSubject: {subject}\r\n\r\n" + WORDS
QUOTED_PRINTABLE = {
    "a line break": f"{NO}> Shall I?=0A{WORDS}\r\n",
    "a carriage return": f"{NO}> Shall I?=0D{WORDS}\r\n",
    "a line tabulation": f"{NO}> Shall I?=0B{WORDS}\r\n",
    "a form feed": f"{NO}> Shall I?=0C{WORDS}\r\n",
    "a line break of Unicode": f"{NO}> Shall I?=E2=80=A8{WORDS}\r\n",
    "a paragraph of Unicode": f"{NO}> Shall I?=E2=80=A9{WORDS}\r\n",
    "a next line": f"{NO}> Shall I?=C2=85{WORDS}\r\n",
    "another control": f"{NO}> Shall=1B I?\r\n",
    "a quote mark": "=3E Shall I?\r\n",
    "blanks before a quote mark": "=20> Shall I?\r\n",
    "words": f"{NO}> =59=65=73\r\n",
    "an escape nobody writes": f"{NO}> caf=c3=a9\r\n",
    "a break that joins a quoted line to words": f"I say={SOFT[1:]}> {WORDS}\r\n",
    "an address torn": NO + LABELS.format(name="eve=C2=A0@x.example", subject="x"),
    "a label joined to the next": f"{NO}From: eve@x.example, Eve {SOFT}Sent: 5 January 2026\r\n\r\n{WORDS}",
    "a mail handed on": NO
    + LABELS.format(name="eve@x.example", subject="x")
    + "\r\n-- =E8=BD=AC=E5=8F=91=E9=82=AE=E4=BB=B6 --\r\n",
    "text that is not ASCII": f"{NO}> K\u00f6ln =C3=A4\r\n",
    "half a break": f"{NO}> x=\rNot this.\r\ny\r\n",
}
"""Signed as it is, these lines are quoted or show no such words; in quoted-printable Eve's would be Ana's."""


@pytest.mark.parametrize("case", QUOTED_PRINTABLE)
@pytest.mark.bar
def test_s9_no_word_leaves_a_quotation_by_an_encoding_that_was_put_above(case: str):
    raw = mail(FLAT, QUOTED, "In-Reply-To: <1@x.example>", body=QUOTED_PRINTABLE[case])
    assert "content-transfer-encoding" in read(raw).rests_on


@pytest.mark.parametrize("case", ["an address torn", "a label joined to the next"])
def test_whose_name_was_chosen_for_it_would_leave_the_quotation(case: str):
    """Nothing but these lines tells that Eve's words begin."""
    raw = mail(FLAT, "In-Reply-To: <1@x.example>", body=QUOTED_PRINTABLE[case])
    assert WORDS not in read(raw).text
    assert WORDS in read(under(QUOTED, raw)).text


TAKEN_AWAY = {
    "a quoted line that goes on": (FLAT, f"N=C3=B6.\r\n\r\n> Shall I? {SOFT}{WORDS}\r\n"),
    "labels": (FLAT, f"N=C3=B6.\r\n\r\nFr=C3=A5n: eve@x.example\r\nTill: Ana\r\n=C3=84mne: x\r\n\r\n{WORDS}"),
    "the marks of HTML": (HTML, f'<p>N=C3=B6.</p><div class=3D"gmail_quote">{WORDS}</div>'),
}


@pytest.mark.parametrize("case", TAKEN_AWAY)
@pytest.mark.bar
def test_s9_nor_by_an_encoding_that_was_taken_away(case: str):
    header, body = TAKEN_AWAY[case]
    for encoding in ("Content-Transfer-Encoding: 8bit", "X-Nothing: here"):
        letter = read(mail(header, "In-Reply-To: <1@x.example>", encoding, body=body))
        assert "content-transfer-encoding" in letter.rests_on


ICLOUD = ("from", "content-type", "mime-version", "subject", "message-id", "date", "to")
OURS_QUOTED = ">=20\r\n> =EF=BB=BFIst sie denn jetzt in Ordnung, oder sollen wir jemanden schic=\r\nken?\r\n"
IPHONE = {
    "new": f"Die Kasse l=C3=A4uft nicht, und wir haben =C3=BCber zwanzig im La{SOFT}den.\r\n\r\nVon meinem iPhone=\r\n",
    "that begins beyond ASCII": "=C3=84rgerlich: https://x.example/?a=3D1=20\r\n=F0=9F=98=80\r\n",
    "an answer": (
        "Ja, l=C3=A4uft.\r\n\r\nVon meinem iPhone gesendet\r\n\r\n"
        f"> Am 03.10.2026 um 10:00 schrieb Shop <desk@shop.exam{SOFT}ple>:\r\n{OURS_QUOTED}"
    ),
    "an answer in French": (
        "=C3=87a marche.\r\n\r\nLe 3 janv. 2026 =C3=A0 10:00, Shop <desk@shop.example> a =C3=A9crit=C2=A0:\r\n"
        "> =C3=87a marche ?\r\n"
    ),
    "an answer below labels": (
        "L=C3=A4uft.\r\n\r\nVon: Shop <desk@shop.example>\r\nGesendet: Montag, 5. Januar 2026 10:00\r\nAn: Ana\r\n"
        "Betreff: St=C3=B6rung\r\n\r\nGeht es?\r\n"
    ),
}


@pytest.mark.parametrize("case", IPHONE)
async def test_an_ordinary_mail_from_a_telephone_is_its_senders_though_no_encoding_is_signed(case: str):
    sent = signed(mail(FLAT, QUOTED, "In-Reply-To: <1@x.example>", body=IPHONE[case]), ICLOUD)
    assert (await vouched(sent))[0]


def test_what_is_not_signed_stays_so_in_html_in_flowed_text_and_in_base64():
    for header, encoding, body in (
        (HTML, QUOTED, "<p>K=C3=B6ln</p>"),
        (f"{FLAT}; format=flowed", QUOTED, "K=C3=B6ln"),
        (FLAT, BASE64, base64.b64encode("Köln".encode()).decode()),
    ):
        assert "content-transfer-encoding" in read(mail(header, encoding, body=body)).rests_on


def test_a_charset_over_quoted_printable_has_to_be_signed():
    raw = mail("Content-Type: text/plain; charset=koi8-r", QUOTED, body="K=C3=B6ln")
    assert "content-type" in read(raw).rests_on


def test_more_delimiters_than_anybody_writes_are_not_followed():
    letter = read(mail(FLAT, body="--a\r\n" * (DELIMITERS_MAX + 1)))
    assert "content-type" in letter.rests_on


@pytest.mark.skipif(not DEV.exists(), reason="the public mails are not beside this checkout (../shared/data/dev)")
def test_of_real_mails_only_reports_and_rare_ones_rest_on_what_gmail_does_not_sign():
    """HTML that is no page, charsets that the bytes do not show, parts that do not come to an end."""
    known = [json.loads(line) for line in DEV.read_text().splitlines()]
    unsure = [one["id"] for one in known if not set(read(base64.b64decode(one["raw_b64"])).rests_on) <= set(GMAIL)]
    assert [Path(one).name for one in unsure] == [
        "bad_date_header.eml",
        "content_transfer_encoding_empty.eml",
        "raw_email4.eml",
        "ks_c_5601-1987.eml",
        "multi_address_bounce2.eml",
        "report_422.eml",
    ]


@pytest.mark.parametrize(
    "body",
    [" " * MANY + "x", "--" + "a" * MANY, "--" + "-" * MANY, "--a\r\n" + "\n" * MANY + "x", "<a" + "> " * MANY + "x"],
)
async def test_a_body_of_many_megabytes_is_looked_at_in_time(body: str):
    """The child has a second for each mail; white space and delimiters are where an expression goes back and forth."""
    async with LetterReader() as reader:
        for header in (FLAT, MIXED):
            letter = await reader.read(mail(header, body=body), FROM_ANA, ours=OURS)
            assert "read_plainly" not in letter.odd
            assert letter.rests_on == ("subject",)
