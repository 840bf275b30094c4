"""The background encoder, and the real model behind it."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.errors import EncoderNotReady
from knowledge.retrieval.encoder import BATCH_MAX, DIMENSIONS, BackgroundEncoder


class SlowModel:
    """Counts and waits, so that batches can be looked at."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()

    def encode(self, sentences: list[str], **_: Any) -> Any:
        self.batches.append(list(sentences))
        self.go.wait(10)
        if "break" in sentences:
            raise RuntimeError("broken")
        rows = np.zeros((len(sentences), DIMENSIONS), np.float32)
        rows[:, 0] = [len(text) for text in sentences]
        return rows


async def started(model: Any, workers: int = 1) -> BackgroundEncoder:
    encoder = BackgroundEncoder(Path("unused"), workers=workers, loader=lambda: model)
    encoder.start()
    assert await encoder.wait_ready(5)
    return encoder


async def test_before_it_is_loaded_it_says_so_at_once() -> None:
    encoder = BackgroundEncoder(Path("unused"), loader=SlowModel)
    assert not encoder.ready
    with pytest.raises(EncoderNotReady):
        await encoder.encode(["x"])
    await encoder.close()


async def test_a_model_that_cannot_be_loaded_leaves_it_not_ready() -> None:
    def broken() -> SlowModel:
        raise OSError("no weights")

    encoder = BackgroundEncoder(Path("unused"), loader=broken)
    encoder.start()
    assert not await encoder.wait_ready(5)
    await encoder.close()


async def test_texts_that_wait_share_a_batch_and_come_back_in_order() -> None:
    model = SlowModel()
    encoder = await started(model)
    asked = [asyncio.create_task(encoder.encode(["x" * n])) for n in range(1, 12)]
    await asyncio.sleep(0.05)
    model.go.set()
    vectors = [await each for each in asked]
    assert [int(vector[0][0]) for vector in vectors] == list(range(1, 12))
    assert max(map(len, model.batches)) == BATCH_MAX
    await encoder.close()


async def test_a_cancelled_caller_harms_nobody() -> None:
    model = SlowModel()
    encoder = await started(model)
    first, second, third = (asyncio.create_task(encoder.encode([text])) for text in ("a", "bb", "ccc"))
    await asyncio.sleep(0.05)
    second.cancel()
    first.cancel()
    model.go.set()
    assert int((await third)[0][0]) == 3
    assert ["bb"] not in model.batches
    await encoder.close()


async def test_a_failed_batch_fails_its_callers_and_the_next_one_works() -> None:
    model = SlowModel()
    model.go.set()
    encoder = await started(model)
    with pytest.raises(RuntimeError):
        await encoder.encode(["break"])
    assert (await encoder.encode(["fine"])).shape == (1, DIMENSIONS)
    await encoder.close()


async def test_closing_answers_those_who_wait() -> None:
    model = SlowModel()
    encoder = await started(model)
    running = asyncio.create_task(encoder.encode(["a"]))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(encoder.encode(["b"]))
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(encoder.close())
    await asyncio.sleep(0)
    model.go.set()
    await closing
    assert (await running).shape == (1, DIMENSIONS)
    with pytest.raises(EncoderNotReady):
        await waiting
    with pytest.raises(EncoderNotReady):
        await encoder.encode(["c"])


async def test_nothing_to_encode() -> None:
    encoder = await started(SlowModel())
    assert (await encoder.encode([])).shape == (0, DIMENSIONS)
    await encoder.close()


@pytest.mark.slow
async def test_the_model_finds_the_same_meaning_in_other_words(model_encoder: BackgroundEncoder) -> None:
    texts = ["How do I return a fridge?", "Sending back a refrigerator", "When do the shops open?"]
    vectors = await model_encoder.encode(texts)
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]


@pytest.mark.slow
async def test_the_exported_graph_is_kept_and_used_again(model_encoder: BackgroundEncoder, model_cache: Path) -> None:
    (graph,) = list(model_cache.iterdir())  # noqa: ASYNC240
    made = graph.stat().st_mtime_ns
    again = BackgroundEncoder(model_cache)
    began = time.monotonic()
    again.start()
    assert await again.wait_ready(30)
    assert time.monotonic() - began < 30
    assert graph.stat().st_mtime_ns == made
    await again.close()


@pytest.mark.slow
async def test_an_unusable_graph_falls_back_to_torch_with_the_same_vectors(
    model_encoder: BackgroundEncoder, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    fallback = BackgroundEncoder(tmp_path / "cache")
    fallback.start()
    assert await fallback.wait_ready(60)
    texts = ["Where is my delivery?", "The till does not print receipts"]
    ours, theirs = await model_encoder.encode(texts), await fallback.encode(texts)
    assert (ours * theirs).sum(axis=1).min() > 0.98
    await fallback.close()
