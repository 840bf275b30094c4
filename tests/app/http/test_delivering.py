"""Words that did not arrive are sent again over HTTP: once, by whoever is first."""

import asyncio

import pytest

from caseengine.operations.delivering import delivery_lost
from tests.app.house import Peer, Served
from tests.caseengine.office import when


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


async def lost(served: Served, li: Peer) -> tuple[str, int]:
    """Li's words to a customer that may not have arrived: where they are sent again, and the line that tells of it."""
    conversation, case = await served.office.handed_over()
    address = f"/api/cases/{case.number}"
    await li.posts(f"{address}/replies", {"key": "0123456789", "text": "At noon."})
    said = (await served.office.deliveries())[-1]
    assert said["conversation"] == str(conversation)
    await served.office.do(delivery_lost, said, why="no_answer", doubtful=True, at=when("Mon 09:31"))
    return f"{address}/deliveries", (await li.gets(f"{address}/timeline"))["entries"][-1]["seq"]


async def test_five_clicks_of_two_agents_send_it_once(served: Served, li: Peer) -> None:
    address, seq = await lost(served, li)
    mo = await served.agent(served.office.mo)
    clicks = [peer.asks("POST", address, {"lost": seq}) for peer in (li, mo, li, mo, li)]
    answers = await asyncio.gather(*clicks)
    assert sorted(answered.status for answered in answers) == [200, 409, 409, 409, 409]
    assert {answered.code for answered in answers if answered.status == 409} == {"case.sent_before"}
    assert [one["again"] for one in await served.office.deliveries() if one.get("again")] == [1]


async def test_the_timeline_says_who_sent_it_again_and_what_had_happened(served: Served, li: Peer) -> None:
    address, seq = await lost(served, li)
    answered = await li.posts(address, {"lost": seq})
    assert "resend" in answered["can"]
    told, again = (await li.gets(address.replace("deliveries", "timeline")))["entries"][-2:]
    assert (told["kind"], told["data"]["why"], told["public"]) == ("DeliveryDoubted", "no_answer", False)
    assert (again["kind"], again["actor"]["name"], again["data"]["key"]) == ("SentAgain", "Li", told["data"]["key"])


async def test_another_line_is_404_and_a_strangers_case_is_not_found(served: Served, li: Peer) -> None:
    address, _ = await lost(served, li)
    assert (await li.asks("POST", address, {"lost": 1})).code == "case.loss_not_found"
    elsewhere = await served.office.report(department="deliveries")
    assert (await li.asks("POST", f"/api/cases/{elsewhere.number}/deliveries", {"lost": 1})).code == "case.not_found"
