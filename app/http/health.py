"""Is the desk alive, is it ready, and what does it count."""

from collections.abc import Callable

import sqlalchemy as sa
from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.metrics import ENCODER_READY, REGISTRY
from storage.engine import Database
from storage.migrate import pending
from storage.tables import sequences

ROW = "readiness"
"""The sequence that is written to see whether the disk takes anything."""


class Health:
    """`/healthz`, `/readyz`, `/metrics`."""

    def __init__(self, database: Database, searchable: Callable[[], bool], encoding: Callable[[], bool]) -> None:
        self._database = database
        self._searchable = searchable
        self._encoding = encoding

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        """An input would be kept durably and answered: storage takes writes, and search works at least by words."""
        checks = {"storage": await self._storage_ready(), "search": self._searchable()}
        document = {"status": "ok" if all(checks.values()) else "not ready", **checks, "encoder": self._encoding()}
        return web.json_response(document, status=200 if all(checks.values()) else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        """In Prometheus' text format."""
        ENCODER_READY.set(self._encoding())
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _storage_ready(self) -> bool:
        try:
            if await pending(self._database):
                return False
            await self._database.reserve(ROW)  # makes the row; most numbers come from memory, so they prove nothing
            async with self._database.unit_of_work() as work:
                work.write(sa.update(sequences).where(sequences.c.name == ROW).values(next=sequences.c.next + 1))
        except Exception:
            return False
        return True
