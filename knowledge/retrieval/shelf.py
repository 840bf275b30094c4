"""Documents of one language in memory, arranged so that what an audience may read is one slice.

A shelf never changes once made. Documents stand in order of audience: everything a public reader may see comes first,
and each reader searches a prefix. So nothing a reader may not see can influence what they get, not even a word count.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from knowledge.article import Audience
from knowledge.retrieval.encoder import DIMENSIONS, Vectors
from knowledge.retrieval.lexical import Bm25
from knowledge.retrieval.speller import Speller
from knowledge.retrieval.words import words

TITLE_WEIGHT = 3
"""How often a word of the title counts among the words of the whole document."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One passage; `terms` are its stems with their counts, `vector` is None until it is encoded."""

    id: int
    kind: str
    heading: str
    text: str
    terms: Mapping[str, int]
    vector: Vectors | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """An article or a past case; titles and questions first among its entries, then at least one text."""

    slug: str
    case_number: str
    title: str
    audience: Audience
    language: str
    entries: tuple[Entry, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.slug, self.case_number


@dataclass(frozen=True, slots=True)
class View:
    """What one audience may read.

    Attributes:
        matrix: float32 [entries, DIMENSIONS]; a row of zeros is not encoded yet.
        starts: first entry of each document.
        text_starts: first entry of kind text of each document.
        encoded: share of the documents that have all their vectors, 0 to 1.
    """

    documents: Sequence[Document]
    matrix: Vectors
    starts: npt.NDArray[np.intp]
    text_starts: npt.NDArray[np.intp]
    encoded: float
    titles: Bm25
    everything: Bm25
    speller: Speller


def views(documents: Sequence[Document], language: Mapping[str, int]) -> dict[Audience, View]:
    """One view an audience over the documents of one language.

    Args:
        language: words of the language at large, for the speller.
    """
    ordered = sorted(documents, key=lambda document: (document.audience, document.key))
    matrix = _matrix(ordered)
    made: dict[int, View] = {}
    for audience in Audience:
        count = sum(document.audience <= audience for document in ordered)
        if count not in made:
            made[count] = _view(ordered[:count], matrix, language)
    return {audience: made[sum(document.audience <= audience for document in ordered)] for audience in Audience}


def _view(documents: Sequence[Document], matrix: Vectors, language: Mapping[str, int]) -> View:
    sizes = [len(document.entries) for document in documents]
    starts = np.cumsum([0, *sizes[:-1]], dtype=np.intp) if sizes else np.zeros(0, np.intp)
    asked = [sum(entry.kind != "text" for entry in document.entries) for document in documents]
    whole = sum(all(entry.vector is not None for entry in document.entries) for document in documents)
    counts = [_counts(document) for document in documents]
    return View(
        documents=documents,
        matrix=matrix[: sum(sizes)],
        starts=starts,
        text_starts=starts + np.array(asked, np.intp),
        encoded=whole / len(documents) if documents else 0.0,
        titles=Bm25([title for title, _ in counts]),
        everything=Bm25([_weighted(title, TITLE_WEIGHT) + text for title, text in counts]),
        speller=Speller(_vocabulary(documents), language),
    )


def _counts(document: Document) -> tuple[Counter[str], Counter[str]]:
    """Terms of title and questions, and terms of the text."""
    title: Counter[str] = Counter()
    text: Counter[str] = Counter()
    for entry in document.entries:
        (text if entry.kind == "text" else title).update(entry.terms)
    return title, text


def _weighted(counts: Counter[str], weight: int) -> Counter[str]:
    return Counter({term: weight * count for term, count in counts.items()})


def _vocabulary(documents: Sequence[Document]) -> Counter[str]:
    found: Counter[str] = Counter()
    for document in documents:
        for entry in document.entries:
            found.update(words(f"{entry.heading} {entry.text}"))
    return found


def _matrix(documents: Sequence[Document]) -> Vectors:
    nothing = np.zeros(DIMENSIONS, np.float32)
    rows = [nothing if entry.vector is None else entry.vector for document in documents for entry in document.entries]
    return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)
