"""What a DKIM-Signature says of itself is read as whoever checks it reads it, or not at all."""

import pytest

from channels.email.letter import Signature
from channels.email.reading.dkim_fields import signatures
from channels.email.reading.header import Headers
from tests.channels.email.reading.mails import mail, read
from tests.channels.email.reading.test_signature import by

GMAIL = (
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=Home.Example; s=Desk; t=1721274466; darn=shop.example; "
    "h=content-transfer-encoding:mime-version:references:in-reply-to :message-id:subject:from:From; "
    "bh=RGxTXo990ti5lAyVI8ZehxzUFXPwz6MqQx7qAzjMfhw=; b=iuKqI5h7yvwsRKP6 mB8/XDtY/JKmtl7T5DzYDfubEtGlWgVSPUM4ZCxgaQ=="
)


def one(value: str) -> Signature:
    (found,) = signatures(Headers([("dkim-signature", value)]))
    return found


def test_all_that_is_needed_is_read():
    found = one(GMAIL)
    assert (found.domain, found.selector) == ("home.example", "desk")
    assert found.value == "iuKqI5h7yvwsRKP6mB8/XDtY/JKmtl7T5DzYDfubEtGlWgVSPUM4ZCxgaQ=="
    fields = ("content-transfer-encoding", "mime-version", "references", "in-reply-to", "message-id", "subject", "from")
    assert found.names == fields


@pytest.mark.parametrize(
    "value", ["", ";;", "d", "d=home.example; d=home.example; h=from:subject", GMAIL + "; h=from", "\xff=1; d=a b c"]
)
def test_what_cannot_be_read_is_nobodys(value: str):
    assert (one(value).domain, one(value).names) == ("", ())


def test_one_that_leaves_bytes_of_the_body_out_covers_nothing():
    """RFC 6376, 8.2: with `l` whatever is put behind goes along with a valid signature."""
    assert one(GMAIL + "; l=5") == Signature("home.example", "desk", one(GMAIL).value, ())


def test_a_letter_has_them_all_from_the_top():
    raw = by("above.example", by("home.example", mail()))
    assert [found.domain for found in read(raw).signatures] == ["above.example", "home.example"]
    blank = raw.replace(b"DKIM-Signature:", b"DKIM-Signature" + b" " * 40 + b":")
    assert read(blank).signatures == read(raw).signatures
