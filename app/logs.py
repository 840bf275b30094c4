"""Structured logs that name no person: listed fields only, and an error is its class and place, not its words.

Words of exceptions and of other packages' log lines can quote what customers typed, so they stay out: of a line like
"mail from %s" the log keeps the pattern and the numbers.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "logger",
        # what the desk was doing, by internal ids and codes
        "activity_seq", "address", "attempt", "case_id", "channel", "code", "conversation", "count", "delivery_id",
        "department", "duration_ms", "entity", "error", "fault", "host", "inbox_id", "intent", "job", "mail", "method",
        "outbox_id", "path", "place", "reason", "reference", "revision", "revisions", "route", "size", "state",
        "status", "topic", "tries", "version",
    }
)  # fmt: skip
ROOMS = frozenset({"app", "bot", "caseengine", "channels", "customers", "knowledge", "storage", "web"})
FRAMES_MAX = 12

Event = MutableMapping[str, Any]


def configure_logs(level: str = "INFO", *, readable: bool = False) -> None:
    """Send everything that is logged in this process to stderr: JSON lines, or lines for a developer to read."""
    renderer: Any = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        place_of_error,
        only_listed_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(["error", "entity"]), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        use_get_message=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(without_words)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)


def without_words(record: logging.LogRecord) -> bool:
    """Keep the pattern and the numbers of a line of the standard library's logging, and of others only warnings."""
    ours = record.name.partition(".")[0] in ROOMS
    if not isinstance(record.msg, dict):
        record.msg, record.args = pattern_with_numbers(str(record.msg), record.args), None
    return ours or record.levelno >= logging.WARNING


def pattern_with_numbers(pattern: str, arguments: Any) -> str:
    """`pattern` with the numbers among its arguments filled in, and an ellipsis for everything else."""
    if not arguments:
        return pattern
    try:
        if isinstance(arguments, Mapping):
            return pattern % {name: _number_or_dots(value) for name, value in arguments.items()}
        return pattern % tuple(_number_or_dots(value) for value in arguments)
    except (TypeError, ValueError, KeyError):
        return pattern


def only_listed_fields(_: Any, __: str, event: Event) -> Event:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in FIELDS or name.startswith("_")}


def place_of_error(_: Any, __: str, event: Event) -> Event:
    """Put the class of an exception and the way to it in place of its words."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = " <- ".join(_classes(error))
        event["fault"] = way_to(error.__traceback__)
    return event


def way_to(trace: TracebackType | None) -> list[str]:
    """file:line of the frames, the failing one last; without source lines, which may hold values."""
    frames = traceback.extract_tb(trace)[-FRAMES_MAX:]
    return [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


def _classes(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < FRAMES_MAX:
        names.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or error.__context__
    return names


def _number_or_dots(value: Any) -> Any:
    return value if isinstance(value, int | float) else "…"
