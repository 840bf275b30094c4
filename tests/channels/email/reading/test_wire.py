"""A Letter crosses the border of a process exactly, and nothing else does."""

from dataclasses import fields

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.letter import Automatic, Bounce, Enclosure, Letter, Mailbox, Signature
from channels.email.reading import LetterUnreadable
from channels.email.reading.wire import pack, to_document, unpack

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
several = st.lists(texts, max_size=3).map(tuple)
mailboxes = st.builds(Mailbox, texts, texts)
letters = st.builds(
    Letter,
    message_id=texts,
    in_reply_to=several,
    references=several,
    sender=st.none() | mailboxes,
    sender_doubt=texts,
    reply_to=st.lists(mailboxes, max_size=2).map(tuple),
    to=st.lists(mailboxes, max_size=2).map(tuple),
    cc=st.lists(mailboxes, max_size=2).map(tuple),
    delivered_to=several,
    subject=texts,
    said_at=texts,
    languages=several,
    signatures=st.lists(st.builds(Signature, texts, texts, texts, several), max_size=2).map(tuple),
    rests_on=several,
    signed=several,
    authentication=several,
    text=texts,
    quoted=texts,
    html=texts,
    is_reply=st.booleans(),
    forwarded=st.booleans(),
    automatic=st.sampled_from(Automatic),
    bounces=st.lists(st.builds(Bounce, texts, texts, texts, texts, texts), max_size=2).map(tuple),
    complaint_of=texts,
    complaint_about=texts,
    complaint_path=texts,
    calendar=texts,
    reaction=texts,
    enclosures=st.lists(st.builds(Enclosure, texts, texts, st.binary(max_size=20), texts), max_size=3).map(tuple),
    headers=st.dictionaries(texts, texts, max_size=3),
    odd=several,
)


@given(letters)
def test_there_and_back_is_exact(letter):
    assert unpack(*pack(letter)) == letter


def test_every_field_of_a_letter_travels():
    assert set(to_document(Letter())) == {field.name for field in fields(Letter)}


LIES = {
    "no JSON": (b"{", b""),
    "a list": (b"[]", b""),
    "nothing": (b"{}", b""),
    "a number for words": (orjson.dumps(to_document(Letter()) | {"text": 7}), b""),
    "words for a list": (orjson.dumps(to_document(Letter()) | {"odd": "abc"}), b""),
    "another reason": (orjson.dumps(to_document(Letter()) | {"automatic": "maybe"}), b""),
    "a mailbox that is none": (orjson.dumps(to_document(Letter()) | {"sender": "x"}), b""),
    "contents without a file": (orjson.dumps(to_document(Letter())), b"x"),
    "a file beyond the contents": (
        orjson.dumps(
            to_document(Letter()) | {"enclosures": [{"name": "x", "content_type": "x", "content_id": "", "size": 9}]}
        ),
        b"x",
    ),
}


@pytest.mark.parametrize("answer", LIES.values(), ids=LIES)
def test_an_answer_that_is_no_letter_is_refused(answer):
    with pytest.raises(LetterUnreadable, match="answer_refused"):
        unpack(*answer)


@given(st.binary(max_size=200), st.binary(max_size=20))
@settings(max_examples=200)
def test_no_answer_raises_anything_else(document, contents):
    with pytest.raises(LetterUnreadable):
        unpack(document, contents)
