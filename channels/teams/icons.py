"""The two pictures a Teams package needs, drawn by ourselves: a speech bubble under a moon."""

import struct
import zlib
from collections.abc import Callable

NIGHT = (25, 32, 64, 255)
MOON = (255, 214, 102, 255)
PAPER = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)
Colour = tuple[int, int, int, int]


def colour_icon(size: int = 192) -> bytes:
    """A PNG: the picture on the colour of night, edge to edge."""
    return _png(size, lambda x, y: MOON if _moon(x, y) else PAPER if _bubble(x, y) else NIGHT)


def outline_icon(size: int = 32) -> bytes:
    """A PNG: white on nothing, as Teams wants its small one."""
    return _png(size, lambda x, y: PAPER if _moon(x, y) or _bubble(x, y) else CLEAR)


def _moon(x: float, y: float) -> bool:
    """A crescent: one disc without another; x and y run from 0 to 1."""
    return (x - 0.66) ** 2 + (y - 0.30) ** 2 < 0.020 and (x - 0.71) ** 2 + (y - 0.26) ** 2 >= 0.016


def _bubble(x: float, y: float) -> bool:
    body = 0.18 < x < 0.82 and 0.46 < y < 0.76
    tail = 0.28 < x < 0.44 and 0.76 <= y < 0.76 + (0.44 - x)
    return body or tail


def _png(size: int, colour: Callable[[float, float], Colour]) -> bytes:
    rows = bytearray()
    for row in range(size):
        rows.append(0)  # no filter
        for column in range(size):
            rows += bytes(colour((column + 0.5) / size, (row + 0.5) / size))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
