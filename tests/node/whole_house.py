"""The desk as `nightdesk serve --demo` runs it, with the bundled model, ready and taught."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.serve import running
from app.settings import Settings
from app.wiring import House
from knowledge.retrieval.encoder import BackgroundEncoder
from tests.slow.process import free_port

MODELS = Path(__file__).parents[2] / ".cache" / "models"
READY_S = 120


@asynccontextmanager
async def whole_house(data: Path, *, port: int = 0) -> AsyncIterator[House]:
    """At work in this process, over a data folder that may hold files of the test's already."""
    MODELS.mkdir(parents=True, exist_ok=True)
    encoder = BackgroundEncoder(MODELS)
    encoder.start()
    try:
        async with running(Settings(data=data, demo=True, port=port or free_port()), encoder=encoder) as house:
            assert await encoder.wait_ready(READY_S)
            assert await house.understander.wait_learnt(READY_S)
            yield house
    finally:
        await encoder.close()
