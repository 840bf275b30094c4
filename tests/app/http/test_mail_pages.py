"""The page of a mail: its own pictures are within it, others are fetched when asked for, and its size has an end."""

from base64 import b64encode
from typing import Any
from uuid import uuid4

import pytest

from app.http import mail_pages
from app.http.mail_pages import mail_page, page_headers
from caseengine.files import Files
from channels.email.letter import OUTSIDE
from storage.engine import Database
from tests.caseengine.office import Office, when

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SHOWN = f'src="data:image/png;base64,{b64encode(PNG).decode()}"'


@pytest.fixture
async def office(database: Database) -> Office:
    office = Office(database)
    await office.furnish()
    return office


async def page(office: Office, html: str, *, outside: bool = False, **files: bytes) -> str:
    conversation, inline = await office.chat(), {}
    async with office.database.unit_of_work() as work:
        for name, content in files.items():
            put = Files(work).put(
                conversation, name=name, content_type="image/png", content=content, at=when("Mon 09:00")
            )
            inline[f"{name}@x"] = str(put.id)
    original = {"html": html, "text": "Words", "quoted": "", "inline": inline}
    return await office.see(mail_page, original, outside=outside)


@pytest.mark.parametrize("named", ["logo@x", "logo%40x"])
async def test_a_picture_the_mail_brought_is_within_the_page(office: Office, named: str) -> None:
    assert await page(office, f'<img alt="a" src="cid:{named}">', logo=PNG) == f'<img alt="a" {SHOWN}>'


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<script>alert(1)</script>", b"", b"GIF99a"]
)
async def test_what_is_no_picture_is_not_shown_whatever_the_mail_calls_it(office: Office, content: bytes) -> None:
    assert await page(office, '<img src="cid:logo@x">', logo=content) == '<img src="about:blank">'


async def test_a_picture_it_names_and_has_not_brought_is_nothing(office: Office) -> None:
    assert await page(office, f'<img src="cid:other@x"><img src="cid:{uuid4()}">') == '<img src="about:blank">' * 2


async def test_one_picture_shown_ten_thousand_times_is_no_page_of_gigabytes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_pages, "PICTURES_BYTES_MAX", 3 * len(PNG))
    shown = await page(office, '<img src="cid:logo@x">' * 10_000, logo=PNG)
    assert (shown.count(SHOWN), shown.count("about:blank")) == (3, 9_997)


async def test_pictures_too_big_together_are_left_out_and_the_small_ones_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_pages, "PICTURES_BYTES_MAX", 2 * len(PNG))
    html = '<img src="cid:large@x"><img src="cid:logo@x">'
    assert await page(office, html, large=PNG * 2, logo=PNG) == f'<img src="about:blank"><img {SHOWN}>'


async def test_pictures_from_elsewhere_are_fetched_when_asked_for_and_over_tls(office: Office) -> None:
    html = f'<a href="http://x.example">x</a><img src="{OUTSIDE}HTTP://x.example/1"><img src="{OUTSIDE}https://x.example/2">'
    assert await page(office, html) == html
    assert await page(office, html, outside=True) == (
        '<a href="http://x.example">x</a><img src="https://x.example/1"><img src="https://x.example/2">'
    )


def test_the_page_may_fetch_nothing_or_pictures_over_tls_and_run_nothing() -> None:
    def policy(**asked: Any) -> dict[str, str]:
        rules = page_headers(**asked)["Content-Security-Policy"].split("; ")
        return dict((*rule.split(" ", 1), "")[:2] for rule in rules)  # type: ignore[misc]

    for outside in (False, True):
        rules = policy(outside=outside)
        assert (rules["default-src"], rules["sandbox"], rules["form-action"]) == ("'none'", "", "'none'")
        assert rules["img-src"] == ("data: https:" if outside else "data:")
