"""The demo's own pages, and the headers everything is served with."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewPage
from tests.browser.peer import GUIDE, Peer, SentMail

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_start_page_leads_everywhere(peer: Peer, new_page: NewPage) -> None:
    page = await new_page()
    await page.goto(peer.address)
    await expect(page.locator(".play > li")).to_have_count(5)
    for path in ("/demo/shop", "/workspace", "/demo/mailbox", "/help", "/api/docs"):
        await expect(page.locator(f'.places a[href="{path}"]')).to_be_visible()
    await expect(page.locator('.play a[href="/workspace"]')).to_be_visible()
    await expect(page.locator("ol.play ~ nav ~ details > summary")).to_have_text("The same by API")


async def test_the_start_page_says_who_to_be_in_the_order_of_the_steps(peer: Peer, new_page: NewPage) -> None:
    page = await new_page()
    await page.goto(peer.address)
    said = await page.locator(".play code").all_inner_texts()
    assert said == [GUIDE.customer, GUIDE.agent, GUIDE.password]


async def test_a_new_mail_appears_by_itself_and_is_only_text(peer: Peer, new_page: NewPage) -> None:
    page = await new_page()
    await page.goto(f"{peer.address}/demo/mailbox")
    await expect(page.get_by_text("No mail yet.")).to_be_visible()

    peer.sent.append(SentMail("mara@quayside.example", "First", "One"))
    peer.sent.append(SentMail("<b>x</b>@quayside.example", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>"))

    await expect(page.locator(".mail h2").first).to_have_text("<img src=x onerror=alert(1)>")
    await expect(page.locator(".mail")).to_have_count(2)
    await expect(page.get_by_role("status")).to_contain_text("New mail")
    await page.reload()
    await expect(page.locator(".mail .text").first).to_have_text("<script>alert(1)</script>")


async def test_the_widget_is_served_small_cached_and_fenced(peer: Peer, new_page: NewPage) -> None:
    request = (await new_page()).request
    loader = await request.get(f"{peer.address}/widget/loader.js")
    assert loader.headers["cache-control"] == "public, max-age=300"
    assert loader.headers["content-encoding"] == "gzip"
    again = await request.get(f"{peer.address}/widget/loader.js", headers={"If-None-Match": loader.headers["etag"]})
    assert again.status == 304
    frame = await request.get(f"{peer.address}/widget/frame.html?site=elsewhere&language=de-DE")
    policy = frame.headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors 'self' {peer.other_origin}")
    assert "unsafe" not in policy
    assert 'lang="de"' in await frame.text()
    script = (await frame.text()).split('src="')[1].split('"')[0]
    asset = await request.get(f"{peer.address}{script}")
    assert "immutable" in asset.headers["cache-control"]
    assert (await request.get(f"{peer.address}/widget/frame.html?site=nobody")).status == 404
    for hostile in ("../package.json", "%2e%2e%2fpackage.json", "frame.en.html", "nothing.js"):
        assert (await request.get(f"{peer.address}/widget/{hostile}")).status == 404
