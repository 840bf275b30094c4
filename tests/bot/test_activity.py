"""The vocabulary survives being stored."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.activity import Activity, Attachment, Card, Choice, Input, Kind, Link, Role, Sender

WORDS = st.text(max_size=30)
CHOICES = st.builds(Choice, WORDS, WORDS)
CARDS = st.builds(
    Card,
    title=WORDS,
    text=WORDS,
    facts=st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
    inputs=st.lists(
        st.builds(Input, WORDS, WORDS, st.sampled_from(["text", "choice"]), st.lists(CHOICES, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    submit=st.none() | CHOICES,
    links=st.lists(st.builds(Link, WORDS, WORDS), max_size=2).map(tuple),
    fallback=WORDS,
)
ACTIVITIES = st.builds(
    Activity,
    kind=st.sampled_from(Kind),
    channel=WORDS,
    conversation=WORDS,
    sender=st.builds(Sender, st.sampled_from(Role), WORDS, WORDS),
    key=WORDS,
    seq=st.integers(0, 10**6),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    text=WORDS,
    locale=WORDS,
    value=st.none() | st.dictionaries(WORDS, WORDS, min_size=1, max_size=3),
    attachments=st.lists(st.builds(Attachment, WORDS, WORDS, WORDS, st.integers(0, 10**9)), max_size=2).map(tuple),
    choices=st.lists(CHOICES, max_size=3).map(tuple),
    card=st.none() | CARDS,
    reply_to=WORDS,
)


@given(ACTIVITIES)
def test_an_activity_is_read_back_as_it_was_written(activity: Activity) -> None:
    assert Activity.from_json(json.loads(json.dumps(activity.to_json()))) == activity


def test_a_newer_releases_fields_are_ignored() -> None:
    document = {"kind": "message", "channel": "c", "conversation": "v", "sender": {"role": "bot"}, "key": "k", "new": 1}

    assert Activity.from_json(document).key == "k"


def test_a_place_is_given_without_touching_the_rest() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    activity = Activity(kind=Kind.MESSAGE, channel="c", conversation="v", sender=Sender(Role.BOT), key="k", text="x")

    assert activity.at_seq(3, at).seq == 3
    assert activity.at_seq(3, at).text == "x"
