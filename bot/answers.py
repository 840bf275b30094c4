"""Knowledge within a turn: it has a time limit, and when it fails the bot simply does not know."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from knowledge.answer import Answer, Answered, DidYouMean, DontKnow, Knowledge, Passage
from knowledge.article import Audience

log = structlog.get_logger()
TIMEOUT_S = 3.0
T = TypeVar("T")


class TimedAnswers:
    """Asks the knowledge room; never raises, never waits longer than `TIMEOUT_S`.

    Args:
        address: where a passage's article is read, "" where it has no page.
    """

    def __init__(self, knowledge: Knowledge, address: Callable[[Passage], str]) -> None:
        self._knowledge = knowledge
        self._address = address

    async def answer(self, question: str, *, audience: Audience) -> Answer:
        """What is known; `DontKnow` when the search failed."""
        found = await self._within(self._knowledge.answer(question, audience=audience), DontKnow(0.0))
        if isinstance(found, Answered):
            return replace(found, passage=self._linked(found.passage))
        if isinstance(found, DidYouMean):
            return replace(found, passages=tuple(map(self._linked, found.passages)))
        return found

    async def passage_of(self, slug: str, question: str, *, audience: Audience) -> Passage | None:
        """The passage of one article that is nearest to the question; None when it may not be read."""
        near = await self._within(self._knowledge.articles_for(question, audience=audience), [])
        return next((self._linked(passage) for passage in near if passage.article == slug), None)

    def _linked(self, passage: Passage) -> Passage:
        """With the address at which this customer can read the whole."""
        return replace(passage, url=self._address(passage))

    async def _within(self, search: Awaitable[T], otherwise: T) -> T:
        try:
            return await asyncio.wait_for(search, TIMEOUT_S)
        except Exception:
            log.exception("knowledge_failed")
            return otherwise
