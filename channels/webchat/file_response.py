"""A stored file on its way out: shown when it is a plain picture, saved when it is anything else, run never."""

from urllib.parse import quote

from aiohttp import web

from bot.activity import Attachment

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def file_response(file: Attachment, content: bytes) -> web.Response:
    """The file, inert whatever its sender called it."""
    is_picture = file.content_type in PICTURES
    shown = "inline" if is_picture else "attachment"
    return web.Response(
        body=content,
        content_type=file.content_type if is_picture else "application/octet-stream",
        headers={
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
