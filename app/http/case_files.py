"""Files of a case: agents put them there and save them."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from app.http.answers import FileAnswer
from app.http.bodies import FileQuery
from app.http.body import read_raw
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Call, Endpoint, Scope
from app.http.errors import FileNotFound
from app.http.session_routes import read_id
from caseengine.case_files import CaseFile, read_case_file
from caseengine.operations.enclosing import FILE_BYTES_MAX, put_file
from caseengine.reading.case_view import case_view
from channels.file_names import safe_name, safe_type
from storage.engine import Database

ANY_FILE = "application/octet-stream"
UPLOAD_DEADLINE_S = 110
INERT = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""Whoever put it there: a file is saved, never run."""


class CaseFiling:
    """`/api/cases/{number}/files`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path=f"{CASE}/files",
                scope=Scope.AGENT,
                summary="Put a file on the case, to be named in a reply, a question, a note or a forward.",
                about=(
                    "The body is the file itself, its media type the Content-Type. Only agents can fetch it until it "
                    "is said to a customer. What nobody names within a week is forgotten."
                ),
                handle=self.put,
                takes="*/*",
                query=FileQuery,
                answer=FileAnswer,
                status=HTTPStatus.CREATED,
                refuses=(*SHOWN, "case.file_empty"),
            ),
            Endpoint(
                method="GET",
                path=f"{CASE}/files/{{file}}",
                scope=Scope.AGENT,
                summary="A file of the case, to be saved.",
                handle=self.file,
                media_type=ANY_FILE,
                refuses=(*SHOWN, FileNotFound.code),
            ),
        ]

    async def put(self, call: Call) -> FileAnswer:
        asked: FileQuery = call.query
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
        content = await read_raw(call.request, size_max=FILE_BYTES_MAX, deadline_s=UPLOAD_DEADLINE_S)
        async with self._database.unit_of_work() as work:
            file = await put_file(
                work,
                view.row.number,
                name=safe_name(asked.name),
                content_type=safe_type(call.request.headers.get("Content-Type")),
                content=content,
                by=call.agent.agent.actor,
                at=self._now(),
            )
        return FileAnswer.model_validate(file)

    async def file(self, call: Call) -> web.Response:
        file_id = read_id(call.path("file"))
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            found = await read_case_file(snapshot, view.row.id, file_id) if file_id is not None else None
        if found is None:
            raise FileNotFound
        return _saved(*found)


def _saved(file: CaseFile, content: bytes) -> web.Response:
    """Under its own name, whatever is in it (RFC 6266)."""
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return web.Response(body=content, content_type=ANY_FILE, headers={**INERT, **named})
