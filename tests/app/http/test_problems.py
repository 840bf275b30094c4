"""Every "no" has words, and no fault shows its inside."""

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

import app.http
import caseengine
import customers
import storage
from app.http.problems import HIDDEN, PROBLEMS, problems
from customers.errors import CodeError, IdentityTokenRefused
from storage.errors import StorageUnavailable
from storage.refusal import Refusal

NOT_OVER_HTTP = {
    "refused", "case.refused", "calendar.refused", "routing.refused", "customers.refused",  # roots: never raised
    "storage.already_received",  # becomes the answer that was given the first time
    "routing.shifts_invalid",  # the company file's
    "customers.identity_invalid", "customers.assurance_too_low",  # the bot's, in a conversation
}  # fmt: skip
"""Codes no route of the agents' API can meet."""
ROOMS = (app.http, caseengine, customers, storage)


def refusals() -> set[type[Refusal]]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if "migrations" not in found.name:
                importlib.import_module(found.name)
    return {one for one in _below(Refusal) if one.__module__.startswith(tuple(room.__name__ for room in ROOMS))}


def _below(kind: type[Refusal]) -> set[type[Refusal]]:
    return {one for child in kind.__subclasses__() for one in {child, *_below(child)}}


def met_over_http() -> list[type[Refusal]]:
    in_talk = (CodeError, IdentityTokenRefused)
    found = [one for one in refusals() if one.code not in NOT_OVER_HTTP and not issubclass(one, in_talk)]
    return sorted(found, key=lambda one: one.code)


@pytest.mark.parametrize("kind", met_over_http(), ids=lambda kind: kind.code)
def test_a_refusal_has_words_whose_names_exist(kind: type[Refusal]) -> None:
    code = HIDDEN.get(kind.code, kind.code)
    assert code in PROBLEMS
    known: set[str] = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    if kind.code not in HIDDEN:
        assert set(re.findall(r"{(\w+)}", PROBLEMS[code]["detail"])) <= known


def test_the_catalogue_has_nothing_that_cannot_happen() -> None:
    codes = {kind.code for kind in refusals()} | {"http.unavailable", "http.fault"}
    assert set(PROBLEMS) <= codes


@pytest.mark.parametrize("known", PROBLEMS.values(), ids=list(PROBLEMS))
def test_words_are_whole_sentences(known: dict[str, Any]) -> None:
    assert set(known) == {"status", "title", "detail"}
    assert known["detail"].endswith(".")
    assert not known["title"].endswith(".")
    assert 400 <= known["status"] < 600


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async def breaks(_: web.Request) -> web.Response:
        raise KeyError("the secret of row 17")

    async def disk_full(_: web.Request) -> web.Response:
        raise StorageUnavailable("disk")

    application = web.Application(middlewares=[problems])
    application.add_routes(
        [web.get("/api/breaks", breaks), web.get("/breaks", breaks), web.get("/api/full", disk_full)]
    )
    server = TestServer(application)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("path", ["/api/breaks", "/breaks"])
async def test_a_fault_gives_a_reference_and_nothing_of_its_inside(
    address: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with ClientSession() as http, http.get(address + path) as response:
        document = await response.json(content_type="application/problem+json")
        text = await response.text()
    assert (response.status, document["code"]) == (500, "http.fault")
    assert re.search(r"under '[0-9a-f]{12}'", document["detail"])
    assert not re.search(r"Traceback|KeyError|secret|row 17|\.py", text)
    assert document["reference"] in capsys.readouterr().out


async def test_storage_that_is_away_says_when_to_come_back(address: str) -> None:
    async with ClientSession() as http, http.get(address + "/api/full") as response:
        document = await response.json(content_type="application/problem+json")
    assert (response.status, document["code"], response.headers["Retry-After"]) == (503, "http.unavailable", "2")


async def test_nothing_below_api_is_a_problem_document(address: str) -> None:
    async with ClientSession() as http, http.get(address + "/api/nowhere") as response:
        assert (await response.json(content_type="application/problem+json"))["code"] == "http.no_such_page"
