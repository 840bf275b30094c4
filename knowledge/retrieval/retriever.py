"""The search itself: one hit a document, best first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from knowledge.article import Audience
from knowledge.errors import EncoderNotReady
from knowledge.retrieval.encoder import Encoder, Vectors
from knowledge.retrieval.fusion import Scored, score
from knowledge.retrieval.index import Index
from knowledge.retrieval.shelf import Document, Entry, View
from knowledge.retrieval.words import stems

QUESTION_CHARS_MAX = 1_000
"""Longer texts are searched by their beginning; the encoder reads no further either."""
HITS_MAX = 10
WORDS_IN_PASSAGE = 0.1
"""Weight of words beside meaning when the passage to show is chosen."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document and its passage that fits best; `score` compares within one search alone."""

    document: Document
    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, best first, and whether meaning (`dense`) or words alone decided."""

    hits: tuple[Hit, ...]
    dense: bool


class Retriever(Protocol):
    """Finds what this audience may read, in this language. Suite: tests/contracts/retriever.py"""

    async def search(self, question: str, *, audience: Audience, language: str, limit: int = HITS_MAX) -> Search:
        """At most `limit` hits, one a document; none when there is nothing to search or nothing in the question."""


class LexicalRetriever:
    """By words alone."""

    def __init__(self, index: Index) -> None:
        self._index = index

    async def search(self, question: str, *, audience: Audience, language: str, limit: int = HITS_MAX) -> Search:
        view = self._index.view(language, audience)
        return search_view(view, mended(view, question), None, limit) if view else Search((), dense=False)


class FusedRetriever:
    """By meaning and words; by words alone while the encoder is not there."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder

    async def search(self, question: str, *, audience: Audience, language: str, limit: int = HITS_MAX) -> Search:
        view = self._index.view(language, audience)  # taken once: a refresh meanwhile changes nothing here
        if view is None:
            return Search((), dense=False)
        asked = mended(view, question)
        return search_view(view, asked, await self._vector(asked), limit)

    async def _vector(self, text: str) -> Vectors | None:
        if not self._encoder.ready or not text.strip():
            return None
        try:
            vectors = await self._encoder.encode([text])
        except EncoderNotReady:
            return None
        vector: Vectors = vectors[0]
        return vector


def mended(view: View, question: str) -> str:
    """The question with its slips mended by the words of the view."""
    return view.speller.mended(question[:QUESTION_CHARS_MAX])


def search_view(view: View, question: str, vector: Vectors | None, limit: int) -> Search:
    """The best documents of a view for a mended question; without its vector by words alone."""
    terms = set(stems(question))
    if not view.documents or not terms:
        return Search((), dense=False)
    scored = score(view, question, vector)
    dense = scored.entries is not None
    weights = {term: view.everything.information(term) for term in terms}
    hits = [_hit(view, place, weights, scored) for place in _best(scored, limit)]
    return Search(tuple(hit for hit in hits if dense or hit.score > 0), dense)


def _best(scored: Scored, limit: int) -> Sequence[int]:
    """Places of the best documents; among equals the first on the shelf, so that the same question finds the same."""
    return [int(place) for place in np.argsort(-scored.documents, kind="stable")[:limit]]


def _hit(view: View, place: int, weights: Mapping[str, float], scored: Scored) -> Hit:
    return Hit(view.documents[place], _passage(view, place, weights, scored), float(scored.documents[place]))


def _passage(view: View, place: int, weights: Mapping[str, float], scored: Scored) -> Entry:
    """The text of a document that fits the question best: by meaning, a little by words."""
    document = view.documents[place]
    texts = [entry for entry in document.entries if entry.kind == "text"]
    fits = np.array([_share(weights, entry.terms) for entry in texts])
    if scored.entries is not None:
        start = int(view.text_starts[place])
        fits = scored.entries[start : start + len(texts)] + WORDS_IN_PASSAGE * fits
    return texts[int(np.argmax(fits))]


def _share(weights: Mapping[str, float], held: Mapping[str, int]) -> float:
    """How much of the question's information a passage holds, 0 to 1.

    Args:
        weights: of each term of the question, its information.
    """
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0
