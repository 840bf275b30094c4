"""A signed address opens one article for a day; nothing else does."""

from datetime import UTC, datetime, timedelta

import pytest

from app.article_links import GOOD_FOR, ArticleLinks
from knowledge.answer import Passage
from knowledge.article import Audience

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


def passage(audience: Audience, slug: str = "credit-terms") -> Passage:
    return Passage(slug, "Credit terms", "", "Thirty days.", f"/help/{slug}", audience=audience)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> ArticleLinks:
    return ArticleLinks(b"secret", "https://desk.example", clock)


def token_of(address: str) -> str:
    return address.partition("?t=")[2]


def test_a_public_article_has_its_plain_address(links: ArticleLinks) -> None:
    assert links.address(passage(Audience.PUBLIC)) == "https://desk.example/help/credit-terms"


def test_a_past_case_has_none(links: ArticleLinks) -> None:
    assert links.address(Passage("", "Seen before", "", "Text", "", "CAS-00001-AAAA")) == ""


def test_a_signed_address_opens_its_article(links: ArticleLinks) -> None:
    assert links.opens("credit-terms", token_of(links.address(passage(Audience.RETAILER))))


def test_it_opens_no_other_article(links: ArticleLinks) -> None:
    assert not links.opens("allergens", token_of(links.address(passage(Audience.RETAILER))))


def test_it_ends_after_a_day(links: ArticleLinks, clock: Clock) -> None:
    token = token_of(links.address(passage(Audience.RETAILER)))
    clock.at = NOW + GOOD_FOR + timedelta(seconds=1)

    assert not links.opens("credit-terms", token)


def test_a_later_end_is_noticed(links: ArticleLinks) -> None:
    until, _, signature = token_of(links.address(passage(Audience.RETAILER))).partition(".")

    assert not links.opens("credit-terms", f"{int(until) + 1}.{signature}")


@pytest.mark.parametrize("token", ["", ".", "1", "x.y", "²³.ab", "9" * 4000 + ".ab", "-1.ab", "17\n.ab", "1767.\udcff"])
def test_nonsense_opens_nothing(links: ArticleLinks, token: str) -> None:
    assert not links.opens("credit-terms", token)
