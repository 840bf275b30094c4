"""What a customer is told, when and where: the promises, for whatever wishes, instants and cases there can be."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.model.actor import ActorKind
from caseengine.model.lifecycle import Status
from caseengine.policies.noticing import (
    AWAY_AFTER,
    Drop,
    Fact,
    Reach,
    Since,
    Tell,
    Verdict,
    Wait,
    WhyNot,
    due_at,
    judge,
    notice_of,
)
from customers.preferences import wishes_from_json, wishes_to_json
from customers.wishes import Digest, NoticeKind, QuietHours, Way, Wishes

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC")
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0, tzinfo=None))
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
QUIET = st.none() | st.builds(QuietHours, CLOCKS, CLOCKS)
WISHES = st.builds(
    Wishes,
    way=st.none() | st.sampled_from(Way),
    kinds=st.frozensets(st.sampled_from(NoticeKind)),
    quiet=QUIET,
    digest=st.sampled_from(Digest),
    digest_at=CLOCKS,
    zone=st.sampled_from(ZONES),
)
SINCE = st.builds(
    Since,
    status=st.sampled_from(Status),
    later=st.frozensets(st.sampled_from(["CustomerWrote", "NoteAdded", "CaseReopened"])),
    promised=st.none() | INSTANTS,
    promised_then=st.none() | INSTANTS,
    status_then=st.sampled_from(Status),
    read=st.booleans(),
)
WAYS = st.frozensets(st.sampled_from(Way))
REACH = st.builds(Reach, open=WAYS, proved=st.booleans(), failed=WAYS)
LATEST = AWAY_AFTER + timedelta(days=2, hours=3)
"""A digest's day, a night, and the clocks put back."""


@given(WISHES, INSTANTS)
def test_due_is_never_in_quiet_hours_and_never_far_away(wishes: Wishes, at: datetime) -> None:
    due = due_at(at, wishes)
    assert not wishes.quiet_at(due)
    assert at + AWAY_AFTER <= due <= at + LATEST


@given(WISHES, INSTANTS)
def test_a_digest_comes_at_its_time(wishes: Wishes, at: datetime) -> None:
    due = due_at(at, wishes)
    if wishes.quiet is not None and wishes.quiet_at(due - timedelta(seconds=1)):
        return  # moved to the end of the quiet hours
    if wishes.digest is Digest.HOURLY:
        shown = due.astimezone(ZoneInfo(wishes.zone))
        assert (shown.minute, shown.second) == (0, 0)
    if wishes.digest is Digest.DAILY:
        local = due.astimezone(ZoneInfo(wishes.zone))
        skipped = (local.replace(fold=0) - timedelta(hours=2)).utcoffset() != local.utcoffset()
        assert local.time() == wishes.digest_at or skipped


@pytest.mark.parametrize(
    ("zone", "at", "hour"),
    [
        ("UTC", "10:10", "11:00"),
        ("Asia/Kolkata", "10:10", "10:30"),  # four in the afternoon
        ("Asia/Kolkata", "10:30", "10:30"),
        ("Australia/Lord_Howe", "14:50", "15:30"),  # at two the clock is put back to half past one
    ],
)
def test_an_hourly_digest_comes_at_a_full_hour_of_the_customer(zone: str, at: str, hour: str) -> None:
    wishes = Wishes(digest=Digest.HOURLY, zone=zone)
    asked, due = (datetime.combine(date(2026, 4, 4), time.fromisoformat(clock), UTC) for clock in (at, hour))
    assert wishes.earliest(asked) == due


@given(
    st.sampled_from(NoticeKind),
    WISHES,
    SINCE,
    REACH,
    INSTANTS,
    st.timedeltas(timedelta(0), timedelta(days=4)),
    st.booleans(),
)
def test_nobody_is_told_what_they_must_not_be(
    kind: NoticeKind, wishes: Wishes, since: Since, reach: Reach, at: datetime, late: timedelta, along: bool
) -> None:
    now = at + late
    verdict = judge(kind, at, wishes=wishes, since=since, reach=reach, now=now, along=along)
    if isinstance(verdict, Tell):
        assert wishes.want(kind)
        assert not wishes.quiet_at(now)
        assert verdict.way in reach.open - reach.failed, "never to a place that was not proved, nor where it failed"
        assert wishes.way is not Way.CHAT or verdict.way is Way.CHAT
        assert not (since.read and kind in (NoticeKind.REPLY, NoticeKind.PROMISE, NoticeKind.RESOLVED))
    if isinstance(verdict, Wait):
        assert now < verdict.until <= max(at, now) + LATEST
        assert not wishes.quiet_at(verdict.until)


@given(st.sampled_from(NoticeKind), WISHES, SINCE, REACH, INSTANTS)
def test_who_waits_is_told_or_there_is_a_reason(
    kind: NoticeKind, wishes: Wishes, since: Since, reach: Reach, at: datetime
) -> None:
    """Never lost: looked at again when it said, it ends within two looks."""

    def look(now: datetime) -> Verdict:
        return judge(kind, at, wishes=wishes, since=since, reach=reach, now=now)

    verdict, now = look(at), at
    for _ in range(2):
        if isinstance(verdict, Wait):
            now = verdict.until
            verdict = look(now)
    assert isinstance(verdict, Tell | Drop)
    assert now <= at + LATEST


