"""A small knowledge base, and encoders to read it with."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from knowledge.errors import EncoderNotReady
from knowledge.retrieval.encoder import DIMENSIONS, BackgroundEncoder, Vectors
from knowledge.retrieval.words import stems

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class WordEncoder:
    """Vectors from words: texts that share words lie close. Exact and quick, for what does not hang on meaning."""

    name = "words/1"

    def __init__(self) -> None:
        self.ready = True
        self.encoded: list[str] = []

    async def encode(self, texts: Sequence[str]) -> Vectors:
        if not self.ready:
            raise EncoderNotReady
        self.encoded.extend(texts)
        await asyncio.sleep(0)
        return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> Vectors:
    vector = np.full(DIMENSIONS, 1e-3, np.float32)
    for term in stems(text):
        vector[int.from_bytes(hashlib.sha256(term.encode()).digest()[:2]) % DIMENSIONS] += 1
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def word_encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the exported model of this test run is kept."""
    return tmp_path_factory.mktemp("model")


@pytest.fixture
async def model_encoder(model_cache: Path) -> AsyncIterator[BackgroundEncoder]:
    """The real model."""
    encoder = BackgroundEncoder(model_cache)
    encoder.start()
    assert await encoder.wait_ready(90)
    yield encoder
    await encoder.close()
