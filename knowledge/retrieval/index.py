"""The passages of the tables in memory. Readers take a view; a refresh builds the next shelves and swaps them whole."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from knowledge.article import Audience
from knowledge.ingest.passages import case_title
from knowledge.retrieval.embedding import from_bytes
from knowledge.retrieval.lexical import bag
from knowledge.retrieval.shelf import Document, Entry, View, views
from knowledge.retrieval.words import stems
from knowledge.tables import articles, passages, resolutions
from storage.transaction import Snapshot

FETCH_MAX = 500
"""Passages fetched by id in one query: below the parameters a database takes."""

Owner = tuple[str, str]
Shelves = Mapping[str, Mapping[Audience, View]]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether a passage changed; its text never does, a new text is a new passage."""

    id: int
    owner: Owner
    encoder: str | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found: passages that came, went, or got their vector."""

    came: int
    went: int
    encoded: int

    @property
    def changed(self) -> bool:
        return bool(self.came or self.went or self.encoded)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything the index holds, whole and unchanging."""

    stamps: Mapping[int, Stamp] = field(default_factory=dict)
    owners: Mapping[Owner, Document] = field(default_factory=dict)
    entries: Mapping[int, Entry] = field(default_factory=dict)
    shelves: Shelves = field(default_factory=dict)


class Index:
    """What can be searched now.

    Args:
        encoder: name of the encoder whose vectors are used; those of another one are as good as none.
        language: words of the language at large, commonest first, which the speller leaves alone.
    """

    def __init__(self, encoder: str, language: Mapping[str, int]) -> None:
        self._encoder = encoder
        self._language = language
        self._contents = Contents()
        self._refreshing = asyncio.Lock()

    @property
    def passages(self) -> int:
        """How many passages can be searched."""
        return len(self._contents.entries)

    @property
    def encoded(self) -> int:
        """How many of them have their vector."""
        return sum(entry.vector is not None for entry in self._contents.entries.values())

    def view(self, language: str, audience: Audience) -> View | None:
        """What an audience may read in a language (`en-GB` reads what is in `en`), or None when there is nothing."""
        shelf = self._contents.shelves.get(primary(language))
        return shelf[audience] if shelf else None

    async def refresh(self, snapshot: Snapshot) -> Refreshed:
        """Catch up with the tables; only passages that are new here are fetched. A search sees the old or the new."""
        async with self._refreshing:
            old = self._contents
            stamps = await self._stamps(snapshot)
            owners = await _owners(snapshot)
            fresh = [stamp.id for stamp in stamps.values() if old.stamps.get(stamp.id) != stamp]
            rows = await _fetch(snapshot, fresh)
            self._contents = await asyncio.to_thread(self._build, old, stamps, owners, rows)
            came = sum(stamp not in old.stamps for stamp in fresh)
            return Refreshed(came, len(old.stamps.keys() - stamps.keys()), len(fresh) - came)

    async def _stamps(self, snapshot: Snapshot) -> dict[int, Stamp]:
        columns = passages.c
        rows = await snapshot.rows(
            sa.select(columns.id, columns.article, columns.case_number, columns.encoder).order_by(columns.id)
        )
        return {
            row.id: Stamp(row.id, (row.article or "", row.case_number or ""), self._usable(row.encoder)) for row in rows
        }

    def _usable(self, encoder: str | None) -> str | None:
        return encoder if encoder == self._encoder else None

    def _build(
        self, old: Contents, stamps: Mapping[int, Stamp], owners: Mapping[Owner, Document], rows: Sequence[sa.Row[Any]]
    ) -> Contents:
        if stamps == old.stamps and owners == old.owners:
            return old
        read = {row.id: _entry(row, self._usable(row.encoder)) for row in rows}
        entries = {number: read.get(number) or old.entries[number] for number in stamps}
        return Contents(stamps, owners, entries, self._shelves(_documents(stamps, entries, owners)))

    def _shelves(self, documents: Iterable[Document]) -> Shelves:
        by_language: defaultdict[str, list[Document]] = defaultdict(list)
        for document in documents:
            by_language[primary(document.language)].append(document)
        return {language: views(each, self._language) for language, each in by_language.items()}


def primary(language: str) -> str:
    """The language of a tag without its region: `en-GB` is `en`."""
    return language.partition("-")[0].lower()


async def _owners(snapshot: Snapshot) -> dict[Owner, Document]:
    """Every published article and past case, still without entries."""
    columns = (articles.c.slug, articles.c.title, articles.c.audience, articles.c.language)
    found = await snapshot.rows(sa.select(*columns).where(articles.c.state == "published").order_by(articles.c.slug))
    told = (resolutions.c.case_number, resolutions.c.symptom, resolutions.c.audience, resolutions.c.language)
    cases = await snapshot.rows(sa.select(*told).order_by(resolutions.c.case_number))
    ours = [Document(row.slug, "", row.title, Audience.labelled(row.audience), row.language, ()) for row in found]
    past = [
        Document("", row.case_number, case_title(row.symptom), Audience.labelled(row.audience), row.language, ())
        for row in cases
    ]
    return {document.key: document for document in (*ours, *past)}


async def _fetch(snapshot: Snapshot, ids: Sequence[int]) -> list[sa.Row[Any]]:
    rows: list[sa.Row[Any]] = []
    for start in range(0, len(ids), FETCH_MAX):
        rows.extend(await snapshot.rows(sa.select(passages).where(passages.c.id.in_(ids[start : start + FETCH_MAX]))))
    return rows


def _entry(row: sa.Row[Any], encoder: str | None) -> Entry:
    vector = from_bytes(row.embedding) if encoder and row.embedding is not None else None
    return Entry(row.id, row.kind, row.heading, row.text, bag(stems(f"{row.heading} {row.text}")), vector)


def _documents(
    stamps: Mapping[int, Stamp], entries: Mapping[int, Entry], owners: Mapping[Owner, Document]
) -> Iterable[Document]:
    held: defaultdict[Owner, list[Entry]] = defaultdict(list)
    for stamp in stamps.values():
        held[stamp.owner].append(entries[stamp.id])
    for owner, document in owners.items():
        mine = sorted(held[owner], key=lambda entry: (entry.kind == "text", entry.id))
        if mine and mine[0].kind != "text" and mine[-1].kind == "text":
            yield Document(*owner, document.title, document.audience, document.language, tuple(mine))
