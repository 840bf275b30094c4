"""What may help beside a case: what was written about it, and how cases like it ended; nothing that is not theirs."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

import app.http.case_suggesting
from app.http.case_suggesting import SHOWN_MAX, TEXT_MAX
from caseengine.model.case import Case
from caseengine.operations import open_conversation
from knowledge.article import Article, Audience, PastCase
from knowledge.retrieval.retriever import Retriever, Search
from storage.engine import Database
from tests.app.house import Peer, Served, served_office
from tests.caseengine.office import when

JAM = "The till drawer jams"
ARTICLES = (
    Article("drawer", "The till drawer jams", "Pull the lever.\n\n## Still jammed\n\nLift the drawer out.\n"),
    Article("drawer-parts", "Parts of the till drawer", "Ask the depot.\n", Audience.RETAILER),
    Article("drawer-limit", "Till drawer: what we may promise", "A loan till.\n", Audience.INTERNAL),
    Article("freezer", "The freezer is too warm", "Check the seal.\n"),
    Article("kasse", "Die Kasse klemmt", "Am Hebel ziehen.\n", language="de"),
)


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


async def suggested(peer: Peer, case: Case) -> Any:
    return await peer.gets(f"/api/cases/{case.number}/suggestions")


async def past(served: Served, text: str = "Oiled the lever", **opening: Any) -> tuple[Case, PastCase]:
    """A case that ended, and its resolution."""
    case = await served.office.report(**opening)
    return case, PastCase(case.number, case.subject, text)


async def test_articles_that_share_its_words_best_first(served: Served, li: Peer) -> None:
    await served.office.knows(*ARTICLES)
    found = await suggested(li, await served.office.report(JAM))
    assert found["available"] is True
    assert found["resolutions"] == []
    assert [(one["slug"], one["audience"], one["url"]) for one in found["articles"]] == [
        ("drawer", "public", "/help/drawer?signed"),
        ("drawer-parts", "retailer", "/help/drawer-parts?signed"),
        ("drawer-limit", "internal", ""),
        ("freezer", "public", "/help/freezer?signed"),
    ]


async def test_the_passage_that_fits_is_shown_with_its_headings(served: Served, li: Peer) -> None:
    await served.office.knows(*ARTICLES)
    case = await served.office.report(JAM, description="It is still jammed: how do I lift it?")
    [first, *_] = (await suggested(li, case))["articles"]
    assert (first["title"], first["heading"], first["text"]) == (JAM, "Still jammed", "Lift the drawer out.")


async def test_how_cases_like_it_ended(served: Served, li: Peer) -> None:
    old, told = await past(served, subject=JAM)
    await served.office.knows(*ARTICLES, told)
    found = await suggested(li, await served.office.report("My till drawer jams again"))
    assert found["resolutions"] == [{"number": old.number, "subject": JAM, "text": "Oiled the lever"}]
    assert found["articles"]


async def test_never_itself_nor_what_nobody_knows_nor_what_is_not_theirs(served: Served, li: Peer) -> None:
    office = served.office
    itself, told = await past(served, subject=JAM)
    foreign, foreign_told = await past(served, subject=JAM, department="deliveries")
    await office.knows(told, foreign_told, PastCase("CAS-99999-0000", JAM, "Once upon a time"))
    assert (await suggested(li, itself))["resolutions"] == []
    seen = await suggested(await served.agent(office.sam), itself)
    assert [one["number"] for one in seen["resolutions"]] == [foreign.number]


async def test_both_lists_fill_however_much_is_not_for_these_eyes(served: Served, li: Peer) -> None:
    foreign = [await past(served, subject=JAM, department="deliveries") for _ in range(20)]
    mine = [await past(served, subject=f"A {JAM.lower()} in shop {number} of many") for number in range(6)]
    written = [Article(f"a{number}", f"Drawers of tills, part {number}", "Read on.\n") for number in range(6)]
    await served.office.knows(*(told for _, told in [*foreign, *mine]), *written)
    found = await suggested(li, await served.office.report(JAM))
    assert len(found["articles"]) == len(found["resolutions"]) == SHOWN_MAX
    assert {one["number"] for one in found["resolutions"]} <= {case.number for case, _ in mine}
    assert len({one["number"] for one in found["resolutions"]}) == SHOWN_MAX


async def test_in_the_language_of_the_conversation_or_of_the_desk(served: Served, li: Peer) -> None:
    await served.office.knows(*ARTICLES)
    first = {}
    for locale in ("de-DE", "fr", ""):
        case = await served.office.report_in(await talk(served, locale), f"{JAM} - die Kasse klemmt")
        first[locale] = (await suggested(li, case))["articles"][0]["slug"]
    assert first == {"de-DE": "kasse", "fr": "drawer", "": "drawer"}


async def talk(served: Served, locale: str) -> UUID:
    conversation, at = uuid4(), when("Mon 09:00")
    await served.office.do(open_conversation, id=conversation, channel="webchat", visitor=locale, locale=locale, at=at)
    return conversation


async def test_a_long_case_is_searched_by_its_beginning(served: Served, li: Peer) -> None:
    await served.office.knows(*ARTICLES)
    words = "It happened again and again. " * 22
    assert len(words) > TEXT_MAX
    found = await suggested(li, await served.office.report("Help", description=f"{words} {JAM}"))
    assert "drawer" not in [one["slug"] for one in found["articles"]]
    found = await suggested(li, await served.office.report("Help", description=f"{JAM} {words}"))
    assert found["articles"][0]["slug"] == "drawer"


async def test_nothing_to_search_is_no_failure(served: Served, li: Peer) -> None:
    case = await served.office.report(JAM)
    assert await suggested(li, case) == {"articles": [], "resolutions": [], "available": True}


class Stuck:
    """A search that never comes back."""

    async def search(self, question: str, *, audience: Audience, language: str, limit: int = 10) -> Search:
        await asyncio.Event().wait()
        raise AssertionError


class Broken:
    """A search that fails."""

    async def search(self, question: str, *, audience: Audience, language: str, limit: int = 10) -> Search:
        raise RuntimeError("the secret of row 17")


@pytest.mark.parametrize("retriever", [Stuck(), Broken()])
async def test_a_search_that_fails_or_is_slow_leaves_the_agent_without(
    database: Database,
    tmp_path: Path,
    retriever: Retriever,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.http.case_suggesting, "TIMEOUT_S", 0.05)
    async with served_office(database, tmp_path, retriever=retriever) as served:
        case = await served.office.report(JAM)
        with capture_logs() as logs:
            found = await suggested(await served.agent(served.office.li), case)
    assert found == {"articles": [], "resolutions": [], "available": False}
    assert "suggestions_failed" in [line["event"] for line in logs]
