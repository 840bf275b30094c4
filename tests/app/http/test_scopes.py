"""S1: every route has a declared scope, and for every role, foreign is missing, to the byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.demo.mailbox import DemoMailbox
from app.http.endpoint import DECLARED, EVENT_STREAM, Endpoint, Scope
from app.http.openapi import examples
from app.http.problems import HIDDEN, PROBLEMS
from app.http.site import HttpParts, make_application
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.number import format_number
from caseengine.operations import link_cases
from tests.app.house import Answered, Peer, Served
from tests.caseengine.office import CUSTOMER, when

OPEN_PAGES = {
    "/api/openapi.json", "/api/docs", "/api/webchat/token", "/healthz", "/readyz", "/metrics", "/help", "/help/{slug}",
    "/", "/demo/shop", "/demo/mailbox", "/demo/mailbox.json", "/demo/assets/{name}",
    "/survey/{token}", "/notices/stop/{token}", "/notices/preferences/{token}", "/answered/{token}/{verdict}",
    "/api/messages",
}  # fmt: skip
"""Whoever adds a page for everybody says so here."""
OPEN_BELOW = ("/v3/directline", "/widget", "/workspace")
"""The customers' wire, with tokens of its own, and the files of the widget and of the agents' workspace."""
WEEK = "?from=2026-03-02&to=2026-03-08"
ASKED = {
    **dict.fromkeys(("/api/boards/period", "/api/boards/agents", "/api/me/performance"), WEEK),
    **dict.fromkeys(("/api/boards/cases", "/api/boards/cases.csv"), "?figure=live&at=2026-03-02T10:00:00Z"),
    "/api/cases/{number}/files": "?name=photo.jpg",
    "/api/alike": "?subject=Late&department=tills",
    "/api/contacts": "?search=ana",
}
"""Queries without which a route has no answer."""
MISSING = format_number(99_999, 5)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass
class Cast:
    """A case of the tills, and everybody who may come."""

    served: Served
    case: Case
    contact: UUID
    nobody: Peer
    stranger: Peer  # Di works for deliveries alone
    agent: Peer  # Li works for the tills
    supervisor: Peer


@pytest.fixture
async def cast(served: Served) -> Cast:
    office = served.office
    contact = await office.contact()
    _, case = await office.handed_over(contact_id=contact)
    nobody, stranger = served.peer(), await served.agent(office.di)
    agent, supervisor = await served.agent(office.li), await served.agent(office.sam)
    return Cast(served, case, contact, nobody, stranger, agent, supervisor)


def about_cases(served: Served) -> list[Endpoint]:
    return [endpoint for endpoint in served.endpoints if "{number}" in endpoint.path]


def filled(endpoint: Endpoint, number: str) -> str:
    named = {"number": number, "kind": "nonsense", "item": "photo", "script": "till-down", "mail": 7}
    return endpoint.path.format(**named, file=uuid4(), id=uuid4()) + ASKED.get(endpoint.path, "")


async def send(peer: Peer, endpoint: Endpoint, path: str, **changes: Any) -> Answered:
    body = {**examples()[endpoint.body.__name__], **changes} if endpoint.body else None
    if body is not None:
        body.pop("version", None)
    return await peer.asks(endpoint.method, path, body)


def essence(answered: Answered) -> tuple[int, bytes, Mapping[str, str]]:
    shown = {name: value for name, value in answered.headers.items() if name.lower() != "date"}
    return answered.status, answered.raw, shown


async def test_every_route_declares_who_may_call_it(served: Served) -> None:
    undeclared = set()
    for route in whole_application(served.parts).router.routes():
        address = route.resource.canonical if route.resource else ""
        known = address in OPEN_PAGES or address.startswith(OPEN_BELOW)
        if getattr(route.handler, DECLARED, None) is None and not known:
            undeclared.add((route.method, address))
    assert undeclared == set()


def whole_application(parts: HttpParts) -> Any:
    """With the demo's pages too."""
    named = {name: getattr(parts, name) for name in HttpParts.__dataclass_fields__}
    return make_application(HttpParts(**{**named, "mailbox": DemoMailbox()}))


async def test_signing_in_is_all_that_is_public(served: Served) -> None:
    public = [(one.method, one.path) for one in served.endpoints if one.scope is Scope.PUBLIC]
    assert public == [("POST", "/api/session")]


async def test_nobody_gets_401_everywhere(cast: Cast) -> None:
    for endpoint in cast.served.endpoints:
        if endpoint.scope is not Scope.PUBLIC:
            answers = [
                await send(cast.nobody, endpoint, filled(endpoint, number)) for number in (cast.case.number, MISSING)
            ]
            assert {answered.code for answered in answers} == {"http.not_signed_in"}
            assert essence(answers[0]) == essence(answers[1])


async def test_a_foreign_case_is_a_missing_case_to_the_byte(cast: Cast) -> None:
    for endpoint in about_cases(cast.served):
        foreign = await send(cast.stranger, endpoint, filled(endpoint, cast.case.number))
        missing = await send(cast.stranger, endpoint, filled(endpoint, MISSING))
        assert foreign.code == "case.not_found", endpoint.path
        assert essence(foreign) == essence(missing), endpoint.path
        assert set(foreign.json) == {"type", "title", "status", "detail", "code"}
    assert (await cast.served.office.case(cast.case)).version == cast.case.version


