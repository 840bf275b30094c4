"""An outline becomes a message that says what it should and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from bot.activity import Link
from channels.email.compose import compose
from channels.email.dkim_signing import signer
from channels.email.letter import Mailbox
from channels.email.marker import REPLY_MARK
from channels.email.outline import Outline

OUTLINE = Outline(
    message_id="c-1@shop.example",
    to=Mailbox("ana@corner.example", "Ana"),
    sender=Mailbox("desk@shop.example", "Li, Tills"),
    reply_to="desk+c-abc@shop.example",
    envelope_from="desk+b-abc@shop.example",
    text="Your case is **CAS-1**.\n\n<script>alert(1)</script>",
    subject="Re: Till jams [CAS-1]",
    number="CAS-1",
    language="en",
    at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    automatic=True,
    in_reply_to="1@corner.example",
    references=("0@corner.example", "1@corner.example"),
    links=(Link("This solved it", "https://shop.example/answered/x/yes"),),
)
HEADERS = {
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Loop", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Content-Type", "Content-Language", "MIME-Version",
}  # fmt: skip


def written(outline: Outline):
    return message_from_bytes(compose(outline, "Shop").as_bytes(), policy=default)


def body(message, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_text_and_html_say_the_same_and_no_html_of_somebody_else_is_in_it():
    message = written(OUTLINE)
    assert message.get_content_type() == "multipart/alternative"
    assert body(message, "plain").startswith(REPLY_MARK)
    assert "This solved it: https://shop.example/answered/x/yes" in body(message, "plain")
    assert "<strong>CAS-1</strong>" in body(message, "html")
    assert "<script" not in body(message, "html")
    assert set(message.keys()) == HEADERS


def test_a_german_conversation_is_written_to_in_german():
    message = written(replace(OUTLINE, language="de-AT", subject=""))
    assert message["Subject"] == "[CAS-1] Ihre Mail an Shop"
    assert "Antworten darauf lesen Menschen" in " ".join(body(message, "plain").split())


def test_a_person_writes_without_the_marks_of_a_machine():
    message = written(replace(OUTLINE, automatic=False, signature="Li", quoted="It jams\nat the drawer"))
    assert message["Auto-Submitted"] is None
    assert "> at the drawer" in body(message, "plain")


def test_a_long_history_names_the_first_and_the_newest():
    ids = tuple(f"{place:03}{'x' * 150}@corner.example" for place in range(20))
    references = str(written(replace(OUTLINE, references=ids))["References"]).split()
    assert references[0] == f"<{ids[0]}>"
    assert references[-1] == f"<{ids[-1]}>"
    assert len(" ".join(references)) < 998


@pytest.mark.parametrize("to", ["ana@corner.example", "änne@corner.example"])
def test_a_long_id_of_another_desk_stands_in_the_mail_as_it_is(to):
    long = f"{'AM6PR08MB4072E21A2C7A1C5B7B4D7B3D' * 2}@AM6PR08M.example"
    assert len(long) == 83
    ids = (long[5:], "1@corner.example", "2@corner.example", long)
    ours = f"c-{'a' * 26}@{'a-long-name-of-a-department.' * 3}shop.example"
    to_, sender = Mailbox(to), Mailbox(f"desk@{'a-long-name-of-a-department.' * 3}shop.example")
    outline = replace(OUTLINE, to=to_, sender=sender, message_id=ours, in_reply_to=long, references=ids)
    raw = compose(outline, "Shop").as_bytes()

    assert f"\r\nMessage-ID: <{ours}>\r\n".encode() in raw
    assert f"\r\nIn-Reply-To: <{long}>\r\n".encode() in raw
    folded = f"\r\nReferences: <{ids[0]}>\r\n <1@corner.example> <2@corner.example>\r\n <{long}>\r\n"
    assert folded.encode() in raw
    assert f"\r\nX-Loop: nightdesk:{sender.address}\r\n".encode() in raw


def test_a_domain_beyond_ascii_is_written_in_ascii():
    ana, li = Mailbox("ana@xn--mller-kva.example", "Ana"), Mailbox("desk@xn--lrder-gra.example", "Li")
    copies = ("boss@müller.example", "eve@corner.example")
    outline = replace(OUTLINE, to=ana, sender=li, reply_to="desk+c-a@xn--lrder-gra.example", cc=copies)
    raw = compose(outline, "Shop").as_bytes()
    assert b"From: Li <desk@xn--lrder-gra.example>\r\nTo: Ana <ana@xn--mller-kva.example>\r\n" in raw
    assert b"\r\nCc: boss@xn--mller-kva.example, eve@corner.example\r\n" in raw
    assert b"\r\nReply-To: desk+c-a@xn--lrder-gra.example\r\n" in raw


@pytest.mark.bar
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_s19_nobody_adds_a_header(name, subject, text):
    outline = replace(
        OUTLINE,
        to=Mailbox("ana@corner.example", f"{name}\r\nBcc: eve@x.example"),
        subject=f"{subject}\nBcc: eve@x.example\n\n<b>",
        text=text,
        signature=f"{name}\r\n.\r\nMAIL FROM:<>",
    )
    raw = compose(outline, "Shop").as_bytes()
    header = raw.partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0].decode() for line in header.split(b"\r\n") if line[:1] not in (b" ", b"\t")}
    assert names <= HEADERS


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: eve@x.example", "a b@c.example", "nobody", ""])
def test_what_is_no_address_is_not_written_to(address):
    with pytest.raises(ValueError, match=r".+"):
        compose(replace(OUTLINE, to=Mailbox(address)), "Shop")


def test_a_signed_mail_can_be_verified():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    raw = signer("shop.example", "desk", private)(compose(OUTLINE, "Shop").as_bytes())

    def published(name, timeout=5):
        import base64

        assert name == b"desk._domainkey.shop.example."
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    assert dkim.verify(raw, dnsfunc=published)
    assert not dkim.verify(raw.replace(b"CAS-1", b"CAS-2"), dnsfunc=published)


def test_a_key_that_cannot_sign_is_said_at_the_start():
    with pytest.raises(ValueError, match="DKIM"):
        signer("shop.example", "desk", b"no key")
    with pytest.raises(ValueError, match="DKIM"):
        signer("", "desk", b"no key")
