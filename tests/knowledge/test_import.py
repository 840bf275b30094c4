"""Importing changes only what changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.articles import import_folder, make_index, refresh_index
from knowledge.article import Article, Audience, PastCase
from knowledge.articles import ImportSummary, article, import_articles, published, revisions
from knowledge.errors import ArticleNotFound, FolderEmpty
from knowledge.ingest.folder import Reason
from knowledge.resolutions import add_resolutions
from knowledge.retrieval.retriever import FusedRetriever
from storage.engine import Database
from tests.knowledge.conftest import MONDAY, WordEncoder

LATE = Article("late", "Late deliveries", "Call us.\n\n## Frozen\n\nKeep it shut.\n")
TILL = Article("till", "The till does not start", "Turn it off and on.\n")


async def imported(database: Database, *articles: Article, source: str = "a") -> ImportSummary:
    async with database.unit_of_work() as work:
        return await import_articles(work, articles, at=MONDAY, source=source)


async def test_the_second_import_of_the_same_changes_nothing(database: Database) -> None:
    assert (await imported(database, LATE, TILL)).added == ("late", "till")
    again = await imported(database, LATE, TILL)
    assert (again.added, again.changed, again.retired, again.unchanged) == ((), (), (), ("late", "till"))
    async with database.snapshot() as snapshot:
        assert len(await revisions(snapshot, "late")) == 1


async def test_a_changed_article_gets_a_revision_and_keeps_the_embeddings_of_what_stayed(
    database: Database, word_encoder: WordEncoder
) -> None:
    index = make_index(word_encoder)
    await imported(database, LATE, TILL)
    await refresh_index(database, index, word_encoder)
    word_encoder.encoded.clear()

    summary = await imported(database, replace(LATE, body=LATE.body.replace("shut", "closed")), TILL)
    await refresh_index(database, index, word_encoder)

    assert summary.changed == ("late",)
    assert word_encoder.encoded == ["Late deliveries. Frozen. Keep it closed."]
    async with database.snapshot() as snapshot:
        assert [revision.number for revision in await revisions(snapshot, "late")] == [1, 2]
    assert index.encoded == index.passages == 5


async def test_a_missing_article_is_retired_and_comes_back(database: Database, word_encoder: WordEncoder) -> None:
    index = make_index(word_encoder)
    await imported(database, LATE, TILL)
    assert (await imported(database, TILL)).retired == ("late",)
    await refresh_index(database, index, word_encoder)
    found = await FusedRetriever(index, word_encoder).search("late", audience=Audience.INTERNAL, language="en")
    assert "late" not in [hit.document.slug for hit in found.hits]
    async with database.snapshot() as snapshot:
        with pytest.raises(ArticleNotFound):
            await article(snapshot, "late", audience=Audience.INTERNAL)
    assert (await imported(database, LATE, TILL)).changed == ("late",)
    async with database.snapshot() as snapshot:
        assert (await article(snapshot, "late", audience=Audience.PUBLIC)).title == "Late deliveries"


async def test_another_source_neither_retires_nor_overwrites(database: Database) -> None:
    await imported(database, LATE, source="a")
    summary = await imported(database, replace(LATE, title="Stolen"), TILL, source="b")
    assert (summary.added, summary.retired) == (("till",), ())
    assert [(skip.slug, skip.reason) for skip in summary.skipped] == [("late", Reason.OF_ANOTHER_SOURCE)]


async def test_a_slip_in_a_file_does_not_take_its_article_away(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("late", "till"):
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\naudience: public\n---\nWords.\n")
    await import_folder(database, folder)
    (folder / "late.md").write_text("---\ntitle: [\n---\nWords.\n")

    summary = await import_folder(database, folder)

    assert (summary.retired, summary.unchanged) == ((), ("till",))
    assert [skip.reason for skip in summary.skipped] == [Reason.BAD_FRONT_MATTER]
    async with database.snapshot() as snapshot:
        assert [each.slug for each in await published(snapshot, audience=Audience.PUBLIC)] == ["late", "till"]


async def test_an_empty_folder_retires_nothing(database: Database, tmp_path: Path) -> None:
    await imported(database, LATE, source=str(tmp_path))
    with pytest.raises(FolderEmpty):
        await import_folder(database, tmp_path)


async def test_progress_is_told(database: Database, tmp_path: Path) -> None:
    (tmp_path / "late.md").write_text("---\ntitle: Late\naudience: public\n---\nWords.\n")
    told: list[tuple[str, int, int]] = []
    await import_folder(database, tmp_path, progress=lambda *step: told.append(step))
    assert told == [("read", 1, 1), ("write", 1, 1)]


async def test_an_internal_article_looks_like_none_to_a_customer(database: Database) -> None:
    await imported(database, replace(LATE, audience=Audience.INTERNAL))
    async with database.snapshot() as snapshot:
        with pytest.raises(ArticleNotFound):
            await article(snapshot, "late", audience=Audience.CUSTOMER)
        assert await published(snapshot, audience=Audience.RETAILER) == []


async def test_past_cases_are_found_by_agents_alone(database: Database, word_encoder: WordEncoder) -> None:
    case = PastCase("CAS-00001-AAAA", "Scanner beeps twice and stops", "Replaced the cable.\n")
    async with database.unit_of_work() as work:
        assert await add_resolutions(work, [case], at=MONDAY) == 1
    async with database.unit_of_work() as work:
        assert await add_resolutions(work, [case], at=MONDAY) == 0
    index = make_index(word_encoder)
    await refresh_index(database, index, word_encoder)
    retriever = FusedRetriever(index, word_encoder)
    found = await retriever.search("scanner beeps", audience=Audience.INTERNAL, language="en")
    assert found.hits[0].document.case_number == "CAS-00001-AAAA"
    assert (await retriever.search("scanner beeps", audience=Audience.RETAILER, language="en")).hits == ()
