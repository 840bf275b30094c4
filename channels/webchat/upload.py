"""Posted files: one as a raw body, or several as multipart/form-data beside an optional activity."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message

import orjson
from aiohttp import BodyPartReader, MultipartReader, web

from channels.document import clean_text
from channels.file_names import safe_name, safe_type
from channels.protocol import PayloadRejected
from channels.webchat.body import read_body
from channels.webchat.limits import Limits
from channels.webchat.wire_error import WireError, too_large

ACTIVITY_TYPE = "application/vnd.microsoft.activity"


@dataclass(frozen=True, slots=True)
class File:
    """One file; `name` has no path in it."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """The activity as JSON, and its files."""

    activity: bytes
    files: tuple[File, ...]


async def read_upload(request: web.Request, user: str, limits: Limits) -> Upload:
    """What was uploaded.

    Args:
        user: who an upload without an activity is from.

    Raises:
        WireError: too large or too slow.
        PayloadRejected: malformed, or no file at all.
    """
    empty = orjson.dumps({"type": "message", "from": {"id": user}})
    if request.content_type != "multipart/form-data":
        return Upload(empty, (await _raw_file(request, limits),))
    try:
        async with asyncio.timeout(limits.upload_deadline_s):
            upload = await _parts(request, empty, limits)
    except TimeoutError as error:
        raise WireError(408, "RequestTimeout", "The files did not arrive in time.") from error
    except (WireError, PayloadRejected):
        raise
    except Exception as error:  # the multipart reader answers malformed input with half a dozen kinds of error
        raise PayloadRejected("MalformedData", "The multipart body cannot be read.") from error
    if not upload.files:
        raise PayloadRejected("MissingProperty", "There is no part named 'file'.")
    return upload


async def _raw_file(request: web.Request, limits: Limits) -> File:
    content = await read_body(request, limits.file_max, limits.upload_deadline_s)
    disposition = Message()
    disposition["Content-Disposition"] = clean_text(request.headers.get("Content-Disposition", "")).replace("\n", "")
    return _file(disposition.get_filename(), request.headers.get("Content-Type"), content)


async def _parts(request: web.Request, empty: bytes, limits: Limits) -> Upload:
    activity, files, size = empty, [], 0
    async for part in _each(await request.multipart(), limits.files_max + 1):
        is_activity = part.name == "activity"
        content = await _content(
            part, min(limits.body_max if is_activity else limits.file_max, limits.upload_max - size)
        )
        size += len(content)
        if is_activity:
            activity = content
        elif part.name == "file":
            files.append(_file(part.filename, part.headers.get("Content-Type"), content))
    return Upload(activity, tuple(files))


async def _each(reader: MultipartReader, parts_max: int) -> AsyncIterator[BodyPartReader]:
    taken = 0
    while (part := await reader.next()) is not None:
        taken += 1
        if taken > parts_max:
            raise too_large()
        if not isinstance(part, BodyPartReader):
            raise PayloadRejected("MalformedData", "A part holds parts of its own.")
        yield part


async def _content(part: BodyPartReader, size_max: int) -> bytes:
    taken = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        taken += chunk
        if len(taken) > size_max:
            raise too_large()
    return bytes(taken)


def _file(name: object, content_type: str | None, content: bytes) -> File:
    if not content:
        raise PayloadRejected("BadArgument", "The file is empty.")
    return File(safe_name(name), safe_type(content_type), content)
