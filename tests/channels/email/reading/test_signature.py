"""Without a border of ours: a sender's domain vouches by its own signature, checked in the process that reads."""

import base64
from collections.abc import Callable
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email.dkim_signing import signer
from channels.email.reading import signature
from channels.email.reading.limits import ChildLimits
from channels.email.reading.reader import LetterReader
from channels.email.reading.signature import SIGNED_BYTES_MAX, is_signed
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


def test_a_domain_that_signs_and_says_so_vouches():
    assert is_signed(by("home.example"), ANA, texts(names()))
    assert is_signed(by("home.example"), "ana@HOME.example", texts(names()))


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
    assert not is_signed(raw, ANA, texts(there))


def test_bytes_behind_a_length_are_not_signed():
    """RFC 6376, 8.2: with `l` whatever is put behind goes along with a valid signature."""
    mailed = (
        dkim.sign(RAW, b"desk", b"home.example", keys()[0], length=True, include_headers=[b"from", b"subject"]) + RAW
    )
    assert dkim.verify(
        mailed + b"forged\r\n", dnsfunc=lambda name, **_: names()["desk._domainkey.home.example"].encode()
    )
    assert not is_signed(mailed + b"forged\r\n", ANA, texts(names()))


@pytest.mark.parametrize("policy", ["", "v=spf1 -all", "p=reject; v=DMARC1", "v=DMARC10; p=none"])
def test_without_a_policy_nobody_says_that_mail_is_signed(policy):
    assert not is_signed(by("home.example"), ANA, texts(names(_dmarc__home__example=policy)))


def test_a_domain_above_vouches_unless_it_wants_the_very_same():
    sub = mail("From: Ana <ana@shop.home.example>")
    signed, who = by("home.example", sub), "ana@shop.home.example"
    assert is_signed(signed, who, texts(names()))
    assert not is_signed(signed, who, texts(names(_dmarc__home__example="v=DMARC1; p=none; adkim=s")))
    assert not is_signed(signed, who, texts(names(_dmarc__shop__home__example="v=DMARC1;p=none;adkim=s")))


def test_a_domain_below_or_beside_does_not():
    there = names(desk___domainkey__shop__home__example=keys()[1], desk___domainkey__example=keys()[1])
    assert not is_signed(by("shop.home.example"), ANA, texts(there))
    assert not is_signed(by("example"), ANA, texts(there))


def test_a_key_that_is_too_short_signs_nothing(monkeypatch):
    monkeypatch.setattr(signature, "KEY_BITS_MIN", 4_096)
    assert not is_signed(by("home.example"), ANA, texts(names()))


def test_one_that_holds_is_enough_and_not_more_than_a_few_are_tried():
    good = by("home.example")
    broken = good[: good.index(b"From:")].replace(b"s=desk", b"s=old")
    assert is_signed(broken * 2 + good, ANA, texts(names()))
    asked: list[str] = []

    def counting(name: str) -> bytes:
        asked.append(name)
        return texts(names())(name)

    assert not is_signed(broken * 400 + good, ANA, counting)
    assert len(asked) <= 4


def test_what_is_too_large_to_check_is_a_claim():
    assert not is_signed(by("home.example") + b"x" * SIGNED_BYTES_MAX, ANA, texts(names()))


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
    assert (letter.signed, letter.text) == (False, "The till in shop 4 is broken.")
    assert "read_plainly" not in letter.odd


async def test_a_name_server_that_hangs_leaves_a_claim():
    hangs = names(_dmarc__home__example="HANGS")
    async with name_server(hangs) as (where, _), LetterReader(resolver=where) as reader:
        letter = await reader.read(by("home.example"), FROM_ANA, ours=OURS)
    assert not letter.signed
    assert letter.text == "The till in shop 4 is broken."
    assert ChildLimits().wall_s > 4.0
