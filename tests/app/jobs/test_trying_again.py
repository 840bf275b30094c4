"""How long each kind of delivery is tried."""

from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.trying_again import is_late, wait_after
from channels.protocol import DeliveryFailed
from storage.outbox import OutboxRow

NOT_NOW = DeliveryFailed("no connection", retry=True)


def tried(topic: str, channel: str, times: int) -> OutboxRow:
    return OutboxRow(1, topic, "one", {"channel": channel}, times, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


def waits(topic: str, channel: str) -> list[timedelta]:
    found: list[timedelta] = []
    while (wait := wait_after(tried(topic, channel, len(found)), NOT_NOW)) is not None:
        found.append(wait)
    return found


@pytest.mark.parametrize(("topic", "channel"), [("mail", ""), ("forward", ""), ("deliver", "email")])
def test_mail_is_tried_for_days_and_said_to_be_late_once(topic: str, channel: str):
    """RFC 5321, 4.5.4.1: "the give-up time generally needs to be at least 4-5 days"."""
    found = waits(topic, channel)
    assert timedelta(days=4.5) < sum(found, timedelta()) <= timedelta(days=5)
    assert max(found) == timedelta(hours=4)
    late = [times for times in range(len(found)) if is_late(tried(topic, channel, times), NOT_NOW)]
    assert [sum(found[:times], timedelta()) > timedelta(minutes=30) for times in late] == [True]


@pytest.mark.parametrize("channel", ["webchat", "teams", "sms"])
def test_what_people_wait_for_goes_another_way_after_half_an_hour(channel: str):
    assert sum(waits("deliver", channel), timedelta()) < timedelta(minutes=40)


def test_who_asks_for_more_time_is_given_it():
    asked = DeliveryFailed("429", retry=True, after=timedelta(minutes=10))
    assert wait_after(tried("deliver", "teams", 0), asked) == timedelta(minutes=10)
    assert wait_after(tried("deliver", "teams", 4), asked) == timedelta(minutes=30)
    assert wait_after(tried("deliver", "teams", 5), asked) is None


def test_what_was_refused_or_is_in_doubt_is_not_tried_again():
    assert wait_after(tried("mail", "", 0), DeliveryFailed("550")) is None
    assert wait_after(tried("mail", "", 0), DeliveryFailed("lost", ambiguous=True)) is None


def test_what_came_to_no_try_comes_again_as_soon_as_it_says_and_is_never_late() -> None:
    hands_full = DeliveryFailed("busy", retry=True, tried=False, after=timedelta(seconds=3))
    for times in (0, 5, 99):
        assert wait_after(tried("mail", "", times), hands_full) == timedelta(seconds=3)
        assert not is_late(tried("mail", "", times), hands_full)
