"""Errors in the wire's shape, and leave for pages of other origins (CORS)."""

import logging
import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web

from channels.protocol import DeskUnavailable, PayloadRejected
from channels.webchat.wire_error import WireError, unavailable

log = logging.getLogger(__name__)

ALLOWED_HEADERS = "authorization, content-type, content-disposition, x-ms-bot-agent, x-requested-with"
PREFLIGHT_MAX_AGE_S = 7200
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_across_origins(request: web.Request, handler: Handle) -> web.StreamResponse:
    """Every answer, errors too, readable by the page that asked.

    The bearer is in a header a page must know, never in a cookie, so any origin may ask.
    """
    response = web.Response(status=204) if request.method == "OPTIONS" else await _answered(request, handler)
    if not response.prepared:
        _allow(request, response)
    return response


async def _answered(request: web.Request, handle: Handle) -> web.StreamResponse:
    try:
        return await handle(request)
    except WireError as error:
        return error.response()
    except PayloadRejected as error:
        return WireError(400, error.code, error.detail).response()
    except DeskUnavailable:
        return unavailable().response()
    except web.HTTPException as error:
        return _plain(error)
    except Exception as error:
        # Frames only: the text of an error may quote what a customer wrote.
        trace = "".join(traceback.format_tb(error.__traceback__))
        log.error("a fault, %s, in %s %s\n%s", type(error).__name__, request.method, _route(request), trace)
        return WireError(500, "ServiceError", f"A fault of ours: {type(error).__name__}.").response()


def _plain(error: web.HTTPException) -> web.Response:
    response = WireError(error.status, error.reason.title().replace(" ", ""), f"{error.reason}.").response()
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"


def _allow(request: web.Request, response: web.StreamResponse) -> None:
    origin = request.headers.get("Origin")
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Vary"] = "Origin"
    if origin is None:
        return
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.path.endswith("/session/getsessionid"):
        headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
