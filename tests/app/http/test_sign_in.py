"""Signing in: the same for known and unknown, sessions of ours alone, no change asked for by another site."""

import asyncio
import re
import statistics
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.http.own_pages import needs_https
from app.http.passwords import SIDE_BY_SIDE_MAX, Passwords, hash_password
from app.http.sessions import COOKIE
from app.settings import Settings
from app.tables import agent_sessions
from storage.engine import Database
from tests.app.house import PASSWORD, Served, served_office

EVIL = "https://evil.example"


async def test_the_password_is_argon2id() -> None:
    assert hash_password("x").startswith("$argon2id$")


async def test_a_session_is_kept_as_a_hash_alone(served: Served) -> None:
    li = await served.agent(served.office.li)
    token = next(cookie.value for cookie in li.http.cookie_jar if cookie.key == COOKIE)
    async with served.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(agent_sessions))
    assert len(rows) == 1
    assert token.encode() not in b"".join(bytes(str(value), "utf-8") for value in rows[0])
    assert len(token) >= 43  # 256 bits


async def test_the_cookie_is_for_our_pages_alone(served: Served) -> None:
    answered = await served.peer().asks("POST", "/api/session", {"email": "LI@desk.example ", "password": PASSWORD})
    cookie = answered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # the loopback


@pytest.mark.parametrize(
    ("settings", "secure"),
    [
        ({}, False),
        ({"public_url": "https://desk.example"}, True),
        ({"public_url": "http://desk.example", "host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0"}, True),
    ],
)
def test_the_cookie_goes_over_https_alone(settings: dict[str, str], secure: bool) -> None:
    assert needs_https(Settings.model_validate(settings)) is secure


async def test_behind_https_the_cookie_says_so(database: Database, tmp_path: Path) -> None:
    async with served_office(database, tmp_path, public_url="https://desk.example") as served:
        body = {"email": "li@desk.example", "password": PASSWORD}
        answered = await served.peer().asks("POST", "/api/session", body, headers={"Origin": "https://desk.example"})
        assert "Secure" in answered.headers["Set-Cookie"]
        assert (await served.peer().asks("POST", "/api/session", body, headers={"Origin": EVIL})).status == 403


async def test_wrong_password_and_unknown_address_are_one_answer(served: Served) -> None:
    peer = served.peer()
    wrong = await peer.asks("POST", "/api/session", {"email": "li@desk.example", "password": "nope"})
    unknown = await peer.asks("POST", "/api/session", {"email": "nobody@desk.example", "password": "nope"})
    assert wrong.code == "http.sign_in_failed"
    assert wrong.raw == unknown.raw


@pytest.mark.slow
async def test_wrong_password_and_unknown_address_take_the_same_time(served: Served) -> None:
    peer = served.peer()
    await served.office.give_passwords(hash_password(PASSWORD))
    took: dict[str, list[float]] = {"li@desk.example": [], "no@desk.example": []}
    for _ in range(60):
        for email, times in took.items():
            served.clock.passes(hours=1)
            begun = time.perf_counter()
            await peer.asks("POST", "/api/session", {"email": email, "password": "nope"})
            times.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(times) for times in took.values())
    assert abs(known - unknown) / known < 0.1


async def test_guessing_is_paused_also_in_parallel(served: Served) -> None:
    peer = served.peer()
    body = {"email": "li@desk.example", "password": "nope"}
    answers = await asyncio.gather(*(peer.asks("POST", "/api/session", body) for _ in range(20)))
    assert [answered.status for answered in answers].count(401) == 8
    refused = next(answered for answered in answers if answered.status == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert (await peer.asks("POST", "/api/session", {**body, "password": PASSWORD})).status == 429
    served.clock.passes(minutes=10)
    assert (await peer.asks("POST", "/api/session", {**body, "password": PASSWORD})).status == 201


async def test_the_pause_is_the_same_for_an_unknown_address(served: Served) -> None:
    peer = served.peer()
    ends = []
    for email in ("li@desk.example", "no@desk.example"):
        for _ in range(9):
            last = await peer.asks("POST", "/api/session", {"email": email, "password": "nope"})
        ends.append(last.raw)
    assert ends[0] == ends[1]


async def test_signing_in_rightly_is_never_paused(served: Served) -> None:
    for _ in range(12):
        await served.agent(served.office.li)


async def test_few_passwords_are_checked_side_by_side() -> None:
    passwords, known = Passwords(), hash_password("right")
    fits = await asyncio.gather(*(passwords.fits(known, "right") for _ in range(SIDE_BY_SIDE_MAX * 3)))
    assert all(fits)
    assert not await passwords.fits(None, "right")
    assert not await passwords.fits("not a hash", "right")


async def test_a_flood_of_sign_ins_is_turned_away(served: Served) -> None:
    peer = served.peer()
    bodies = [{"email": f"a{number}@desk.example", "password": "nope"} for number in range(50)]
    answers = await asyncio.gather(*(peer.asks("POST", "/api/session", body) for body in bodies))
    assert {answered.code for answered in answers} == {"http.sign_in_failed", "http.sign_in_busy"}


async def test_a_session_ends_after_idle_hours_and_after_days(served: Served) -> None:
    li = await served.agent(served.office.li)
    for _ in range(40):
        served.clock.passes(hours=4)
        assert (await li.asks("GET", "/api/session")).status == 200
    served.clock.passes(hours=9)
    assert (await li.asks("GET", "/api/session")).status == 401
    li = await served.agent(served.office.li)
    for _ in range(22):
        served.clock.passes(hours=7.7)
        last = await li.asks("GET", "/api/session")
    assert last.status == 401


async def test_signing_out_ends_the_session_at_once(served: Served) -> None:
    li = await served.agent(served.office.li)
    kept = {cookie.key: cookie.value for cookie in li.http.cookie_jar}
    assert (await li.asks("DELETE", "/api/session")).status == 204
    assert not [cookie for cookie in li.http.cookie_jar if cookie.key == COOKIE]
    li.http.cookie_jar.update_cookies(kept)
    assert (await li.asks("GET", "/api/session")).status == 401


async def test_a_supervisor_ends_all_sessions_of_an_agent(served: Served) -> None:
    phone, desk = await served.agent(served.office.li), await served.agent(served.office.li)
    sam = await served.agent(served.office.sam)
    assert (await sam.asks("DELETE", f"/api/agents/{served.office.li.id}/sessions")).status == 204
    assert [(await one.asks("GET", "/api/session")).status for one in (phone, desk, sam)] == [401, 401, 200]
    assert (await sam.asks("DELETE", "/api/agents/nobody/sessions")).code == "agent.not_found"


async def test_no_change_without_the_pages_token(served: Served) -> None:
    li = await served.agent(served.office.li)
    mo = await served.agent(served.office.mo)
    for token in ("", "wrong", mo.csrf, li.csrf[:-1], "\u00e9"):
        for endpoint in served.endpoints:
            if endpoint.method != "GET" and endpoint.path != "/api/session":
                path = re.sub(r"{\w+}", "x", endpoint.path)
                answered = await li.asks(endpoint.method, path, {}, headers={"X-CSRF-Token": token})
                assert answered.code == "http.cross_site", endpoint.path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1.evil.example"},
    ],
)  # fmt: skip
async def test_no_change_for_a_page_of_another_site(served: Served, headers: dict[str, str]) -> None:
    li = await served.agent(served.office.li)
    answered = await li.asks("PUT", "/api/presence", {"presence": "available"}, headers=headers)
    assert answered.code == "http.cross_site"
    body = {"email": "li@desk.example", "password": PASSWORD}
    assert (await served.peer().asks("POST", "/api/session", body, headers=headers)).code == "http.cross_site"


