"""Refusals become problem+json (RFC 9457), once, here; a fault becomes an apology with a reference and nothing else."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from importlib.resources import files
from typing import Any

import orjson
import structlog
import yaml
from aiohttp import web

from app.http.errors import MethodNotAllowed, NoSuchPage
from storage.errors import StorageUnavailable
from storage.refusal import Refusal

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RETRY_UNAVAILABLE_S = 2
HIDDEN = {"case.not_permitted": "case.not_found"}
"""What exists but is not for these eyes answers like what does not exist, to the byte."""


def load_problems() -> Mapping[str, Mapping[str, Any]]:
    """Status, title and detail by code."""
    document: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        files("app.http").joinpath("problems.yaml").read_text("utf-8")
    )
    return document


PROBLEMS = load_problems()


def problem(code: str, params: Mapping[str, Any]) -> web.Response:
    """The response for a code of the catalogue."""
    known = PROBLEMS[code]
    shown = {name: _plain(value) for name, value in params.items()}
    document = {
        "type": f"/api/problems/{code}",
        "title": known["title"],
        "status": known["status"],
        "detail": known["detail"].format_map({name: _words(value) for name, value in shown.items()}),
        "code": code,
        **{name: value for name, value in shown.items() if name not in ("type", "title", "status", "detail", "code")},
    }
    headers = {"Retry-After": str(shown["retry_after_s"])} if "retry_after_s" in shown else {}
    return web.Response(
        body=orjson.dumps(document), status=known["status"], content_type="application/problem+json", headers=headers
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal below /api is a problem document; nothing escapes as a bare 500."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return problem(NoSuchPage.code, {})
    except web.HTTPMethodNotAllowed as error:
        refused = MethodNotAllowed(sorted(error.allowed_methods))
        return problem(refused.code, refused.params)
    except Refusal as refusal:
        if refusal.code in HIDDEN:
            return problem(HIDDEN[refusal.code], {})
        return problem(refusal.code, refusal.params) if refusal.code in PROBLEMS else _fault(refusal)
    except StorageUnavailable:
        log.exception("storage_unavailable")
        return problem("http.unavailable", {"retry_after_s": RETRY_UNAVAILABLE_S})
    except (web.HTTPException, ConnectionResetError):
        raise
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> web.Response:
    reference = uuid.uuid4().hex[:12]
    log.error("http_fault", reference=reference, exc_info=error)
    return problem("http.fault", {"reference": reference})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
