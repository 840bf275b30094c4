"""The code and the catalogue name the same lines."""

import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.http.problems import PROBLEMS
from bot.activity import Card, Choice
from bot.dialogs.choices import MEANINGS
from bot.dialogs.steps import Line
from bot.replies.catalogue import Catalogue, load_catalogue

ROOT = Path(__file__).parents[2]
SPEAKERS = [
    *sorted((ROOT / "bot").glob("*.py")),
    *sorted((ROOT / "bot/dialogs").glob("*.py")),
    ROOT / "bot/replies/catalogue.py",
    ROOT / "app/agent_words.py",
    ROOT / "app/letterbook.py",
    *sorted((ROOT / "app").glob("http/*.py")),
    *sorted((ROOT / "app").glob("jobs/*.py")),
    *sorted((ROOT / "app").glob("teams/*.py")),
    ROOT / "app/teams_commands.py",
]
KEY = re.compile(r"@?[a-z_]+\.[a-z0-9_]+")
COMPUTED = ("status.", "fact.", "weekday.", "month.", "cancel.", "refusal.", "start_over.", "details.")
"""Families of keys that the code puts together; each member is checked by its own test or story."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("en", zone=ZoneInfo("Europe/London"), company="Larder & Lane")


def keys_in_code() -> Iterator[str]:
    for path in SPEAKERS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                yield node.value.removeprefix("@")


def test_every_key_in_the_code_has_words(catalogue: Catalogue) -> None:
    families = {key.split(".")[0] for key in catalogue.words}
    named = {key for key in keys_in_code() if key.split(".")[0] in families and key not in PROBLEMS}

    assert named - set(catalogue.words) == set()


def test_every_line_of_the_catalogue_is_said_somewhere(catalogue: Catalogue) -> None:
    unused = set(catalogue.words) - set(keys_in_code())

    assert {key for key in unused if not key.startswith(COMPUTED)} == set()


def test_every_button_has_a_meaning(catalogue: Catalogue) -> None:
    assert {key for key in catalogue.words if key.startswith("choice.")} == set(MEANINGS)


def test_no_two_buttons_say_the_same_and_mean_different_things(catalogue: Catalogue) -> None:
    by_words: dict[str, set[object]] = {}
    for key, meaning in MEANINGS.items():
        by_words.setdefault(catalogue.words[key].casefold(), set()).add(meaning)

    assert {words for words, meanings in by_words.items() if len(meanings) > 1} == set()


def test_every_line_names_its_gaps_plainly(catalogue: Catalogue) -> None:
    for words in catalogue.words.values():
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(words)), words


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        ("2026-03-02T15:30:00+00:00", "today at 15:30"),
        ("2026-03-03T09:00:00+00:00", "tomorrow at 09:00"),
        ("2026-03-30T08:00:00+00:00", "Monday 30 March at 09:00"),  # summer time has begun
    ],
)
def test_times_are_said_in_the_desks_zone(catalogue: Catalogue, instant: str, said: str) -> None:
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)

    assert catalogue.when(datetime.fromisoformat(instant), at) == said


def test_what_a_customer_wrote_is_data_never_a_template(catalogue: Catalogue) -> None:
    line = Line(
        "report.confirm",
        choices=(Choice("{company}", "{company}"),),
        card=Card(title="@card.report", facts=(("@fact.problem", "{number} @status.open {0.__class__}"),)),
    )

    reply = catalogue.reply(line, at=datetime(2026, 3, 2, tzinfo=UTC))

    assert reply.card is not None
    assert reply.card.facts == (("What happened", "{number} @status.open {0.__class__}"),)
    assert reply.choices[0].title == "{company}"
