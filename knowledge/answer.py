"""A question in; a cited passage, a short choice, or "I don't know" out."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.article import Audience
from knowledge.retrieval.calibration import Calibrations, fitted
from knowledge.retrieval.encoder import Encoder
from knowledge.retrieval.index import Index
from knowledge.retrieval.retriever import FusedRetriever, Hit, Retriever

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
        audience: who may read it.
    """

    article: str
    title: str
    heading: str
    text: str
    url: str
    case_number: str = ""
    audience: Audience = Audience.PUBLIC


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


class Knowledge:
    """What the desk knows, asked in plain words. Works by words alone until the encoder is ready.

    Args:
        calibrations: the curve and thresholds; those of this release when not given.
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        *,
        retriever: Retriever | None = None,
        calibrations: Calibrations | None = None,
    ) -> None:
        self._retriever = retriever or FusedRetriever(index, encoder)
        self._calibrations = calibrations or fitted()

    async def answer(self, question: str, *, audience: Audience, language: str = "en") -> Answer:
        """An answer from what this audience may read in this language, a short choice, or that we do not know."""
        search = await self._retriever.search(question, audience=audience, language=language, limit=CHOICES_MAX)
        calibration = self._calibrations.of(search)
        confidence = calibration.probability(search)
        if confidence >= calibration.answer:
            return Answered(_passage(search.hits[0]), confidence)
        if confidence >= calibration.choose:
            return DidYouMean(tuple(_passage(hit) for hit in search.hits), confidence)
        return DontKnow(confidence)

    async def articles_for(
        self, text: str, *, audience: Audience, language: str = "en", limit: int = 5
    ) -> Sequence[Passage]:
        """What may help with a text, best first, however unsure: for agents beside a case."""
        search = await self._retriever.search(text, audience=audience, language=language, limit=limit)
        return [_passage(hit) for hit in search.hits]


def _passage(hit: Hit) -> Passage:
    document = hit.document
    url = f"/help/{document.slug}" if document.slug else ""
    return Passage(
        article=document.slug,
        title=document.title,
        heading=hit.entry.heading,
        text=hit.entry.text,
        url=url,
        case_number=document.case_number,
        audience=document.audience,
    )
