"""A question in; a cited passage, a short choice, or "I don't know" out."""

from dataclasses import dataclass

CHOICES_MAX = 3
"""Passages offered in a "did you mean"."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of knowledge as it is shown.

    Attributes:
        article: slug of the article; empty when it is the resolution of a past case.
        title: of the article; of a past case, what its customer saw.
        heading: path of headings above the passage, joined by " > "; empty at the top.
        text: Markdown.
        url: where the whole article is read; empty for a past case.
        case_number: the past case this resolution is from; empty for an article.
    """

    article: str
    title: str
    heading: str
    text: str
    url: str
    case_number: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """One passage answers it; `confidence` is the probability that it is the right article, 0 to 1."""

    passage: Passage
    confidence: float


@dataclass(frozen=True, slots=True)
class DidYouMean:
    """One of these may answer it: at most CHOICES_MAX, one an article, best first."""

    passages: tuple[Passage, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class DontKnow:
    """Nothing that this audience may read answers it."""

    confidence: float


Answer = Answered | DidYouMean | DontKnow
