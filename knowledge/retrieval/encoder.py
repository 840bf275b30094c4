"""Texts to vectors, off the event loop: loaded in the background, encoded in micro-batches.

Source: docs/decisions/0009-retrieval.md
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.errors import EncoderNotReady
from knowledge.retrieval.model import ENCODER_NAME, load_model

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 384
LOADING_THREAD = "encoder-load"
BATCH_MAX = 8
"""Texts encoded in one go. Larger batches raise the wait of those behind them faster than they raise throughput."""

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """Turns texts into vectors that lie close together when their meanings do."""

    @property
    def name(self) -> str:
        """Model and version: vectors of encoders with different names must not be compared."""

    @property
    def ready(self) -> bool:
        """Whether `encode` can work now."""

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, DIMENSIONS], each row of unit length.

        Raises:
            EncoderNotReady: the model is still loading, failed to load, or was closed.
        """


class Model(Protocol):
    """What a loaded model can do; `SentenceTransformer` is one."""

    def encode(self, sentences: list[str], **options: Any) -> Any: ...


Loader = Callable[[], Model]


class BackgroundEncoder:
    """The bundled sentence-transformers model, loaded by a thread and shared by `workers` threads.

    Args:
        cache: folder for the exported model; made when missing.
        workers: batches that are encoded side by side.
        loader: makes the model; called once, in the loading thread.
    """

    def __init__(
        self, cache: Path, *, workers: int = 2, name: str = ENCODER_NAME, loader: Loader | None = None
    ) -> None:
        self._name = name
        self._load: Loader = loader or (lambda: load_model(cache))
        self._workers = workers
        self._model: Model | None = None
        self._closed = False
        self._loading: threading.Thread | None = None
        self._loaded = threading.Event()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="encoder")
        self._waiting: deque[tuple[str, asyncio.Future[Vectors]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def ready(self) -> bool:
        return self._model is not None and not self._closed

    def start(self) -> None:
        """Begin to load; returns at once. The thread is a daemon: it never holds up the end of the process."""
        if self._loading is None:
            self._loading = threading.Thread(target=self._load_in_thread, name=LOADING_THREAD, daemon=True)
            self._loading.start()

    async def wait_ready(self, timeout_s: float) -> bool:
        """Whether the encoder became ready within the time; returns early when loading failed."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not self._loaded.is_set() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return self.ready

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, DIMENSIONS] of unit length; a cancelled caller leaves the others of its batch unharmed.

        Raises:
            EncoderNotReady: the model is still loading, failed to load, or was closed.
        """
        if not self.ready:
            raise EncoderNotReady
        if not texts:
            return np.zeros((0, DIMENSIONS), np.float32)
        loop = asyncio.get_running_loop()
        asked = [(text, loop.create_future()) for text in texts]
        self._waiting.extend(asked)
        self._dispatch()
        try:
            return np.stack(await asyncio.gather(*(future for _, future in asked)))
        finally:
            for _, future in asked:
                future.cancel()

    async def close(self) -> None:
        """Let the batches in hand finish; whoever still waits gets EncoderNotReady."""
        self._closed = True
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(EncoderNotReady())
        if self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
        self._threads.shutdown(wait=False)

    def _load_in_thread(self) -> None:
        try:
            self._model = self._load()
        except Exception:
            log.exception("the embedding model could not be loaded: search goes by words alone")
        finally:
            self._loaded.set()

    def _dispatch(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            batch = self._take_batch()
            if not batch:
                return
            task = asyncio.get_running_loop().create_task(self._encode_batch(batch))
            self._running.add(task)
            task.add_done_callback(self._batch_done)

    def _take_batch(self) -> list[tuple[str, asyncio.Future[Vectors]]]:
        batch: list[tuple[str, asyncio.Future[Vectors]]] = []
        while self._waiting and len(batch) < BATCH_MAX:
            text, future = self._waiting.popleft()
            if not future.done():
                batch.append((text, future))
        return batch

    async def _encode_batch(self, batch: list[tuple[str, asyncio.Future[Vectors]]]) -> None:
        loop = asyncio.get_running_loop()
        texts = [text for text, _ in batch]
        try:
            vectors = await loop.run_in_executor(self._threads, self._encode_now, texts)
        except Exception as error:
            _fail(batch, error)
            return
        for (_, future), vector in zip(batch, vectors, strict=True):
            if not future.done():
                future.set_result(vector)

    def _encode_now(self, texts: list[str]) -> Vectors:
        if self._model is None:
            raise EncoderNotReady
        vectors = self._model.encode(
            texts, batch_size=BATCH_MAX, convert_to_numpy=True, normalize_embeddings=False, show_progress_bar=False
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _batch_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not self._closed:
            self._dispatch()


def _fail(batch: Sequence[tuple[str, asyncio.Future[Vectors]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
