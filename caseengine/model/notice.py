"""What agents are told of, beside what stands on their screens anyhow."""

from enum import StrEnum


class AgentNotice(StrEnum):
    """The kinds of notices; the words are in the workspace's catalogue."""

    TARGET_WARNED = "target_warned"
    TARGET_BREACHED = "target_breached"
    LADDER_NOTIFY = "ladder_notify"
    LADDER_TELL_MANAGER = "ladder_tell_manager"
    LADDER_CALLBACK = "ladder_callback"  # somebody has to call, and the desk found no time for it
    CALLBACK_BOOKED = "callback_booked"
    CALLBACK_DUE = "callback_due"
    RULE_NOTIFY = "rule_notify"
    CUSTOMER_NOT_TOLD = "customer_not_told"
    DELIVERY_DOUBTED = "delivery_doubted"
    DELIVERY_GIVEN_UP = "delivery_given_up"
    WATCHED_WROTE = "watched_wrote"  # the customer of a case they watch
    WATCHED_NOTED = "watched_noted"
    WATCHED_BREACHED = "watched_breached"
    WATCHED_RESOLVED = "watched_resolved"
    WATCHED_REOPENED = "watched_reopened"
    WATCHED_CLOSED = "watched_closed"
