"""B10: whatever is sent, in every role: no 5xx, and no status the document does not know.

The examples are schemathesis' own, made from the document; they go over the loopback to the running application.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from app.http.body import SAFE_METHODS
from app.http.endpoint import EVENT_STREAM
from tests.app.house import Peer, Served

ROLES = ("nobody", "stranger", "agent", "supervisor")
Sent = tuple[str, str, dict[str, Any], Any]


def operations(served: Served) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(served.document)
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        produces = operation.definition.raw["responses"].get("200", {}).get("content", {})
        ends_session = operation.path in ("/api/session", "/api/agents/{id}/sessions") and operation.method == "delete"
        if EVENT_STREAM not in produces and not ends_session:
            yield operation


def made(operation: Any, examples_max: int) -> list[Sent]:
    """Right and wrong requests of an operation."""
    found: list[Sent] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            strategy = operation.as_strategy(generation_mode=mode)
        except Exception:
            continue

        @settings(
            max_examples=examples_max,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def collect(case: Any) -> None:
            found.append((case.method, case.formatted_path, dict(case.query or {}), case.body))

        try:
            collect()
        except Exception:
            continue
    return found


async def send(peer: Peer, sent: Sent, number: str) -> None:
    method, path, query, body = sent
    parts = path.split("/")
    if "cases" in parts and len(parts) > 3 and len(path) % 3:
        parts[3] = number
    address = "/".join(quote(part, safe="%") for part in parts)
    pairs = "&".join(f"{quote(str(name))}={quote(str(value))}" for name, value in query.items())
    known = isinstance(body, dict | list | str | int | float | bool) or body is None
    changes = known and method.upper() not in SAFE_METHODS
    data = json.dumps(body).encode("utf-8", "replace") if changes else None
    headers = {"Content-Type": "application/json"} if changes else {}
    if peer.served.check_path(address):
        answered = await peer.asks(
            method.upper(), f"{address}?{pairs}" if pairs else address, data=data, headers=headers
        )
        assert answered.status < 500


async def fuzz(served: Served, examples_max: int) -> int:
    office = served.office
    _, case = await office.handed_over(contact_id=await office.contact())
    peers = {
        "nobody": served.peer(),
        "stranger": await served.agent(office.di),
        "agent": await served.agent(office.li),
        "supervisor": await served.agent(office.sam),
    }
    count = 0
    for operation in operations(served):
        for sent in await asyncio.to_thread(made, operation, examples_max):
            for role in ROLES:
                served.clock.passes(seconds=30)
                await send(peers[role], sent, case.number)
                count += 1
    return count


async def test_a_short_storm(served: Served) -> None:
    assert await fuzz(served, 3) > 300


@pytest.mark.slow
@pytest.mark.bar
@pytest.mark.timeout(1_800)
async def test_a_long_storm(served: Served) -> None:
    """B10 asks for 20,000 cases in each role."""
    assert await fuzz(served, 400) > 20_000
