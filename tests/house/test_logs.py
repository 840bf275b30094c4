"""What a log line may hold."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.logs import configure_logs

SECRET = "ana@larder.example"


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def written(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.mark.usefixtures("restored")
def test_only_listed_fields_get_in(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger().warning("turn_failed", inbox_id=7, text=SECRET, email=SECRET)

    [line] = written(capfd)
    assert line["event"] == "turn_failed"
    assert line["inbox_id"] == 7
    assert SECRET not in json.dumps(line)


@pytest.mark.usefixtures("restored")
def test_an_error_is_its_class_and_its_place_without_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RuntimeError(f"no such person {SECRET}") from error
    except RuntimeError:
        structlog.get_logger().exception("turn_failed")
        logging.getLogger("bot.turn").exception("a fault")

    for line in written(capfd):
        assert line["error"] == "builtins.RuntimeError <- builtins.ValueError"
        assert "house/test_logs.py:" in str(line["fault"])
        assert SECRET not in json.dumps(line)


@pytest.mark.usefixtures("restored")
def test_of_other_packages_only_warnings_and_of_their_words_only_the_pattern(
    capfd: pytest.CaptureFixture[str],
) -> None:
    configure_logs()
    logging.getLogger("mail.log").info("from %s", SECRET)
    logging.getLogger("mail.log").warning("from %s after %d tries", SECRET, 3)
    logging.getLogger("knowledge.x").info("passages encoded: %d", 4)

    assert [line["event"] for line in written(capfd)] == ["from … after 3 tries", "passages encoded: 4"]
