"""The pages customers open by a link: in their language, with words for everything."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from app.http.open_pages import OpenPages
from caseengine.tables import cases
from tests.app.house import Served
from tests.app.http.test_boards import surveyed

PAGES = OpenPages("Larder Lane")


@pytest.mark.parametrize(
    ("wished", "accepts", "spoken"),
    [
        ("de", "en", "de"),
        ("de-AT", "", "de"),
        ("", "fr-CH, de;q=0.9, en;q=0.8", "de"),
        ("fr", "de", "de"),
        ("", "*", "en"),
        ("", ";;,,=", "en"),
        ("", "", "en"),
    ],
)
def test_the_customers_language_goes_first_then_the_browsers(wished: str, accepts: str, spoken: str) -> None:
    assert PAGES.language(make_mocked_request("GET", "/", {"Accept-Language": accepts}), wished) == spoken


def test_every_language_has_the_same_words() -> None:
    first, *others = (paths(PAGES.words[language]) for language in PAGES.languages)
    assert all(other == first for other in others)


def paths(words: Any, path: str = "") -> set[str]:
    """The places of all words, each with the values it wants filled in."""
    if isinstance(words, Mapping):
        return set().union(*(paths(under, f"{path}.{name}") for name, under in words.items()))
    return {path + "".join(wanted for wanted in ("{company}", "{number}") if wanted in words)}


async def test_a_german_case_asks_in_german(served: Served) -> None:
    token, _ = await surveyed(served)
    async with served.office.database.unit_of_work() as work:
        work.write(cases.update().values(language="de"))
    page = await served.peer().asks("GET", f"/survey/{token}")
    assert b'<html lang="de">' in page.raw
    assert b"Wie war es?" in page.raw
    assert b"&lt;" not in page.raw


async def test_a_link_that_is_none_speaks_as_the_browser_does(served: Served) -> None:
    page = await served.peer().asks("GET", "/survey/none", headers={"Accept-Language": "de-DE,de;q=0.9"})
    assert (page.status, b"Diese Umfrage gibt es nicht." in page.raw) == (404, True)
