"""Answer, choice, or "I don't know"; the page; the speller; the calibration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.articles import make_index, refresh_index
from knowledge.answer import CHOICES_MAX, Answered, DidYouMean, DontKnow, Knowledge
from knowledge.article import Article, Audience
from knowledge.articles import import_articles
from knowledge.render import render_article, render_markdown
from knowledge.retrieval.calibration import Calibration, Calibrations, fitted, sigmoid
from knowledge.retrieval.speller import Speller
from storage.engine import Database
from tests.contracts.retriever import SHELF
from tests.knowledge.conftest import MONDAY, WordEncoder


@pytest.fixture
async def knowledge(database: Database, word_encoder: WordEncoder) -> Knowledge:
    async with database.unit_of_work() as work:
        await import_articles(work, SHELF, at=MONDAY)
    index = make_index(word_encoder)
    await refresh_index(database, index, word_encoder)
    return Knowledge(index, word_encoder)


async def test_an_answer_shows_passage_title_and_link(knowledge: Knowledge) -> None:
    said = await knowledge.answer("the fridge is too warm", audience=Audience.PUBLIC)
    assert isinstance(said, Answered)
    assert said.passage.title == "The fridge is too warm"
    assert said.passage.url == "/help/fridge-too-warm"
    assert said.passage.text
    assert 0.5 < said.confidence <= 1


async def test_what_nobody_wrote_about_is_not_known(knowledge: Knowledge) -> None:
    said = await knowledge.answer("quantum chromodynamics lecture timetable", audience=Audience.PUBLIC)
    assert isinstance(said, DontKnow)


async def test_what_is_not_theirs_is_not_known_either(knowledge: Knowledge) -> None:
    said = await knowledge.answer("goodwill limit of agents", audience=Audience.PUBLIC)
    assert not isinstance(said, Answered)
    assert isinstance(await knowledge.answer("goodwill limit of agents", audience=Audience.INTERNAL), Answered)


@pytest.mark.parametrize("question", ["", "🙂", "?"])
async def test_no_question_is_not_known(knowledge: Knowledge, question: str) -> None:
    assert await knowledge.answer(question, audience=Audience.PUBLIC) == DontKnow(0.0)


async def test_between_the_thresholds_there_is_a_short_choice(database: Database, word_encoder: WordEncoder) -> None:
    async with database.unit_of_work() as work:
        await import_articles(work, SHELF, at=MONDAY)
    index = make_index(word_encoder)
    await refresh_index(database, index, word_encoder)
    unsure = Calibration(0.0, (0.0, 0.0), answer=0.9, choose=0.1)
    knowledge = Knowledge(index, word_encoder, calibrations=Calibrations(unsure, unsure))
    said = await knowledge.answer("shops and goods", audience=Audience.PUBLIC)
    assert isinstance(said, DidYouMean)
    assert len({passage.article for passage in said.passages}) == len(said.passages) <= CHOICES_MAX


async def test_words_alone_still_answer(knowledge: Knowledge, word_encoder: WordEncoder) -> None:
    word_encoder.ready = False
    said = await knowledge.answer("opening hours of the shops", audience=Audience.PUBLIC)
    assert not isinstance(said, DontKnow)


async def test_agents_see_what_may_help_however_unsure(knowledge: Knowledge) -> None:
    found = await knowledge.articles_for("customer wants goodwill", audience=Audience.INTERNAL)
    assert found[0].article == "goodwill-limit"


def test_the_fitted_thresholds_are_in_order() -> None:
    for each in (fitted().fused, fitted().lexical):
        assert 0 < each.choose < each.answer < 1
        assert all(weight > 0 for weight in each.weights)


@given(st.floats(allow_nan=False))
def test_a_probability_stays_one(x: float) -> None:
    assert 0 <= sigmoid(x) <= 1


def test_the_speller_mends_one_slip_by_our_words_first() -> None:
    speller = Speller({"delivery": 5, "till": 9}, {"house": 0, "horse": 1})
    assert speller.mended("My delivry to the huose, CAS-01041-V9D3!") == "My delivery to the house, CAS-01041-V9D3!"
    assert speller.mended("tlil") == "till"
    assert speller.mended("xyzzyq Größe") == "xyzzyq Größe"


def test_a_page_is_safe() -> None:
    html = render_article(
        Article(
            "x", "X", "# Top\n\n<script>alert(1)</script>\n\n[bad](javascript:x) ![i](http://x/y.png) [ok](/help/y)\n"
        )
    )
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    assert "<h2>Top</h2>" in html
    assert 'href="/help/y"' in html


@given(st.text(max_size=300))
def test_no_markdown_makes_a_tag_that_acts(text: str) -> None:
    html = render_markdown(text).lower()
    assert not any(f"<{tag}" in html for tag in ("script", "img", "iframe", "style", "svg", "form", "input"))