async def test_a_stale_version_of_a_foreign_case_tells_nothing(cast: Cast) -> None:
    for endpoint in about_cases(cast.served):
        if endpoint.body and "version" in endpoint.body.model_fields:
            body = {**examples()[endpoint.body.__name__], "version": 77}
            answered = await cast.stranger.asks(endpoint.method, filled(endpoint, cast.case.number), body)
            assert answered.code == "case.not_found", endpoint.path


async def test_a_foreign_contact_is_a_missing_contact_to_the_byte(cast: Cast) -> None:
    unseen = await cast.served.office.contact("Eva")  # exists, and has no case
    addresses = [f"/api/contacts/{one}" for one in (cast.contact, unseen, uuid4(), "nonsense")]
    answers = [essence(await cast.stranger.asks("GET", address)) for address in addresses]
    assert answers[0][0] == 404
    assert all(one == answers[0] for one in answers)
    assert (await cast.agent.gets(addresses[0]))["name"] == "Ana"
    assert (await cast.supervisor.gets(addresses[0]))["cases"][0]["number"] == cast.case.number
    assert (await cast.supervisor.asks("GET", addresses[1])).status == 404


async def test_lists_show_no_foreign_case(cast: Cast) -> None:
    for query in ("", "?department=tills", "?department=nowhere", "?unassigned=true", "?status=new"):
        assert await cast.stranger.gets(f"/api/cases{query}") == {"cases": [], "next": None}
    queues = (await cast.stranger.gets("/api/queues"))["queues"]
    assert [one["department"] for one in queues] == ["deliveries"]
    assert [one["number"] for one in (await cast.supervisor.gets("/api/cases"))["cases"]] == [cast.case.number]


async def test_a_linked_case_of_another_department_is_left_out(cast: Cast) -> None:
    other = await cast.served.office.report(department="deliveries", subject="Late")
    async with cast.served.database.unit_of_work() as work:
        pair = [await Cases(work).by_id(one.id) for one in (cast.case, other)]
        await link_cases(work, *pair, by=CUSTOMER, at=when("Mon 09:30"))
    assert (await cast.agent.gets(f"/api/cases/{cast.case.number}"))["linked"] == []
    seen = await cast.supervisor.gets(f"/api/cases/{cast.case.number}")
    assert [one["number"] for one in seen["linked"]] == [other.number]


async def test_agents_and_supervisors_get_past_scope_and_shape_everywhere(cast: Cast) -> None:
    for endpoint in about_cases(cast.served):
        stays = {"department": "tills"} if endpoint.path.endswith("/move") else {}
        for peer in (cast.agent, cast.supervisor):
            answered = await send(peer, endpoint, filled(endpoint, cast.case.number), **stays)
            assert answered.status not in (400, 401, 403, 405, 413, 415), (endpoint.path, answered)


async def test_supervisors_routes_are_for_supervisors(cast: Cast) -> None:
    for endpoint in cast.served.endpoints:
        if endpoint.scope is Scope.SUPERVISOR:
            path = filled(endpoint, cast.case.number)
            assert (await send(cast.agent, endpoint, path)).code == "http.role_too_low"
            assert (await send(cast.supervisor, endpoint, path)).status in (
                (404,) if "{" in endpoint.path else (200, 204, 404)
            )


async def test_what_can_be_read_can_be_asked_for_with_head(cast: Cast) -> None:
    for endpoint in cast.served.endpoints:
        if endpoint.method == "GET" and "{" not in endpoint.path.replace("{number}", ""):
            path = filled(endpoint, cast.case.number)
            peer = cast.supervisor if endpoint.scope is Scope.SUPERVISOR else cast.agent
            answered = await peer.asks("HEAD", path)
            assert (answered.status, answered.raw) == (405 if endpoint.media_type == EVENT_STREAM else 200, b"")


async def test_options_names_the_methods_and_allows_no_other_site(cast: Cast) -> None:
    for endpoint in cast.served.endpoints:
        answered = await cast.nobody.asks(
            "OPTIONS", filled(endpoint, MISSING), headers={"Origin": "https://evil.example"}
        )
        assert answered.status == 204
        assert endpoint.method in answered.headers["Allow"].split(", ")
        assert not [name for name in answered.headers if name.lower().startswith("access-control")]


async def test_other_methods_are_405_with_what_is_allowed(cast: Cast) -> None:
    by_path: dict[str, set[str]] = {}
    for endpoint in cast.served.endpoints:
        by_path.setdefault(endpoint.path, set()).add(endpoint.method)
    for path, known in by_path.items():
        for method in set(METHODS) - known - {"HEAD", "OPTIONS"}:
            answered = await cast.agent.asks(method, path.replace("{", "").replace("}", ""))
            assert answered.code == "http.method_not_allowed"
            assert known <= set(answered.headers["Allow"].split(", "))


def test_what_is_hidden_answers_with_a_404() -> None:
    assert all(PROBLEMS[code]["status"] == 404 for code in HIDDEN.values())
