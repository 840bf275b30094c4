"""What an invitation says (RFC 5545), on one line."""

from contextlib import suppress

from channels.email.reading.limits import CALENDAR_BYTES_MAX

SUMMARY_CHARS_MAX = 500


def summary(content: bytes) -> str:
    """ "REQUEST: Service visit, 2026-03-02T09:00:00+00:00, Shop 4"; empty where it cannot be read. Never raises."""
    if len(content) > CALENDAR_BYTES_MAX:
        return ""
    with suppress(Exception):  # strangers wrote it, and the reader raises whatever it meets
        from icalendar import Calendar

        calendar = Calendar.from_ical(content)
        event = next(iter(calendar.walk("VEVENT")), None)
        if event is not None:
            said = [event.get("summary"), _start(event.get("dtstart")), event.get("location")]
            line = ", ".join(str(piece).strip() for piece in said if piece)
            method = str(calendar.get("method") or "").strip()
            return " ".join(f"{method}: {line}".removeprefix(": ").split())[:SUMMARY_CHARS_MAX]
    return ""


def _start(start: object) -> str:
    moment = getattr(start, "dt", None)
    return moment.isoformat() if moment is not None else ""
