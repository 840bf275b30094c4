"""The retrievers pass the contract; the fused one also without its encoder."""

import pytest

from app.articles import make_index, refresh_index
from knowledge.article import Audience
from knowledge.articles import import_articles
from knowledge.retrieval.encoder import Encoder
from knowledge.retrieval.index import Index
from knowledge.retrieval.retriever import FusedRetriever, LexicalRetriever, Retriever
from storage.engine import Database
from tests.contracts.retriever import SHELF, RetrieverContract
from tests.knowledge.conftest import MONDAY, WordEncoder


async def indexed(database: Database, encoder: Encoder) -> Index:
    async with database.unit_of_work() as work:
        await import_articles(work, SHELF, at=MONDAY)
    index = make_index(encoder)
    await refresh_index(database, index, encoder)
    return index


class TestLexical(RetrieverContract):
    @pytest.fixture
    async def retriever(self, database: Database, word_encoder: WordEncoder) -> Retriever:
        return LexicalRetriever(await indexed(database, word_encoder))


class TestFused(RetrieverContract):
    @pytest.fixture
    async def retriever(self, database: Database, word_encoder: WordEncoder) -> Retriever:
        return FusedRetriever(await indexed(database, word_encoder), word_encoder)


class TestFusedWithoutItsEncoder(RetrieverContract):
    @pytest.fixture
    async def retriever(self, database: Database, word_encoder: WordEncoder) -> Retriever:
        word_encoder.ready = False
        return FusedRetriever(await indexed(database, word_encoder), word_encoder)


async def test_what_others_may_not_see_does_not_move_a_score(database: Database, word_encoder: WordEncoder) -> None:
    public = [article for article in SHELF if article.audience is Audience.PUBLIC]
    async with database.unit_of_work() as work:
        await import_articles(work, public, at=MONDAY)
    index = make_index(word_encoder)
    await refresh_index(database, index, word_encoder)
    retriever = FusedRetriever(index, word_encoder)
    before = await retriever.search("opening hours limit", audience=Audience.PUBLIC, language="en")

    async with database.unit_of_work() as work:
        await import_articles(work, SHELF, at=MONDAY)
    await refresh_index(database, index, word_encoder)

    after = await retriever.search("opening hours limit", audience=Audience.PUBLIC, language="en")
    assert [hit.score for hit in after.hits] == pytest.approx([hit.score for hit in before.hits])
