"""What is read without signing in: health, figures, the help centre."""

import pytest

from tests.app.house import Served


async def test_alive_is_alive(served: Served) -> None:
    assert (await served.peer().asks("GET", "/healthz")).json == {"status": "ok"}


async def test_not_ready_says_what_is_missing(served: Served) -> None:
    answered = await served.peer().asks("GET", "/readyz")  # tables without a migration's mark
    assert answered.status == 503
    assert answered.json == {"status": "not ready", "storage": False, "search": True, "encoder": False}


async def test_figures_name_nobody(served: Served) -> None:
    await served.agent(served.office.li)
    answered = await served.peer().asks("GET", "/metrics")
    assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"nightdesk_encoder_ready 0.0" in answered.raw
    assert b"@" not in answered.raw


async def test_an_unknown_article_is_a_page_that_says_so(served: Served) -> None:
    answered = await served.peer().asks("GET", "/help/no-such-thing")
    assert answered.status == 404
    assert answered.headers["Content-Type"].startswith("text/html")
    assert b'href="/help"' in answered.raw


@pytest.mark.parametrize("path", ["/help", "/help/", "/help/%00", "/help/../etc"])
async def test_help_never_faults(served: Served, path: str) -> None:
    assert (await served.peer().asks("GET", path)).status in (200, 404)
