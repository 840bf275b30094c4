"""Sentences to labels, learnt from a few examples each: two views of a sentence, one confidence.

Logistic regression on the encoder's sentence vectors and logistic regression on words and characters fail on
different sentences, so their mean beats either. The import is heavy (scikit-learn): only `training.py` does it, in
a thread.

Source: docs/decisions/0010-understanding.md
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

DENSE_C = 10.0
LEXICAL_C = 10.0
THRESHOLD = 0.50
"""Confidence below which a sentence is none of the labels, with sentence vectors. One value served every set tried."""
LEXICAL_THRESHOLD = 0.40
"""The same without sentence vectors, whose nearest neighbours are further away."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A label and how sure, 0..1: half its probability, half the cosine of its nearest example."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The guesses, best first; `threshold` is what the best must reach to count."""

    guesses: tuple[Guess, ...]
    threshold: float

    @property
    def best(self) -> Guess | None:
        """The best guess when it is sure enough."""
        return self.guesses[0] if self.guesses and self.guesses[0].confidence >= self.threshold else None


class Weights:
    """TF-IDF of a fitted vocabulary, as its `transform` has it: that checks its input for longer than it sums."""

    def __init__(self, fitted: TfidfVectorizer) -> None:
        self._terms = fitted.build_analyzer()
        self._columns: dict[str, int] = fitted.vocabulary_
        self._idf: Scores = fitted.idf_

    def matrix(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """[n, terms]: rows of unit length, or of nought where a text has no term that is known."""
        rows = [self._row(text) for text in texts]
        columns, values = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        return sparse.csr_matrix((values, columns, ends), shape=(len(texts), len(self._idf)))

    def _row(self, text: str) -> tuple[npt.NDArray[np.int32], Scores]:
        """The columns of its terms, and their weights: 1 + log(count), times idf."""
        known = self._columns
        counts = Counter(known[term] for term in self._terms(text) if term in known)
        columns = np.fromiter(counts.keys(), np.int32, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self._idf[columns]
        return columns, values / (np.linalg.norm(values) or 1.0)


class LexicalView:
    """Logistic regression over TF-IDF of words (1, 2) and characters (2..5).

    The regression is fitted in the space the examples span (at most one dimension an example, from their Gram matrix):
    the same solution as in the tens of thousands of columns, in a fraction of the time.
    """

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")  # noqa: S106
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._halves = (Weights(words.fit(texts)), Weights(characters.fit(texts)))
        examples = self.matrix(texts)
        self._across = examples.T.tocsr()  # once: each product with a transposed matrix would do it again
        gram = (examples @ self._across).toarray()
        self._into_span = _into_span(gram)
        self._regression = LogisticRegression(C=LEXICAL_C, max_iter=200).fit(gram @ self._into_span, labels)

    def matrix(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Rows of unit length: half words, half characters."""
        return sparse.hstack([half.matrix(texts) for half in self._halves], format="csr") * np.sqrt(0.5)

    def read(self, texts: Sequence[str]) -> tuple[Scores, Scores]:
        """Probability of each label, and cosine to each example: [n, labels], [n, examples]."""
        cosine: Scores = (self.matrix(texts) @ self._across).toarray()
        return self._regression.predict_proba(cosine @ self._into_span), cosine

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self._regression.classes_]


class DenseView:
    """Logistic regression over sentence vectors of unit length."""

    def __init__(self, vectors: Vectors, labels: Sequence[str]) -> None:
        self._examples = vectors
        self._regression = LogisticRegression(C=DENSE_C, max_iter=300, class_weight="balanced").fit(vectors, labels)

    def read(self, vectors: Vectors) -> tuple[Scores, Scores]:
        """Probability of each label, and cosine to each example: [n, labels], [n, examples]."""
        return self._regression.predict_proba(vectors), (vectors @ self._examples.T).astype(np.float64)


class Classifier:
    """The mean of the two views; of the lexical view alone as long as there are no vectors."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str], vectors: Vectors | None = None) -> None:
        with threadpool_limits(
            1
        ):  # the matrices are small: more threads only wait for each other, up to 40 times as long
            self._lexical = LexicalView(texts, labels)
        self.labels = self._lexical.labels
        self._columns = np.array([self.labels.index(label) for label in labels])
        self._dense: DenseView | None = None
        if vectors is not None:
            self.with_vectors(vectors)

    def with_vectors(self, vectors: Vectors) -> None:
        """Learn the second view; `vectors` belong to the texts given at first, in their order."""
        with threadpool_limits(1):
            self._dense = DenseView(vectors, [self.labels[column] for column in self._columns])

    def classify(self, text: str, vector: Vectors | None = None) -> Ranking:
        """The labels of one sentence; without its vector (or before they were learnt) by words alone."""
        return self.classify_all([text], None if vector is None else vector.reshape(1, -1))[0]

    def classify_all(self, texts: Sequence[str], vectors: Vectors | None = None) -> list[Ranking]:
        """The same for many."""
        probability, cosine = self._lexical.read(texts)
        threshold = LEXICAL_THRESHOLD
        if vectors is not None and self._dense is not None:
            dense_probability, cosine = self._dense.read(vectors)
            probability, threshold = (probability + dense_probability) / 2, THRESHOLD
        nearest = self._nearest(cosine)
        confidence = (probability + np.clip(nearest, 0, 1)) / 2
        return [self._ranking(*row, threshold) for row in zip(probability, confidence, strict=True)]

    def _nearest(self, cosine: Scores) -> Scores:
        """The nearest example of all: its cosine says how far from anything known a sentence is."""
        return np.repeat(cosine.max(axis=1, keepdims=True), len(self.labels), axis=1)

    def _ranking(self, probability: Scores, confidence: Scores, threshold: float) -> Ranking:
        order = np.argsort(-probability)[:4]
        return Ranking(tuple(Guess(self.labels[i], float(confidence[i])) for i in order), threshold)


def _into_span(gram: Scores) -> Scores:
    """What turns cosines to the examples into coordinates on their principal axes."""
    values, axes = np.linalg.eigh(gram)
    kept = values > values[-1] * 1e-6
    spanned: Scores = axes[:, kept] / np.sqrt(values[kept])
    return spanned
