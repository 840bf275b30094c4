"""What may help with a case: articles and resolutions of past cases, found by its own words."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from app.http.answers import SuggestedArticleAnswer, SuggestedResolutionAnswer, SuggestionsAnswer
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Call, Endpoint, Scope
from bot.answers import TIMEOUT_S
from caseengine.agents import Agent
from caseengine.reading.case_view import CaseView, case_view
from caseengine.reading.cases import CaseRow, numbered
from knowledge.answer import Knowledge, Passage
from knowledge.article import Audience
from storage.engine import Database

log = structlog.get_logger()
TEXT_MAX = 600
"""Characters of a case it is searched by: what matters stands at the beginning."""
SHOWN_MAX = 4
HITS_MAX = 200
"""Hits asked for, so that four of each kind are among them, also where many past cases are not for these eyes."""
DESK_LANGUAGE = "en"


class CaseSuggesting:
    """`GET /api/cases/{number}/suggestions`.

    Args:
        address: where a passage's article is read, "" where it has no page.
    """

    def __init__(self, database: Database, knowledge: Knowledge, address: Callable[[Passage], str]) -> None:
        self._database = database
        self._knowledge = knowledge
        self._address = address

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path=f"{CASE}/suggestions",
                scope=Scope.AGENT,
                summary="What may help: articles, and how cases like it ended.",
                about="However unsure: it is for your eyes. At most four of each.",
                handle=self.suggestions,
                answer=SuggestionsAnswer,
                refuses=SHOWN,
            )
        ]

    async def suggestions(self, call: Call) -> SuggestionsAnswer:
        agent = call.agent.agent
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, agent, call.path("number"))
        found = await self._found(view)
        if found is None:
            return SuggestionsAnswer(articles=[], resolutions=[], available=False)
        past = [passage for passage in found if passage.case_number not in ("", view.row.number)]
        return SuggestionsAnswer(
            articles=[self._article(passage) for passage in found if passage.article][:SHOWN_MAX],
            resolutions=_resolutions(past, await self._known(agent, past))[:SHOWN_MAX],
            available=True,
        )

    async def _found(self, view: CaseView) -> Sequence[Passage] | None:
        """None when the search failed or took too long."""
        try:
            return await asyncio.wait_for(self._search(view), TIMEOUT_S)
        except Exception:  # the agent can work without it
            log.exception("suggestions_failed", case_id=str(view.row.id))
            return None

    async def _search(self, view: CaseView) -> Sequence[Passage]:
        """In the customer's language, or in the desk's where nothing is written in theirs."""
        text = f"{view.row.subject}\n{view.description}"[:TEXT_MAX]
        spoken = view.conversation.locale if view.conversation else ""
        for language in filter(None, (spoken, DESK_LANGUAGE)):
            found = await self._knowledge.articles_for(
                text, audience=Audience.INTERNAL, language=language, limit=HITS_MAX
            )
            if found:
                return found
        return []

    async def _known(self, agent: Agent, past: Sequence[Passage]) -> Mapping[str, CaseRow]:
        """The past cases the agent may see, by number."""
        async with self._database.snapshot() as snapshot:
            return await numbered(snapshot, agent, [passage.case_number for passage in past])

    def _article(self, passage: Passage) -> SuggestedArticleAnswer:
        return SuggestedArticleAnswer(
            slug=passage.article,
            title=passage.title,
            heading=passage.heading,
            text=passage.text,
            url="" if passage.audience is Audience.INTERNAL else self._address(passage),
            audience=passage.audience.label,
        )


def _resolutions(past: Sequence[Passage], known: Mapping[str, CaseRow]) -> list[SuggestedResolutionAnswer]:
    return [
        SuggestedResolutionAnswer(number=row.number, subject=row.subject, text=passage.text)
        for passage in past
        if (row := known.get(passage.case_number))
    ]
