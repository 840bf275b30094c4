"""BM25 over numpy: term by term, the weights of the documents that hold it. Works the same on every database.

Source: docs/decisions/0009-retrieval.md
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

SATURATION = 1.2
"""k1 of BM25."""
LENGTH_SHARE = 0.5
"""b of BM25; below the usual .75 because short questions and long bodies are scored in one list."""


class Bm25:
    """An index of documents, each a bag of terms; it never changes once made.

    Args:
        bags: how often each term is in each document.
    """

    def __init__(self, bags: Sequence[Mapping[str, int]]) -> None:
        self.size = len(bags)
        lengths = np.array([sum(bag.values()) for bag in bags], np.float32)
        mean = float(lengths.mean()) if self.size and lengths.sum() else 1.0
        self._damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / mean)
        self._postings = _postings(bags)

    def scores(self, terms: Iterable[str]) -> Scores:
        """One score a document, 0 to 1: the share of the question's information that the document holds."""
        found = np.zeros(self.size, np.float32)
        possible = 0.0
        for term in set(terms):
            documents, counts = self._postings.get(term, EMPTY)
            idf = self.information(term)
            possible += idf
            found[documents] += idf * counts * (SATURATION + 1) / (counts + self._damping[documents])
        return found / np.float32(possible * (SATURATION + 1)) if possible else found

    def information(self, term: str) -> float:
        """How rare a term is. One nobody uses counts as rarest: a question full of them matches nothing well."""
        holders = len(self._postings.get(term, EMPTY)[0])
        return float(np.log(1 + (self.size - holders + 0.5) / (holders + 0.5)))


Posting = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
EMPTY: Posting = (np.zeros(0, np.int32), np.zeros(0, np.float32))


def bag(terms: Iterable[str]) -> Mapping[str, int]:
    """How often each term occurs."""
    return Counter(terms)


def _postings(bags: Sequence[Mapping[str, int]]) -> dict[str, Posting]:
    gathered: dict[str, tuple[list[int], list[int]]] = {}
    for number, terms in enumerate(bags):
        for term, count in terms.items():
            documents, counts = gathered.setdefault(term, ([], []))
            documents.append(number)
            counts.append(count)
    return {
        term: (np.array(documents, np.int32), np.array(counts, np.float32))
        for term, (documents, counts) in gathered.items()
    }
