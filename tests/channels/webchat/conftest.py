"""A running web chat over a desk in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.webchat import Limits
from tests.channels.webchat.peer import Wire, close_wire, open_wire


@pytest.fixture
def limits() -> Limits:
    return Limits(patience_s=0.5)


@pytest.fixture
async def wire(tmp_path: Path, limits: Limits) -> AsyncIterator[Wire]:
    opened = await open_wire(tmp_path / "keys", limits)
    yield opened
    await close_wire(opened)
