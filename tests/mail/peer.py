"""A desk that is nothing but an ear: takes mails by LMTP and answers as it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiosmtpd.lmtp import LMTP


class Ear:
    """Says `reply` to each mail, once for each recipient; `taken` are those it said 250 to."""

    def __init__(self, reply: str = "250 2.0.0 Taken") -> None:
        self.reply = reply
        self.asked = asyncio.Event()
        self.taken: list[bytes] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.asked.set()
        if self.reply.startswith("250"):
            self.taken.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        return "\r\n".join([self.reply] * len(envelope.rcpt_tos))

    @contextlib.asynccontextmanager
    async def listens(self, port: int = 0) -> AsyncIterator[int]:
        """Its port, for as long as the block lasts."""
        connections: list[LMTP] = []

        def connection() -> LMTP:
            connections.append(LMTP(self, hostname="ear.test", enable_SMTPUTF8=True))
            return connections[-1]

        server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for one in connections:
                if one.transport is not None:
                    one.transport.close()
            await server.wait_closed()
            await asyncio.sleep(0)