async def test_our_own_page_may_change(served: Served) -> None:
    li = await served.agent(served.office.li)
    own = {"Origin": served.address, "Sec-Fetch-Site": "same-origin"}
    assert (await li.asks("PUT", "/api/presence", {"presence": "available"}, headers=own)).status == 204


async def test_a_form_of_another_site_cannot_sign_anybody_in(served: Served) -> None:
    body = b'{"email": "li@desk.example", "password": "one-two-three-four"}'
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answered = await served.peer().asks("POST", "/api/session", data=body, headers={"Content-Type": content_type})
        assert answered.code == "http.body_type_wrong"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::1", "localhost.evil:8080"])
async def test_a_foreign_name_for_our_address_is_refused(served: Served, host: str) -> None:
    li = await served.agent(served.office.li)
    for path in ("/api/session", "/api/cases", "/help", "/api/docs"):
        assert (await li.asks("GET", path, headers={"Host": host})).code == "http.unknown_host"
    assert (await li.asks("GET", "/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:80", "LOCALHOST"])
async def test_our_own_names_are_known(served: Served, host: str) -> None:
    assert (await served.peer().asks("GET", "/api/session", headers={"Host": host})).code == "http.not_signed_in"


async def test_presence_is_believed_for_two_minutes(served: Served) -> None:
    li = await served.agent(served.office.li)
    assert (await li.asks("PUT", "/api/presence", {"presence": "available"})).status == 204
    assert (await li.gets("/api/session"))["agent"]["presence"] == "available"
    served.clock.passes(minutes=3)
    assert (await li.gets("/api/session"))["agent"]["presence"] == "offline"


async def test_colleagues_are_listed_without_secrets(served: Served) -> None:
    li = await served.agent(served.office.li)
    agents = (await li.gets("/api/agents"))["agents"]
    assert [one["name"] for one in agents] == ["Di", "Li", "Mo", "Sam"]
    assert "argon2" not in str(agents)
    assert [one["id"] for one in (await li.gets("/api/departments"))["departments"]] == ["deliveries", "tills"]


async def test_signing_out_of_one_of_two_windows_leaves_the_agent_there(served: Served) -> None:
    first, second = await served.agent(served.office.li), await served.agent(served.office.li)
    sam = await served.agent(served.office.sam)
    await first.asks("PUT", "/api/presence", {"presence": "available"})

    async def presence() -> str:
        agents = (await sam.gets("/api/agents"))["agents"]
        return next(str(one["presence"]) for one in agents if one["name"] == "Li")

    await first.asks("DELETE", "/api/session")
    assert await presence() == "available"
    await second.asks("DELETE", "/api/session")
    assert await presence() == "offline"


async def test_a_session_that_has_lapsed_keeps_nobody_there(served: Served) -> None:
    old = await served.agent(served.office.li)
    for _ in range(21):
        served.clock.passes(hours=7.7)
        assert (await old.asks("GET", "/api/session")).status == 200
    new = await served.agent(served.office.li)
    served.clock.passes(hours=7)  # a week since the old one began; its row is still there
    await new.asks("PUT", "/api/presence", {"presence": "available"})
    await new.asks("DELETE", "/api/session")
    sam = await served.agent(served.office.sam)
    assert {one["name"]: one["presence"] for one in (await sam.gets("/api/agents"))["agents"]}["Li"] == "offline"
