"""Request bodies within a size and a time: the server itself waits for a slow sender for ever."""

import asyncio
from typing import Any

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from channels.document import parse
from channels.protocol import PayloadRejected
from channels.webchat.limits import Limits
from channels.webchat.wire_error import WireError, too_large


async def read_body(request: web.Request, size_max: int, deadline_s: float) -> bytes:
    """The whole body, decompressed.

    Raises:
        WireError: 413 when it is larger, 408 when it takes longer.
        PayloadRejected: it is broken off or wrongly compressed.
    """
    if (request.content_length or 0) > size_max:
        raise too_large()
    taken = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            async for chunk in request.content.iter_any():
                taken += chunk
                if len(taken) > size_max:
                    raise too_large()
    except TimeoutError as error:
        raise WireError(408, "RequestTimeout", "The body did not arrive in time.") from error
    except (ClientPayloadError, web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise PayloadRejected("MalformedData", "The body is incomplete or wrongly encoded.") from error
    return bytes(taken)


async def read_options(request: web.Request, limits: Limits) -> tuple[bytes, dict[str, Any]]:
    """An optional JSON object: the bytes and what they say; nothing at all says nothing."""
    raw = await read_body(request, limits.body_max, limits.body_deadline_s)
    return raw, parse(raw, limits) if raw.strip() else {}
