"""The questions the demo's answers are measured with."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from rapidfuzz import fuzz

from app.demo.files import ARTICLES
from knowledge.article import Article, Audience
from knowledge.ingest.folder import read_folder

TOO_ALIKE = 92
"""Of 100: a question that copies the article's own words measures nothing."""


@pytest.fixture(scope="module")
def questions() -> Any:
    return yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    return {article.slug: article for article in read_folder(ARTICLES)[0]}


def test_there_are_enough_of_both_kinds_and_none_twice(questions: Any) -> None:
    assert len(questions["answered"]) >= 120
    assert len(questions["nobody_knows"]) >= 40
    asked = [entry["q"] for entry in questions["answered"]] + questions["nobody_knows"]
    assert max(Counter(question.lower() for question in asked).values()) == 1


def test_every_named_article_exists_and_may_be_read_by_who_asks(questions: Any, articles: dict[str, Article]) -> None:
    for entry in questions["answered"]:
        asker = Audience.labelled(entry.get("audience", "public"))
        assert entry["articles"], entry["q"]
        for slug in entry["articles"]:
            assert articles[slug].audience <= asker, entry["q"]


def test_every_article_is_asked_for(questions: Any, articles: dict[str, Article]) -> None:
    assert {slug for entry in questions["answered"] for slug in entry["articles"]} == set(articles)


def test_no_question_copies_an_article_s_own_words(questions: Any, articles: dict[str, Article]) -> None:
    own = [text.lower() for article in articles.values() for text in (article.title, *article.questions)]
    for entry in questions["answered"]:
        assert max(fuzz.ratio(entry["q"].lower(), text) for text in own) < TOO_ALIKE, entry["q"]
