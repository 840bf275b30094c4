"""The agents' workspace has words of its own for every problem that the API says it may answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tools.openapi import FILE, ROOT

WORDS = ROOT / "web" / "workspace" / "words"
LANGUAGES = ("en", "de")


def declared(document: Any) -> Iterator[str]:
    """The codes of all problems: each answer that is one has them in its description."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                if "application/problem+json" in answer.get("content", {}):
                    yield from answer["description"].split(", ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_of_the_document_has_its_words(language: str) -> None:
    codes = set(declared(json.loads(FILE.read_bytes())))
    words = json.loads((WORDS / f"{language}.json").read_bytes())
    assert {"case.changed", "http.body_invalid", "http.too_many_streams"} <= codes
    assert sorted(code for code in codes if not words.get(f"problem.{code}", "").strip()) == []


def test_no_language_of_the_workspace_is_left_out() -> None:
    assert {file.stem for file in WORDS.glob("*.json")} == set(LANGUAGES)
