"""Without a border of ours: a sender's domain vouches by its own signature, checked in the process that reads."""

import base64
from collections.abc import Callable
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email.dkim_signing import signer
from channels.email.letter import REPEATED, Mailbox
from channels.email.reading import signature
from channels.email.reading.limits import HEADER_BYTES_MAX, ChildLimits
from channels.email.reading.reader import LetterReader
from channels.email.reading.signature import SIGNED_BYTES_MAX, Texts
from tests.channels.email.names import name_server
from tests.channels.email.reading.mails import FROM_ANA, OURS, mail

ANA = "ana@home.example"
RAW = mail(body="The till in shop 4 is broken.\r\n")


@cache
def keys() -> tuple[bytes, str]:
    """The private key in PEM, and the record of the public one."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


def by(domain: str, raw: bytes = RAW) -> bytes:
    return signer(domain, "desk", keys()[0])(raw)


def names(**more: str) -> dict[str, str]:
    """Home publishes a key and a policy."""
    key = keys()[1]
    known = {"desk._domainkey.home.example": key, "_dmarc.home.example": "v=DMARC1; p=none"}
    return known | {name.replace("__", "."): text for name, text in more.items()}


def texts(records: dict[str, str]) -> Callable[[str], bytes]:
    return lambda name: records.get(name, "").encode()


def signed_fields(raw: bytes, address: str, texts: Texts) -> tuple[str, ...]:
    """Of a mail whose words rest on its Subject alone."""
    return signature.signed_fields(raw, address, texts, needed=("subject",))


def test_a_domain_that_signs_and_says_so_vouches():
    assert signed_fields(by("home.example"), ANA, texts(names()))
    assert signed_fields(by("home.example"), "ana@HOME.example", texts(names()))


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        by("home.example").replace(b"shop 4", b"shop 5"),
        by("home.example").replace(b"Subject: The till", b"Subject: My password"),
        by("home.example").replace(b"a=rsa-sha256", b"a=rsa-sha1"),
        by("home.example").replace(b"; d=", b"; l=5; d="),
        by("home.example").replace(b"d=home.example", b"d=elsewhere.example"),
        by("elsewhere.example"),
        b"DKIM-Signature: v=1; a=rsa-sha256; d=home.example\r\n" + RAW,
        b"DKIM-Signature: \xff\xfe;;;=\r\n" + RAW,
        b"DKIM-Signature\r\n" + by("home.example"),
        b"",
        b"\r\n\r\n",
    ],
)
def test_anything_else_does_not(raw):
    there = names(desk___domainkey__elsewhere__example=keys()[1], _dmarc__elsewhere__example="v=DMARC1; p=reject")
    assert not signed_fields(raw, ANA, texts(there))


def test_bytes_behind_a_length_are_not_signed():
    """RFC 6376, 8.2: with `l` whatever is put behind goes along with a valid signature."""
    mailed = (
        dkim.sign(RAW, b"desk", b"home.example", keys()[0], length=True, include_headers=[b"from", b"subject"]) + RAW
    )
    assert dkim.verify(
        mailed + b"forged\r\n", dnsfunc=lambda name, **_: names()["desk._domainkey.home.example"].encode()
    )
    assert not signed_fields(mailed + b"forged\r\n", ANA, texts(names()))


def hidden_in_a_line(signed: bytes) -> bytes:
    """A line with another mail in it, its ends carriage returns alone, over a mail that Eve signed."""
    other = f"X-P: a\rFrom: Ana <{ANA}>\rSubject: Re: [CAS-01041-V9D3]\r\rClose my case."
    return other.encode() + b"." * HEADER_BYTES_MAX + b"\r\n" + signed


async def test_what_is_checked_is_what_is_read():
    """One program takes a carriage return for the end of a line, the other does not."""
    own = by("home.example", mail("From: Eve <eve@home.example>"))
    async with name_server(names()) as (where, _), LetterReader(resolver=where) as reader:
        assert (await reader.read(own, FROM_ANA, ours=OURS)).signed
        letter = await reader.read(hidden_in_a_line(own), FROM_ANA, ours=OURS)
    assert (letter.sender, letter.subject) == (Mailbox(ANA, "Ana"), "Re: [CAS-01041-V9D3]")
    assert not letter.signed


@pytest.mark.parametrize(
    "line",
    [
        f"X-{'a' * 100}: b\r\n [CAS-01041-V9D3]",  # too long a name to be read: what is folded below it is Subject's
        f"X-P: a\rSubject: [CAS-01041-V9D3]{'.' * HEADER_BYTES_MAX}",
    ],
)
def test_where_the_two_find_different_fields_nothing_is_signed(line: str):
    signed = by("home.example", mail("Subject: The till"))
    assert signed_fields(signed, ANA, texts(names()))
    assert not signed_fields(signed.replace(b"\r\n\r\n", f"\r\n{line}\r\n\r\n".encode(), 1), ANA, texts(names()))


def test_a_fold_and_letters_beyond_ascii_are_read_alike():
    folded = mail("Subject: Die Kasse\r\n\tin Köln \r\n  klemmt", "X-Old: caf\udce9")
    assert "subject" in signed_fields(by("home.example", folded), ANA, texts(names()))


def test_a_signature_that_leaves_out_the_subject_vouches_for_nothing():
    """RFC 6376, 8.15: who has such a mail puts what they like above it."""
    for fields, holds in (([b"from", b"subject"], True), ([b"from", b"to", b"message-id"], False)):
        signed = dkim.sign(RAW, b"desk", b"home.example", keys()[0], include_headers=fields) + RAW
        assert bool(signed_fields(signed, ANA, texts(names()))) is holds


@pytest.mark.parametrize("added", ["Subject: Re: dinner", "Message-ID: <2@x.example>", "To: desk@shop.example"])
async def test_a_field_that_stands_there_twice_is_named(added: str):
    """The signature covers the lower one; the upper one is read."""
    plain = dkim.sign(RAW, b"desk", b"home.example", keys()[0], include_headers=[b"from", b"subject"]) + RAW
    async with name_server(names()) as (where, _), LetterReader(resolver=where) as reader:
        letter = await reader.read(added.encode() + b"\r\n" + plain, FROM_ANA, ours=OURS)
        assert REPEATED in letter.odd
        assert REPEATED not in (await reader.read(plain, FROM_ANA, ours=OURS)).odd


@pytest.mark.parametrize("policy", ["", "v=spf1 -all", "p=reject; v=DMARC1", "v=DMARC10; p=none"])
def test_without_a_policy_nobody_says_that_mail_signed_fields(policy):
    assert not signed_fields(by("home.example"), ANA, texts(names(_dmarc__home__example=policy)))


def test_a_domain_above_vouches_unless_it_wants_the_very_same():
    sub = mail("From: Ana <ana@shop.home.example>")
    signed, who = by("home.example", sub), "ana@shop.home.example"
    assert signed_fields(signed, who, texts(names()))
    assert not signed_fields(signed, who, texts(names(_dmarc__home__example="v=DMARC1; p=none; adkim=s")))
    assert not signed_fields(signed, who, texts(names(_dmarc__shop__home__example="v=DMARC1;p=none;adkim=s")))


def test_a_domain_below_or_beside_does_not():
    there = names(desk___domainkey__shop__home__example=keys()[1], desk___domainkey__example=keys()[1])
    assert not signed_fields(by("shop.home.example"), ANA, texts(there))
    single = dkim.sign(RAW, b"desk", b"example", keys()[0], include_headers=[b"from", b"subject"]) + RAW
    assert not signed_fields(single, ANA, texts(there))


def test_a_key_that_is_too_short_signs_nothing(monkeypatch):
    monkeypatch.setattr(signature, "KEY_BITS_MIN", 4_096)
    assert not signed_fields(by("home.example"), ANA, texts(names()))


def test_one_that_holds_is_enough_and_not_more_than_a_few_are_tried():
    good = by("home.example")
    broken = good[: good.index(b"From:")].replace(b"s=desk", b"s=old")
    assert signed_fields(broken * 2 + good, ANA, texts(names()))
    asked: list[str] = []

    def counting(name: str) -> bytes:
        asked.append(name)
        return texts(names())(name)

    assert not signed_fields(broken * 400 + good, ANA, counting)
    assert len(asked) <= 4


def test_what_is_too_large_to_check_is_a_claim():
    assert not signed_fields(by("home.example") + b"x" * SIGNED_BYTES_MAX, ANA, texts(names()))


async def test_the_child_asks_the_name_server_and_says_what_it_found():
    async with name_server(names()) as (where, asked), LetterReader(resolver=where) as reader:
        assert (await reader.read(by("home.example"), FROM_ANA, ours=OURS)).signed
        assert asked == ["_dmarc.home.example", "desk._domainkey.home.example"]
        assert not (await reader.read(RAW, FROM_ANA, ours=OURS)).signed
        assert len(asked) == 2
    async with LetterReader() as reader:
        assert not (await reader.read(by("home.example"), FROM_ANA, ours=OURS)).signed


async def test_a_library_that_fails_at_a_key_costs_the_mail_its_signature_alone():
    key = base64.b64encode(bytes.fromhex("300706022100")).decode()
    broken = names(desk___domainkey__home__example=f"v=DKIM1; k=rsa; p={key}")
    async with name_server(broken) as (where, _), LetterReader(resolver=where) as reader:
        letter = await reader.read(by("home.example"), FROM_ANA, ours=OURS)
    assert (letter.signed, letter.text) == ((), "The till in shop 4 is broken.")
    assert "read_plainly" not in letter.odd


async def test_a_name_server_that_hangs_leaves_a_claim():
    hangs = names(_dmarc__home__example="HANGS")
    async with name_server(hangs) as (where, _), LetterReader(resolver=where) as reader:
        letter = await reader.read(by("home.example"), FROM_ANA, ours=OURS)
    assert not letter.signed
    assert letter.text == "The till in shop 4 is broken."
    assert ChildLimits().wall_s > 4.0
