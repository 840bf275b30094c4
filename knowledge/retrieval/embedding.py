"""Embeddings in the tables: which passages still need one, and keeping what was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from knowledge.ingest.passages import case_title, embedded_text
from knowledge.retrieval.encoder import Encoder, Vectors
from knowledge.tables import articles, passages, resolutions
from storage.transaction import Snapshot, UnitOfWork

LITTLE_ENDIAN = "<f4"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors for passages, by passage id."""

    encoder: str
    vectors: dict[int, Vectors]


async def encode_missing(snapshot: Snapshot, encoder: Encoder, *, limit: int = 64) -> Encoded:
    """Vectors for up to `limit` passages that have none of this encoder; nothing is written. Empty when none is left.

    One batch at a time, so that a customer's question never waits behind more than the batches in hand.

    Raises:
        EncoderNotReady: the model is not there.
    """
    rows = await _missing(snapshot, encoder.name, limit)
    vectors: dict[int, Vectors] = {}
    for start in range(0, len(rows), 8):
        batch = rows[start : start + 8]
        texts = [embedded_text(row.kind, row.title or case_title(row.symptom), row.heading, row.text) for row in batch]
        vectors.update(zip((row.id for row in batch), await encoder.encode(texts), strict=True))
    return Encoded(encoder.name, vectors)


def store_embeddings(work: UnitOfWork, encoded: Encoded) -> None:
    """Keep vectors; a passage that was replaced meanwhile is gone, and its vector with it."""
    for passage, vector in encoded.vectors.items():
        work.write(
            sa.update(passages)
            .where(passages.c.id == passage)
            .values(encoder=encoded.encoder, embedding=to_bytes(vector))
        )


def to_bytes(vector: Vectors) -> bytes:
    """A vector as it is stored: float32, little endian."""
    return vector.astype(LITTLE_ENDIAN).tobytes()


def from_bytes(stored: bytes) -> Vectors:
    """The vector that `to_bytes` wrote."""
    return np.frombuffer(stored, LITTLE_ENDIAN).astype(np.float32)


async def _missing(snapshot: Snapshot, encoder: str, limit: int) -> Sequence[sa.Row[Any]]:
    columns = passages.c
    named = sa.select(
        columns.id, columns.kind, columns.heading, columns.text, articles.c.title, resolutions.c.symptom
    ).select_from(passages.outerjoin(articles).outerjoin(resolutions))
    none_yet = named.where(columns.encoder.is_(None)).order_by(columns.id).limit(limit)
    others = named.where(columns.encoder != encoder).order_by(columns.id).limit(limit)
    return await snapshot.rows(none_yet) or await snapshot.rows(others)