@given(WISHES)
def test_wishes_survive_being_kept(wishes: Wishes) -> None:
    assert wishes_from_json(wishes_to_json(wishes)) == wishes


REPLY: dict[str, Any] = {"wishes": Wishes(), "since": Since(Status.OPEN)}
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER = AT + AWAY_AFTER


@pytest.mark.parametrize(
    ("liked", "there", "failed", "told"),
    [
        (Way.EMAIL, {Way.EMAIL, Way.TEAMS}, set(), Tell(Way.EMAIL)),
        (Way.EMAIL, {Way.EMAIL, Way.TEAMS}, {Way.EMAIL}, Tell(Way.TEAMS)),
        (Way.EMAIL, {Way.TEAMS}, set(), Tell(Way.TEAMS)),
        (Way.TEAMS, {Way.EMAIL, Way.TEAMS}, set(), Tell(Way.TEAMS)),
        (Way.TEAMS, {Way.EMAIL, Way.TEAMS}, {Way.TEAMS}, Tell(Way.EMAIL)),
        (Way.TEAMS, {Way.EMAIL, Way.TEAMS}, {Way.TEAMS, Way.EMAIL}, Drop(WhyNot.UNREACHABLE)),
        (Way.CHAT, {Way.EMAIL, Way.TEAMS}, set(), Drop(WhyNot.UNREACHABLE)),
        (Way.CHAT, {Way.EMAIL, Way.CHAT}, set(), Tell(Way.CHAT)),
        (None, {Way.EMAIL, Way.TEAMS, Way.CHAT}, set(), Drop(WhyNot.OPTED_OUT)),
    ],
)
def test_the_order_of_the_ways(liked: Way | None, there: set[Way], failed: set[Way], told: Verdict) -> None:
    reach = Reach(frozenset(there), proved=True, failed=frozenset(failed))
    found = judge(NoticeKind.REPLY, AT, wishes=Wishes(way=liked), since=Since(Status.OPEN), reach=reach, now=LATER)
    assert found == told


def test_a_place_nobody_proved_is_no_way() -> None:
    found = judge(NoticeKind.REPLY, AT, wishes=Wishes(), since=Since(Status.OPEN), reach=Reach(), now=LATER)
    assert found == Drop(WhyNot.UNPROVED)


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (Fact("AgentReplied", ActorKind.AGENT, Status.OPEN, "webchat"), NoticeKind.REPLY),
        (Fact("CustomerAsked", ActorKind.AGENT, Status.WAITING_ON_CUSTOMER, "webchat"), NoticeKind.REPLY),
        (Fact("AgentReplied", ActorKind.AGENT, Status.OPEN, "email"), None),
        (Fact("AgentReplied", ActorKind.AGENT, Status.OPEN, "teams"), None),
        (Fact("AgentReplied", ActorKind.AGENT, Status.OPEN, "sms"), None),
        (Fact("AgentReplied", ActorKind.AGENT, Status.OPEN, ""), NoticeKind.REPLY),
        (Fact("PromiseMade", ActorKind.BOT, Status.NEW, "webchat"), None),
        (Fact("PromiseMade", ActorKind.SYSTEM, Status.NEW, "webchat"), NoticeKind.PROMISE),
        (Fact("CaseResolved", ActorKind.AGENT, Status.RESOLVED, "webchat"), NoticeKind.RESOLVED),
        (Fact("CaseResolved", ActorKind.CUSTOMER, Status.RESOLVED, "webchat"), None),
        (Fact("CaseClosed", ActorKind.CUSTOMER, Status.CLOSED, "webchat"), None),
        (Fact("CaseClosed", ActorKind.SYSTEM, Status.CLOSED, "email"), NoticeKind.SURVEY),
        (Fact("CaseAssigned", ActorKind.AGENT, Status.OPEN, "email"), NoticeKind.STATUS),
        (Fact("NoteAdded", ActorKind.AGENT, Status.OPEN, "webchat"), None),
    ],
)
def test_which_facts_concern_a_customer(fact: Fact, kind: NoticeKind | None) -> None:
    assert notice_of(fact) == kind


@pytest.mark.parametrize(
    ("begins", "ends", "at", "over"),
    [
        ("22:00", "07:00", "2026-03-02T23:00+00:00", "2026-03-03T07:00+00:00"),
        ("22:00", "07:00", "2026-03-03T06:59+00:00", "2026-03-03T07:00+00:00"),
        ("22:00", "07:00", "2026-03-03T07:00+00:00", "2026-03-03T07:00+00:00"),
        ("12:00", "13:00", "2026-03-02T12:30+00:00", "2026-03-02T13:00+00:00"),
        ("22:00", "01:30", "2026-03-29T00:10+00:00", "2026-03-29T01:30+00:00"),  # 01:30 does not come: summer time
        ("22:00", "01:30", "2026-10-24T23:00+00:00", "2026-10-25T00:30+00:00"),  # the first of two
        ("08:00", "08:00", "2026-03-02T08:00+00:00", "2026-03-02T08:00+00:00"),  # no hours at all
    ],
)
def test_quiet_hours_end_when_the_clock_says(begins: str, ends: str, at: str, over: str) -> None:
    hours = QuietHours(time.fromisoformat(begins), time.fromisoformat(ends))
    assert hours.over(datetime.fromisoformat(at), ZoneInfo("Europe/London")) == datetime.fromisoformat(over)
