"""A name server on the loopback that knows a few TXT records: DNS itself on the wire, and nothing of the world's."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@asynccontextmanager
async def name_server(records: Mapping[str, str]) -> AsyncIterator[tuple[str, list[str]]]:
    """Where it is, as ADDRESS:PORT, and what it was asked so far."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Names(records, asked), ("127.0.0.1", 0))
    try:
        yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1]), asked
    finally:
        transport.close()


class _Names(asyncio.DatagramProtocol):
    def __init__(self, records: Mapping[str, str], asked: list[str]) -> None:
        self._records, self._asked = records, asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = str(question.name).rstrip(".").lower()
        self._asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if (text := self._records.get(name)) is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif text == "HANGS":
            return
        elif question.rdtype == dns.rdatatype.TXT:
            pieces = " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", pieces))
        self._transport.sendto(answer.to_wire(), addr)
