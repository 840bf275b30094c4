"""One score a document: meaning first, words beside it.

The weights and what they were chosen on: docs/decisions/0009-retrieval.md
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.retrieval.encoder import Vectors
from knowledge.retrieval.shelf import View
from knowledge.retrieval.words import stems

Scores = npt.NDArray[np.float32]

BEST_SHARE = 0.3
"""Of the similarity, how much is the better of title and passage; the rest is their mean."""
TITLE_WORDS = 0.4
ALL_WORDS = 0.2
ENCODED_MIN = 0.8
"""Share of the documents that must be encoded before meaning is used: below it, words alone are fairer to all."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of all documents of a view.

    Attributes:
        documents: one score each, higher is better; comparable within one question and mode only.
        entries: one similarity an entry, to choose the passage by; None when words alone were used.
    """

    documents: Scores
    entries: Scores | None


def score(view: View, question: str, vector: Vectors | None) -> Scored:
    """Every document of the view against a question; `vector` None or a view mostly not encoded: words alone."""
    terms = stems(question)
    lexical = TITLE_WORDS * view.titles.scores(terms) + ALL_WORDS * view.everything.scores(terms)
    if vector is None or view.encoded < ENCODED_MIN:
        return Scored(lexical, None)
    similar: Scores = view.matrix @ vector
    return Scored((_meaning(view, similar) + lexical).astype(np.float32), similar)


def _meaning(view: View, similar: Scores) -> Scores:
    """The maximum over title and questions, the maximum over passages; mostly their mean, partly the better one."""
    bounds = np.empty(2 * len(view.documents), np.intp)
    bounds[0::2], bounds[1::2] = view.starts, view.text_starts
    best = np.maximum.reduceat(similar, bounds)
    asked, told = best[0::2], best[1::2]
    meaning = BEST_SHARE * np.maximum(asked, told) + (1 - BEST_SHARE) * (asked + told) / 2
    return np.asarray(meaning, np.float32)
