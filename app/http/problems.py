"""Refusals become problem+json (RFC 9457), once, here; a fault becomes an apology with a reference and nothing else."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from http import HTTPStatus
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
API = "/api/"
MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/docs#{code}"
"""Where a problem is explained: what `type` points to."""
RETRY_UNAVAILABLE_S = 2
HIDDEN = {"case.not_permitted": "case.not_found"}
"""What exists but is not for these eyes answers like what does not exist, to the byte."""
OWN_FIELDS = ("type", "title", "status", "detail", "code")


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
    shown = {} if known["status"] == HTTPStatus.NOT_FOUND else {name: _plain(value) for name, value in params.items()}
    document = {
        "type": REFERENCE.format(code=code),
        "title": known["title"],
        "status": known["status"],
        "detail": known["detail"].format_map({name: _words(value) for name, value in shown.items()}),
        "code": code,
        **{name: value for name, value in shown.items() if name not in OWN_FIELDS},
    }
    if "status" in shown:
        document["case_status"] = shown["status"]
    headers = {"Retry-After": str(shown["retry_after_s"])} if "retry_after_s" in shown else {}
    return web.Response(body=orjson.dumps(document), status=known["status"], content_type=MEDIA_TYPE, headers=headers)


def detail_of(refusal: Refusal) -> str:
    """What people read of a refusal, wherever they read it: no more than the API would tell."""
    known = PROBLEMS[HIDDEN.get(refusal.code, refusal.code)]
    shown = {} if known["status"] == HTTPStatus.NOT_FOUND else refusal.params
    return str(known["detail"]).format_map({name: _words(_plain(value)) for name, value in shown.items()})


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal below /api is a problem document; nothing anywhere escapes as a bare 500."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refused(refusal)
    except StorageUnavailable:
        log.exception("storage_unavailable")
        return problem("http.unavailable", {"retry_after_s": RETRY_UNAVAILABLE_S})
    except web.HTTPException as answer:
        if not request.path.startswith(API):
            raise
        return _as_problem(request, answer)
    except ConnectionResetError:
        raise
    except Exception as error:
        return _fault(error)


def refused(refusal: Refusal) -> web.Response:
    """The problem of a refusal; one the catalogue does not know is a fault of ours."""
    if refusal.code in HIDDEN:
        return problem(HIDDEN[refusal.code], {})
    return problem(refusal.code, refusal.params) if refusal.code in PROBLEMS else _fault(refusal)


def _as_problem(request: web.Request, answer: web.HTTPException) -> web.StreamResponse:
    if isinstance(answer, web.HTTPMethodNotAllowed):
        return _other_method(request, sorted(answer.allowed_methods))
    if isinstance(answer, web.HTTPNotFound):
        return refused(NoSuchPage())
    raise answer


def _other_method(request: web.Request, methods: list[str]) -> web.Response:
    """RFC 9110: a 405 names what is allowed, and so does OPTIONS, which is not an error."""
    allow = {"Allow": ", ".join([*methods, "OPTIONS"])}
    if request.method == "OPTIONS":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=allow)
    response = refused(MethodNotAllowed(methods))
    response.headers.update(allow)
    return response


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
