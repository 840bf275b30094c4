"""Hostile bodies."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.activity import Activity, Kind, Role, Sender
from channels.protocol import PayloadRejected
from channels.webchat.read import Ignored, Poster, read

ANA = Poster("conversation", "dl_ana")


def heard(document: Any, poster: Poster = ANA, **more: Any) -> Activity:
    said = read(json.dumps(document).encode(), poster, fresh_key="fresh", **more)
    assert isinstance(said, Activity)
    return said


def message(**more: Any) -> dict[str, Any]:
    return {"type": "message", "text": "hello", "from": {"id": "me"}, **more}


def test_who_where_and_when_are_the_servers_word() -> None:
    lies = message(
        id="7", channelId="msteams", conversation={"id": "other"}, timestamp="1999-01-01T00:00:00Z", seq=9, key="k",
        serviceUrl="http://evil", recipient={"id": "bot"}, channel="x",
        **{"from": {"id": "dl_eve", "name": "Nightdesk", "role": "bot"}},
    )  # fmt: skip
    said = heard(lies)
    assert said.sender == Sender(Role.CUSTOMER, "dl_ana", "")
    assert (said.conversation, said.channel, said.at, said.seq, said.key) == (
        "conversation",
        "webchat",
        None,
        0,
        "fresh",
    )


def test_nul_and_half_characters_are_taken_out() -> None:
    said = heard(message(text="a\x00b\ud83dc\r\nd\x1b[31m\te", value={"k\x00": ["v\udc00", {"x": "\x07"}]}))
    assert said.text == "abc\nd[31m\te"
    assert said.value == {"k": ["v", {"x": ""}]}
    orjson.dumps(said.to_json())


def test_what_people_write_stays() -> None:
    for text in ("مرحبا \u200f!", "👩‍👩‍👧", "e\u0301", "\u202etfel", "\ufeff", "a\u2028b"):
        assert heard(message(text=text)).text == text


def test_numbers_no_database_takes_become_text() -> None:
    said = heard(message(value={"big": 10**30, "small": -(10**30), "ok": 7, "float": 1.5}))
    assert said.value == {"big": str(10**30), "small": str(-(10**30)), "ok": 7, "float": 1.5}


@pytest.mark.parametrize(
    "document",
    [
        message(text="x" * 8_001),
        message(text=["hello"]),
        message(text={"a": 1}),
        message(text=7),
        message(text=""),
        message(text=" \n "),
        message(text="\x00"),
        message(value=json.loads('{"a":' * 20 + "1" + "}" * 20)),
        message(value=list(range(6_000))),
        message(channelData={"clientActivityID": "x" * 101}),
        message(channelData={"clientActivityID": "joined"}),
        message(channelData={"clientActivityID": "bot:1"}),
        message(channelData={"clientActivityID": ""}),
        message(channelData={"clientActivityID": "a b"}),
        message(channelData={"clientActivityID": "ключ"}),
        message(channelData={"clientActivityID": 7}),
        {"type": "message", "attachments": [{"contentUrl": "http://169.254.169.254/"}]},
        {"type": "x" * 101},
    ],
)
def test_refused_in_plain_words(document: Any) -> None:
    with pytest.raises(PayloadRejected) as refused:
        heard(document)
    assert "hello" not in refused.value.detail


def test_eight_thousand_characters_are_taken() -> None:
    assert len(heard(message(text="😀" * 8_000)).text) == 8_000


def test_a_card_passes_its_value_through() -> None:
    said = heard({"type": "message", "value": {"says": "send", "email": "a@b.example"}})
    assert (said.text, said.value) == ("", {"says": "send", "email": "a@b.example"})
    assert heard({"type": "message", "value": "Yes please"}).text == "Yes please"
    assert heard(message(value=[1])).value == {"value": [1]}


def test_a_server_names_the_sender() -> None:
    assert heard(message(), Poster("conversation")).sender.id == "me"
    for sender in (None, "me", {}, {"id": 7}, {"id": ""}, {"id": "x" * 101}):
        with pytest.raises(PayloadRejected):
            heard(message(**{"from": sender}), Poster("conversation"))


def test_joining_has_one_key() -> None:
    said = heard({"type": "event", "name": "webchat/join", "channelData": {"clientActivityID": "x"}, "locale": "de-DE"})
    assert (said.kind, said.key, said.locale) == (Kind.JOINED, "joined", "de-DE")


@pytest.mark.parametrize("kind", ["event", "conversationUpdate", "invoke", "trace", "endOfConversation", "nonsense"])
def test_what_the_desk_takes_no_part_in(kind: str) -> None:
    raw = json.dumps({"type": kind, "name": "n", "channelData": {"clientActivityID": "e"}}).encode()
    assert read(raw, ANA, fresh_key="f") == Ignored(kind, "n", "e")


@pytest.mark.parametrize("locale", ["", "x", "en_GB", "en-GB\n", "e" * 50, 7, None, ["en"]])
def test_a_locale_that_is_none_is_left_out(locale: Any) -> None:
    assert heard(message(locale=locale)).locale == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("type", "text", "value", "from", "channelData", "locale", "name", "attachments", "conversation")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.sampled_from(["message", "event", "typing", None]))
def test_anything_at_all_is_read_or_rejected(document: dict[str, Any], kind: str | None) -> None:
    if kind:
        document["type"] = kind
    try:
        said = read(json.dumps(document).encode(), ANA, fresh_key="f")
    except PayloadRejected:
        return
    if isinstance(said, Activity):
        stored = orjson.loads(orjson.dumps(said.to_json()))
        assert "\\u0000" not in orjson.dumps(stored).decode()
        Activity.from_json(stored)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_rejected(raw: bytes) -> None:
    with pytest.raises(PayloadRejected):
        read(raw, ANA, fresh_key="f")
