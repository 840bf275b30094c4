"""Request bodies: within a size and a time, JSON, and of the declared shape; nothing of a body is used before that."""

import asyncio
from http import HTTPMethod
from math import ceil
from typing import TypeVar

import orjson
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from app.http.errors import BodyBroken, BodyInvalid, BodyNotJson, BodyTooLarge, BodyTooSlow, BodyTypeWrong

BODY_MAX = 64 * 1024  # bytes
BODY_DEADLINE_S = 10
JSON = "application/json"
SAFE_METHODS = (HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS)
Shape = TypeVar("Shape", bound=BaseModel)


async def read_body(request: web.Request, shape: type[Shape]) -> Shape:
    """The body as its declared shape: JSON's own types, nothing converted, no unknown field.

    Raises:
        BodyTypeWrong, BodyTooLarge, BodyTooSlow, BodyBroken, BodyNotJson, BodyInvalid: nothing was done.
    """
    if request.content_type != JSON:
        raise BodyTypeWrong
    raw = await read_raw(request)
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyNotJson from error
    try:
        return shape.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid(error) from error


def read_query(request: web.Request, shape: type[Shape]) -> Shape:
    """The query as its declared shape; numbers and truth values come as text.

    Raises:
        BodyInvalid: another shape, or an unknown name.
    """
    try:
        return shape.model_validate(dict(request.query))
    except ValidationError as error:
        raise invalid(error) from error


async def read_raw(request: web.Request, *, size_max: int = BODY_MAX, deadline_s: float | None = None) -> bytes:
    """The body, whatever it holds.

    Args:
        deadline_s: until the whole of it has arrived; None: as long as any JSON may take.

    Raises:
        BodyTooLarge, BodyTooSlow, BodyBroken: nothing was done.
    """
    if (request.content_length or 0) > size_max:
        raise BodyTooLarge(size_max)
    taken, within_s = bytearray(), deadline_s or BODY_DEADLINE_S
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.content.iter_any():
                taken += chunk
                if len(taken) > size_max:
                    raise BodyTooLarge(size_max)
    except TimeoutError as error:
        raise BodyTooSlow(ceil(within_s)) from error
    except (ClientPayloadError, web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise BodyBroken from error
    return bytes(taken)


def invalid(error: ValidationError) -> BodyInvalid:
    """What is wrong where; never the values, which may be a person's."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return BodyInvalid([{"at": list(item["loc"]), "what": item["msg"]} for item in found])
