"""What Teams asks of a package, as its manifest schema and its notes on icons say; what is wrong is told before upload.

Source: https://developer.microsoft.com/json-schemas/teams/v1.23/MicrosoftTeams.schema.json
"""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

TEXTS = {
    ("name", "short"): 30,
    ("name", "full"): 100,
    ("description", "short"): 80,
    ("description", "full"): 4_000,
    ("developer", "name"): 32,
}
"""Characters at most; none may be empty."""
ADDRESSES = ("websiteUrl", "privacyUrl", "termsOfUseUrl")
ICONS = {"color": 192, "outline": 32}
"""Pixels of each side."""
SCOPES = frozenset(("personal", "team", "groupChat", "copilot"))
SCOPES_MAX, BOTS_MAX, DOMAINS_MAX, ADDRESS_MAX, VERSION_MAX = 3, 1, 16, 2_048, 256
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
VERSION = re.compile(r"(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ADDRESS = re.compile(r"https://[^\s/?#@]+(/[^\s]*)?")
DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
PNG = b"\x89PNG\r\n\x1a\n"


def slips(manifest: Mapping[str, Any], icons: Mapping[str, bytes]) -> Iterator[str]:
    """What Teams would not take, each as the path of the field and what is wrong with it.

    Args:
        icons: the pictures by the names the manifest gives them.
    """
    yield from _texts(manifest)
    if not _fits(VERSION, manifest["version"], VERSION_MAX):
        yield "version is not of the form 1.0.0"
    if not _fits(GUID, manifest["id"]):
        yield "id is no GUID"
    if not _fits(COLOUR, manifest["accentColor"]):
        yield "accentColor is no colour"
    for name in ADDRESSES:
        if not _fits(ADDRESS, manifest["developer"][name], ADDRESS_MAX):
            yield f"developer.{name} is no https address"
    yield from _bots(manifest["bots"])
    domains = manifest["validDomains"]
    if len(domains) > DOMAINS_MAX or not all(_fits(DOMAIN, one, ADDRESS_MAX) for one in domains):
        yield "validDomains holds what is no host"
    for name, side in ICONS.items():
        if _sides(icons.get(manifest["icons"][name], b"")) != (side, side):
            yield f"icons.{name} is no PNG of {side} by {side}"


def _texts(manifest: Mapping[str, Any]) -> Iterator[str]:
    for (part, name), length_max in TEXTS.items():
        words = manifest[part][name]
        if not words.strip():
            yield f"{part}.{name} is empty"
        elif len(words) > length_max:
            yield f"{part}.{name} has more than {length_max} characters"


def _bots(bots: Any) -> Iterator[str]:
    if len(bots) > BOTS_MAX:
        yield "bots holds more than one"
    for bot in bots:
        if not _fits(GUID, bot["botId"]):
            yield "bots.botId is no GUID"
        if len(bot["scopes"]) > SCOPES_MAX or not set(bot["scopes"]) <= SCOPES:
            yield "bots.scopes holds what is no scope"


def _fits(pattern: re.Pattern[str], text: str, length_max: int = 100) -> bool:
    return len(text) <= length_max and pattern.fullmatch(text) is not None


def _sides(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG; nothing for anything else."""
    if not picture.startswith(PNG) or len(picture) < 24 or picture[12:16] != b"IHDR":
        return (0, 0)
    width, height = struct.unpack(">II", picture[16:24])
    return (width, height)
