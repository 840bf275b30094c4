"""What every retriever promises. A test class inherits `RetrieverContract` and gives it a `retriever`."""

from collections.abc import Sequence

import pytest

from knowledge.article import Article, Audience
from knowledge.retrieval.retriever import Retriever

SHELF: Sequence[Article] = (
    Article(
        "fridge-too-warm", "The fridge is too warm", "Check the door seal.\n\n## Food\n\nThrow chilled food away.\n"
    ),
    Article("credit-note", "Claim a credit note", "Send a photo of the damaged goods within two days.\n"),
    Article("opening-hours", "Opening hours of the shops", "The shops open at seven and close at ten.\n"),
    Article("vip-discount", "Discount for retailers", "Retailers get four percent.\n", Audience.RETAILER),
    Article("goodwill-limit", "Goodwill limit of agents", "Up to fifty pounds without asking.\n", Audience.INTERNAL),
    Article("oeffnungszeiten", "Öffnungszeiten der Läden", "Von sieben bis zehn.\n", language="de"),
)


class RetrieverContract:
    """Inherit it, and provide a fixture `retriever` over SHELF."""

    async def test_the_article_that_says_it_comes_first(self, retriever: Retriever) -> None:
        found = await retriever.search("my fridge is too warm", audience=Audience.PUBLIC, language="en")
        assert found.hits[0].document.slug == "fridge-too-warm"

    async def test_one_hit_an_article(self, retriever: Retriever) -> None:
        found = await retriever.search("fridge door seal food", audience=Audience.PUBLIC, language="en")
        slugs = [hit.document.slug for hit in found.hits]
        assert len(slugs) == len(set(slugs))

    async def test_best_first(self, retriever: Retriever) -> None:
        found = await retriever.search("credit note for damaged goods", audience=Audience.INTERNAL, language="en")
        scores = [hit.score for hit in found.hits]
        assert scores == sorted(scores, reverse=True)

    @pytest.mark.parametrize("audience", list(Audience))
    async def test_nobody_is_shown_what_is_not_theirs(self, retriever: Retriever, audience: Audience) -> None:
        for question in ("goodwill limit of agents", "discount for retailers", "opening hours"):
            found = await retriever.search(question, audience=audience, language="en")
            assert all(hit.document.audience <= audience for hit in found.hits)

    async def test_who_may_read_it_finds_it(self, retriever: Retriever) -> None:
        found = await retriever.search("goodwill limit", audience=Audience.INTERNAL, language="en")
        assert found.hits[0].document.slug == "goodwill-limit"

    async def test_only_the_language_asked_for(self, retriever: Retriever) -> None:
        german = await retriever.search("Öffnungszeiten", audience=Audience.PUBLIC, language="de-AT")
        assert [hit.document.slug for hit in german.hits] == ["oeffnungszeiten"]
        none = await retriever.search("opening hours", audience=Audience.PUBLIC, language="fr")
        assert none.hits == ()

    async def test_one_slip_does_not_hide_it(self, retriever: Retriever) -> None:
        found = await retriever.search("openning huors", audience=Audience.PUBLIC, language="en")
        assert found.hits[0].document.slug == "opening-hours"

    async def test_not_more_than_asked_for(self, retriever: Retriever) -> None:
        found = await retriever.search("the shops fridge credit", audience=Audience.PUBLIC, language="en", limit=2)
        assert len(found.hits) <= 2

    @pytest.mark.parametrize("nothing", ["", "   ", "?!", "\n\t", "🙂"])
    async def test_nothing_asked_finds_nothing(self, retriever: Retriever, nothing: str) -> None:
        assert (await retriever.search(nothing, audience=Audience.INTERNAL, language="en")).hits == ()

    async def test_a_very_long_question_is_searched_by_its_beginning(self, retriever: Retriever) -> None:
        question = "my fridge is too warm " + "and so on " * 20_000
        found = await retriever.search(question, audience=Audience.PUBLIC, language="en")
        assert found.hits[0].document.slug == "fridge-too-warm"

    async def test_the_same_question_finds_the_same(self, retriever: Retriever) -> None:
        first = await retriever.search("shops and goods", audience=Audience.INTERNAL, language="en")
        second = await retriever.search("shops and goods", audience=Audience.INTERNAL, language="en")
        assert [hit.document.slug for hit in first.hits] == [hit.document.slug for hit in second.hits]

    async def test_a_hit_shows_text(self, retriever: Retriever) -> None:
        found = await retriever.search("throw chilled food away fridge", audience=Audience.PUBLIC, language="en")
        assert found.hits[0].entry.kind == "text"
        assert "chilled food" in found.hits[0].entry.text
