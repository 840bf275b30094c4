"""Knowledge kept up to date: a folder imported, passages encoded, the index refreshed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from knowledge.article import Article
from knowledge.articles import ImportSummary, import_articles
from knowledge.errors import EncoderNotReady, FolderEmpty
from knowledge.ingest.folder import Skipped, read_folder
from knowledge.retrieval.embedding import encode_missing, store_embeddings
from knowledge.retrieval.encoder import Encoder
from knowledge.retrieval.index import Index, Refreshed
from knowledge.retrieval.model import language_words
from storage.engine import Database

Progress = Callable[[str, int, int], None]
"""Called with the name of the stage ("read", "write", "encode"), how much of it is done, and how much there is."""

log = logging.getLogger(__name__)


def no_progress(stage: str, done: int, total: int) -> None:
    """For callers who do not watch."""


async def import_folder(
    database: Database, folder: Path, *, source: str | None = None, progress: Progress = no_progress
) -> ImportSummary:
    """Bring the articles up to date with a folder, in one unit of work: all of it or nothing.

    Args:
        source: name under which the folder is known; an article that is missing from a source it came from is retired.
            The folder's own path when not given.

    Raises:
        FolderNotFound: there is no such folder.
        FolderEmpty: it holds no article; nothing was changed.
    """
    (found, skipped), place = await asyncio.to_thread(lambda: (read_folder(folder), folder.resolve()))
    if not found:
        raise FolderEmpty(str(folder))
    progress("read", len(found), len(found) + len(skipped))
    summary = await _import(database, found, source or str(place), skipped)
    progress("write", len(found), len(found))
    return summary


async def encode_all(database: Database, encoder: Encoder, *, progress: Progress = no_progress) -> int:
    """Give every passage its vector, a unit of work for each batch; how many were encoded.

    Raises:
        EncoderNotReady: the model is not there; what was encoded before is kept.
    """
    done = 0
    while True:
        async with database.snapshot() as snapshot:
            encoded = await encode_missing(snapshot, encoder)
        if not encoded.vectors:
            return done
        async with database.unit_of_work() as work:
            store_embeddings(work, encoded)
        done += len(encoded.vectors)
        progress("encode", done, done)


async def refresh_index(database: Database, index: Index, encoder: Encoder) -> Refreshed:
    """Catch up with the tables: what changed is searched by its words at once, by its meaning as soon as encoded."""
    async with database.snapshot() as snapshot:
        refreshed = await index.refresh(snapshot)
    if not encoder.ready or index.encoded == index.passages:
        return refreshed
    try:
        encoded = await encode_all(database, encoder)
    except EncoderNotReady:
        return refreshed
    async with database.snapshot() as snapshot:
        await index.refresh(snapshot)
    log.info("passages encoded: %d", encoded)
    return Refreshed(refreshed.came, refreshed.went, refreshed.encoded + encoded)


def make_index(encoder: Encoder) -> Index:
    """An empty index for the vectors of this encoder."""
    return Index(encoder.name, language_words())


async def _import(
    database: Database, found: Sequence[Article], source: str, skipped: Sequence[Skipped]
) -> ImportSummary:
    async with database.unit_of_work() as work:
        return await import_articles(work, found, at=datetime.now(UTC), source=source, skipped=skipped)
