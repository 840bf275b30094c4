"""The agents' API as a file, which the front end's types are made from.

    python -m tools.openapi            # write it
    python -m tools.openapi --check    # end with 1 when it is not what the routes say now

Nothing is started for it: routes describe themselves without a database that answers or a model that is there.
"""

import argparse
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from app.articles import make_index
from app.clock import now
from app.http.endpoint import Endpoint
from app.http.openapi import openapi
from app.http.sessions import Sessions
from app.http.site import ApiParts, api_endpoints
from app.live.feed import LiveFeed
from app.live.watching import Watching
from bot.activity import Sender
from bot.replies.catalogue import load_catalogue
from knowledge.answer import Knowledge
from knowledge.retrieval.encoder import BackgroundEncoder
from storage.engine import Database

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "web" / "workspace" / "api" / "openapi.json"
MEND = "python -m tools.openapi"


def main() -> None:
    """Write the file, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args().check:
        sys.exit(None if is_fresh(FILE) else f"{FILE.relative_to(ROOT)} is not what the routes say now: {MEND}")
    write(FILE)


def write(file: Path) -> None:
    """Make the file what the routes say now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(document())


def is_fresh(file: Path) -> bool:
    """Whether the file is what the routes say now."""
    return file.exists() and file.read_bytes() == document()


def document() -> bytes:
    """The document of the agents' API, to be read and compared line by line."""
    return orjson.dumps(openapi(endpoints()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def endpoints() -> list[Endpoint]:
    """The endpoints of a desk at rest: what they would ask is never asked."""
    parts = _parts()
    sessions, watching = Sessions(parts.database, now, secure=True), Watching(now)
    return api_endpoints(parts, sessions, watching, LiveFeed(parts.database, sessions, watching))


def _parts() -> ApiParts:
    encoder = BackgroundEncoder(ROOT)  # not started
    return ApiParts(
        database=Database("sqlite+aiosqlite:///never-opened.db"),
        now=now,
        catalogue=load_catalogue("en", zone=ZoneInfo("UTC"), company=""),
        typing=_unheard,
        knowledge=Knowledge(make_index(encoder), encoder),
        article_address=lambda passage: passage.url,
    )


async def _unheard(_: str, __: Sender) -> None:
    """Nobody types here."""


if __name__ == "__main__":
    main()
