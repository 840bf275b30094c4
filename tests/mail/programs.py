"""The programs these tests drive: where they are, as whom they run, and the written configurations they are given."""

import asyncio
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

SERVERS = Path(__file__).parent / "servers"
SEARCHED = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
NEEDED = {"exim4": "exim4-daemon-light", "dovecot": "dovecot-imapd and dovecot-lmtpd", "swaks": "swaks"}
LOOK_S = 0.02

Found = TypeVar("Found")


def lacking() -> str:
    """What is not there, in words; empty when all is."""
    missing = [f"{name} (Debian package: {package})" for name, package in NEEDED.items() if not _where(name)]
    if not missing and not _says("dovecot", "--version").startswith("2.3."):
        missing = ["Dovecot 2.3 (the configuration is written for it)"]
    return ", ".join(missing)


def _where(name: str) -> str | None:
    return shutil.which(name, path=SEARCHED)


def _says(name: str, option: str) -> str:
    return subprocess.run([program(name), option], capture_output=True, text=True, check=False).stdout


def program(name: str) -> str:
    """The path of one of them, which is there."""
    found = _where(name)
    assert found is not None, name
    return found


def account() -> pwd.struct_passwd:
    """As whom the servers run: nobody where root runs the tests, else who runs them."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def spawn(*command: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program with no more rights than it needs."""
    return subprocess.Popen(command, start_new_session=True, **_dropped(), **options)


async def run(*command: str) -> str:
    """What a program says that comes to an end, errors too, as the same account."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **_dropped()
    )
    said, _ = await process.communicate()
    return said.decode(errors="replace")


def _dropped() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    who = account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def own(*paths: Path) -> None:
    """Give files that root has made to the account of the servers."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, account().pw_uid, account().pw_gid)


def written(name: str, words: Mapping[str, object]) -> str:
    """A configuration of `servers/` with its @WORDS@ filled in."""
    text = (SERVERS / name).read_text("utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda found: str(words[found[1]]), text)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


async def until(found: Callable[[], Found], *, within_s: float = 20.0, why: Callable[[], str] = str) -> Found:
    """Wait for another process: look until there is something.

    Raises:
        AssertionError: with `why`, when there is nothing after `within_s`.
    """
    begun = monotonic()
    while not (there := found()):
        assert monotonic() - begun < within_s, f"not within {within_s} s: {why()}"
        await asyncio.sleep(LOOK_S)
    return there
