"""The passages an article or a past case is searched by, and what the encoder reads of each."""

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from knowledge.article import Article, PastCase
from knowledge.ingest.splitting import HEADING_CHARS_MAX, Piece, split
from knowledge.tables import passages
from storage.transaction import UnitOfWork, insertion

Kind = Literal["title", "question", "text"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage before it has an id. A title or question stands in `heading`, with no text."""

    kind: Kind
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """An embedding and the name of the encoder that made it."""

    encoder: str
    embedding: bytes


def article_passages(article: Article) -> list[Draft]:
    """Title first, then other ways people ask, then the body in order."""
    pieces = split(article.body) or [Piece("", article.body.strip())]
    return [
        Draft("title", article.title, ""),
        *(Draft("question", question[:HEADING_CHARS_MAX], "") for question in article.questions),
        *(Draft("text", piece.heading, piece.text) for piece in pieces),
    ]


def case_passages(case: PastCase) -> list[Draft]:
    """What the customer saw is searched like a title; what helped like a body."""
    title = Draft("title", case_title(case.symptom), "")
    return [title, *(Draft("text", piece.heading, piece.text) for piece in split(case.resolution))]


def case_title(symptom: str) -> str:
    """What a customer saw, as the title of a past case."""
    return " ".join(symptom.split())[:HEADING_CHARS_MAX]


def embedded_text(kind: str, title: str, heading: str, text: str) -> str:
    """What the encoder reads. A passage goes with its title: alone it often does not say what it is about."""
    if kind != "text":
        return heading
    return ". ".join(part for part in (title, heading, text) if part)


async def replace_passages(work: UnitOfWork, owner: sa.Column[Any], key: str, title: str, drafts: list[Draft]) -> None:
    """Put an owner's passages in place of those it had; texts that stay the same keep their embeddings.

    Args:
        owner: the column that names the owner: `passages.c.article` or `passages.c.case_number`.
        title: of the owner, now.
    """
    known = await _known_embeddings(work, owner, key)
    remove_passages(work, owner, key)
    work.write(
        insertion(
            passages, [{owner.name: key, **_row(place, title, draft, known)} for place, draft in enumerate(drafts)]
        )
    )
    work.after_commit_wake("knowledge")


def remove_passages(work: UnitOfWork, owner: sa.Column[Any], key: str) -> None:
    """Take an owner's passages out of the search."""
    work.write(sa.delete(passages).where(owner == key))
    work.after_commit_wake("knowledge")


def _row(place: int, title: str, draft: Draft, known: dict[str, Embedded]) -> dict[str, Any]:
    found = known.get(embedded_text(draft.kind, title, draft.heading, draft.text))
    return {
        "kind": draft.kind,
        "position": place,
        "heading": draft.heading,
        "text": draft.text,
        "encoder": found.encoder if found else None,
        "embedding": found.embedding if found else None,
    }


async def _known_embeddings(work: UnitOfWork, owner: sa.Column[Any], key: str) -> dict[str, Embedded]:
    columns = (passages.c.kind, passages.c.heading, passages.c.text, passages.c.encoder, passages.c.embedding)
    rows = await work.rows(sa.select(*columns).where(owner == key).order_by(passages.c.position))
    title = next((row.heading for row in rows if row.kind == "title"), "")
    return {
        embedded_text(row.kind, title, row.heading, row.text): Embedded(row.encoder, row.embedding)
        for row in rows
        if row.embedding is not None
    }
