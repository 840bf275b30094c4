"""Signed both ways, with a library nobody here wrote at the far side."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.activity import Activity, Card, Choice, Kind, Link, Role, Sender
from channels import leaving
from channels.http import HttpChannel
from channels.http.signature import SignatureRefused, check, read_secret, sign
from channels.protocol import DeliveryFailed
from tests.channels.http.far_side import FOREIGN, NEW, OLD, HttpWire, present, wired

HELLO = {"type": "message", "conversation": "+44 7700 900 212", "text": "Where is my order?", "locale": "en-GB"}


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    async with wired() as found:
        yield found


def answer_in(wire: HttpWire, conversation: str, key: str = "reply:1", **more: Any) -> Activity:
    said = Activity(
        kind=Kind.MESSAGE, channel="sms", conversation=conversation, sender=Sender(Role.AGENT, "7", "Li"), key=key,
        text="On the van.", **more,
    )  # fmt: skip
    return wire.memory.append(said)


async def begun(wire: HttpWire) -> str:
    return str((await wire.posts(HELLO))[1]["conversation"])


async def test_what_the_library_signs_is_heard_once(wire: HttpWire) -> None:
    status, first = await wire.posts(HELLO)
    assert (status, first["fresh"]) == (200, True)
    assert await wire.posts(HELLO) == (200, {**first, "fresh": False})
    assert (await wire.posts(HELLO, key="msg_2"))[1]["fresh"] is True
    assert wire.heard == ["Where is my order?"] * 2
    (opened,) = wire.memory.opened.values()
    assert (opened["channel"], opened["visitor"]) == ("sms", "+44 7700 900 212")


async def test_eight_at_once_are_one(wire: HttpWire) -> None:
    answers = await asyncio.gather(*(wire.posts(HELLO) for _ in range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert wire.heard == ["Where is my order?"]


async def test_either_secret_is_believed_and_both_sign(wire: HttpWire) -> None:
    assert (await wire.posts(HELLO, by=OLD))[0] == 200
    conversation = await begun(wire)
    for known in (NEW, OLD):
        wire.far.secret = known
        await wire.adapter.send(answer_in(wire, conversation, f"reply:{known}"), key=f"reply:{known}")
    wire.far.secret = FOREIGN
    with pytest.raises(DeliveryFailed):
        await wire.adapter.send(answer_in(wire, conversation), key="reply:1")
    assert (len(wire.far.taken), wire.far.forged) == (2, 1)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"by": FOREIGN}, "SignatureWrong"),
        ({"name": "fax"}, "SignatureWrong"),
        ({"at": timedelta(minutes=-6)}, "TimestampOutside"),
        ({"at": timedelta(minutes=6)}, "TimestampOutside"),
        ({"key": "a.b"}, "HeaderMissing"),
        ({"webhook_id": "msg_2"}, "SignatureWrong"),
        ({"webhook_id": ""}, "HeaderMissing"),
        ({"webhook_timestamp": "soon"}, "HeaderMissing"),
        ({"webhook_timestamp": "999999999999"}, "SignatureWrong"),
        ({"webhook_signature": ""}, "SignatureWrong"),
        ({"webhook_signature": "v1"}, "SignatureWrong"),
        ({"webhook_signature": "v1,"}, "SignatureWrong"),
        ({"webhook_signature": "v1a,AAAA"}, "SignatureWrong"),
        ({"webhook_signature": "v1,\u00e9"}, "SignatureWrong"),
    ],
)
async def test_nobody_else_is_heard(wire: HttpWire, changed: dict[str, Any], code: str) -> None:
    if "at" in changed:  # from when it is sent, however long ago this test was collected
        changed = {"at": present() + changed["at"]}
    status, answer = await wire.posts(HELLO, **changed)
    assert (status, answer["error"]["code"]) == (401, code)
    assert wire.heard == []


@pytest.mark.parametrize("signature", [b"v1,\xff", b"v1,\xed\xa0\x80"])
async def test_bytes_that_are_no_words_are_a_wrong_signature(wire: HttpWire, signature: bytes) -> None:
    with pytest.raises(SignatureRefused, match="SignatureWrong"):
        given = {"webhook-id": "a", "webhook-timestamp": str(int(present().timestamp()))}
        text = signature.decode("utf-8", "surrogateescape")  # as the HTTP library hands it on
        check([read_secret(NEW)], {**given, "webhook-signature": text}, b"{}", at=present())


def test_a_signed_year_that_no_calendar_has_is_outside() -> None:
    key = read_secret(NEW)
    far = SimpleNamespace(timestamp=lambda: 999_999_999_999)
    with pytest.raises(SignatureRefused, match="TimestampOutside"):
        check([key], sign([key], "a", b"{}", at=far), b"{}", at=present())  # type: ignore[arg-type]


async def test_a_body_that_was_changed_on_the_way_is_not_heard(wire: HttpWire) -> None:
    key, at = "msg_1", present()
    signed = sign([read_secret(NEW)], key, b'{"type":"message"}', at=at)
    with pytest.raises(SignatureRefused):
        check([read_secret(NEW)], signed, b'{"type":"joined"}', at=at)


@given(
    body=st.binary(max_size=200), key=st.from_regex(r"[A-Za-z0-9_-]{1,100}", fullmatch=True), flip=st.integers(0, 10**6)
)
def test_what_is_signed_is_believed_and_nothing_near_it(body: bytes, key: str, flip: int) -> None:
    keys, at = [read_secret(NEW)], present()
    headers = sign(keys, key, body, at=at)
    assert check(keys, headers, body, at=at) == key
    place = flip % (len(body) + 1)
    other = body[:place] + b"!" + body[place:]
    with pytest.raises(SignatureRefused):
        check(keys, headers, other, at=at)


@pytest.mark.parametrize(
    "document",
    [
        {**HELLO, "type": "status"},
        {**HELLO, "text": ""},
        {**HELLO, "text": ["a"]},
        {**HELLO, "conversation": ""},
        {**HELLO, "conversation": 7},
        {**HELLO, "conversation": "a\nb"},
        {**HELLO, "sender": "me"},
        {**HELLO, "sender": {"id": []}},
        {**HELLO, "value": [1]},
        {**HELLO, "text": "x" * 9_000},
        b"nonsense",
    ],
)
async def test_what_is_no_activity_is_refused(wire: HttpWire, document: Any) -> None:
    assert (await wire.posts(document))[0] == 400
    assert wire.heard == []


async def test_a_body_that_is_too_large_is_refused(wire: HttpWire) -> None:
    assert (await wire.posts({**HELLO, "pad": "x" * 300_000}))[0] == 413


async def test_a_desk_that_can_store_nothing_says_so_and_is_posted_to_again(wire: HttpWire) -> None:
    wire.memory.unavailable = 1
    assert (await wire.posts(HELLO))[0] == 503
    assert (await wire.posts(HELLO))[0] == 200
    assert wire.heard == ["Where is my order?"]


async def test_a_flood_is_slowed_down(wire: HttpWire) -> None:
    answers = await asyncio.gather(*(wire.posts(HELLO, key=f"msg_{number}") for number in range(60)))
    statuses = [status for status, _ in answers]
    assert 429 in statuses
    assert len(wire.heard) == statuses.count(200)


async def test_an_answer_has_all_it_needs(wire: HttpWire) -> None:
    conversation = await begun(wire)
    card = Card(title="Your case", facts=(("Number", "CAS-1"),), links=(Link("Read", "https://help.example"),))
    said = answer_in(wire, conversation, choices=(Choice("Yes", "yes"),), card=card)
    await wire.adapter.send(said, key=said.key)
    (taken,) = wire.far.taken
    assert taken["conversation"] == "+44 7700 900 212"
    assert taken["text"] == "On the van."
    assert taken["sender"] == {"role": "agent", "name": "Li"}
    assert taken["choices"] == [{"title": "Yes", "says": "yes"}]
    assert taken["card"]["facts"] == [["Number", "CAS-1"]]


OUTCOMES = [  # answer, tried again when they take it once, tried again when not, ambiguous when not
    (429, True, True, False),
    (500, True, False, True),
    (502, True, False, True),
    (503, True, False, True),
    (408, True, False, True),
    ("cut", True, False, True),
    (302, False, False, False),
    (400, False, False, False),
    (401, False, False, False),
    (410, False, False, False),
]


@pytest.mark.parametrize(("answer", "once", "else_", "ambiguous"), OUTCOMES)
async def test_what_an_answer_means(answer: int | str, once: bool, else_: bool, ambiguous: bool) -> None:
    for takes_once in (True, False):
        async with wired(takes_once=takes_once) as wire:
            said = answer_in(wire, await begun(wire))
            wire.far.answers = [answer]
            with pytest.raises(DeliveryFailed) as failed:
                await wire.adapter.send(said, key=said.key)
            assert failed.value.retry is (once if takes_once else else_)
            assert failed.value.ambiguous is (False if takes_once else ambiguous)
            await wire.adapter.send(said, key=said.key)
            assert len(wire.far.ids) == 1


@pytest.mark.parametrize("takes_once", [True, False])
async def test_a_desk_that_stops_leaves_it_in_doubt_unless_they_take_it_once(
    takes_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "ENDS_WITHIN_S", 0.01)
    async with wired(takes_once=takes_once) as wire:
        said = answer_in(wire, await begun(wire))
        wire.far.answers = ["hang"]
        sending = asyncio.create_task(wire.adapter.send(said, key=said.key))
        await asyncio.wait_for(wire.far.hangs.wait(), 10)
        sending.cancel()
        with pytest.raises(DeliveryFailed) as failed:
            await sending
        assert (failed.value.retry, failed.value.ambiguous) == (takes_once, not takes_once)


async def test_nobody_there_is_tried_again(wire: HttpWire) -> None:
    said = answer_in(wire, await begun(wire))
    await wire.server.close()
    with pytest.raises(DeliveryFailed) as failed:
        await wire.adapter.send(said, key=said.key)
    assert (failed.value.retry, failed.value.ambiguous) == (True, False)


async def test_a_conversation_of_another_channel_goes_nowhere(wire: HttpWire) -> None:
    wire.memory.logs["elsewhere"] = []
    with pytest.raises(DeliveryFailed):
        await wire.adapter.send(answer_in(wire, "elsewhere"), key="reply:1")
    assert wire.far.taken == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "webchat"},
        {"name": "SMS"},
        {"name": "a b"},
        {"secrets": ()},
        {"secrets": (NEW,) * 4},
        {"secrets": ("whsec_c2hvcnQ=",)},
        {"secrets": ("whsec_***",)},
        {"deliver_to": "http://gateway.example/desk"},
        {"deliver_to": "https://me:secret@gateway.example/desk"},
        {"deliver_to": "ftp://gateway.example"},
        {"deliver_to": "https:///desk"},
        {"deliver_to": "file:///etc/passwd"},
        {"deliver_to": "gateway.example"},
    ],
)
def test_a_channel_that_cannot_be_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"name": "sms", "secrets": (NEW,), "deliver_to": "https://gateway.example/desk"}
    HttpChannel(**right)
    with pytest.raises(ValueError, match=r".+"):
        HttpChannel(**{**right, **wrong})
