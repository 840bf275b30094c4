"""The agents' workspace has words of its own for every problem that the API says it may answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from caseengine.model.needs import Needs
from caseengine.model.notice import AgentNotice
from caseengine.policies.routing import Candidate, Request, Scores, why_chosen
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_notice_has_its_words(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_bytes())
    assert sorted(kind for kind in AgentNotice if not words.get(f"notice.{kind}", "").strip()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_an_offer_has_its_words(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_bytes())
    needs = Needs({"tills": 3}, language="de")
    able = Candidate(id="a", skills={"tills": 4}, languages=("de",))
    told = why_chosen(Request(department="tills", needs=needs), able, Scores(1, 2, 1.0, 1.0, 0.0))
    told += why_chosen(Request(department="tills"), able, Scores(0, 0, 0.0, 1.0, 0.0))
    assert [code for code, _ in told] == ["knows_it", "skill", "language", "room"]
    assert [code for code, _ in told if not words.get(f"offer.why.{code}", "").strip()] == []


def test_no_language_of_the_workspace_is_left_out() -> None:
    assert {file.stem for file in WORDS.glob("*.json")} == set(LANGUAGES)
