"""The post office of a test: Exim, which carries mails between customers and desks, and Dovecot, where they lie.

Both run unprivileged on ports of the loopback, from the configurations in `servers/`.
"""

import base64
import contextlib
import grp
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import jwt

from tests.channels.email.servers import certificate
from tests.mail.mailbox import Mailbox
from tests.mail.programs import account, free_port, listens, own, program, run, spawn, until, written

AUTHSERV = "mx.shop.test"
DESK = "support@shop.test"
SECOND_DESK = "help@other.test"
CUSTOMERS = ("ana", "ben", "cem", "dora")
VOUCHED_FOR = ("shop.test", "other.test", "customer.test", "evil.test")
"""Domains that say who may send for them."""
SILENT = "small.test"
"""A domain that says nothing."""
PASSWORD = "open-sesame"
HOME = "127.0.0.1"
"""The host that may send for every domain."""
ELSEWHERE = "127.0.0.66"
"""Another of the loopback that may send for none: where forgers sit."""
TOKEN_KEY = b"the key that signs access tokens"
STOPS_WITHIN_S = 10.0


class Post:
    """Exim and Dovecot over a folder of their own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nightdesk-post-"))
        self.smtp_port, self.imap_port, self.imaps_port, self.lmtp_port = (free_port() for _ in range(4))
        self._exim: subprocess.Popen[bytes] | None = None
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._routes: dict[str, str] = {}
        self._answers: dict[str, str] = {}
        self._furnish()

    async def opens(self) -> None:
        """Start both servers; returns when they listen. Until a test says otherwise, all mail goes to Dovecot."""
        self._dovecot = spawn(program("dovecot"), "-F", "-c", str(self.folder / "dovecot.conf"))
        self.starts_exim()
        ports = (self.smtp_port, self.imap_port, self.imaps_port, self.lmtp_port)
        await until(lambda: all(map(listens, ports)), why=self.said)

    def starts_exim(self) -> None:
        with (self.folder / "log" / "exim-says").open("ab") as log:
            self._exim = spawn(program("exim4"), *self._conf, "-bdf", "-q1s", stderr=log)

    def stops_exim(self) -> None:
        """Nothing comes in or goes out any more; what is queued stays queued."""
        _end(self._exim)
        self._exim = None

    def closes(self) -> None:
        """Stop both and take the folder away."""
        self.stops_exim()
        _end(self._dovecot)
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        """The ends of the servers' logs, for who wonders why."""
        logs = sorted((self.folder / "log").iterdir())
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)

    def mailbox(self, address: str) -> Mailbox:
        """What lies at Dovecot for this address."""
        name, _, domain = address.partition("@")
        return Mailbox(self.folder / "mail" / domain / name, self.said)

    def access_token(self, address: str, *, valid_s: int = 3600) -> str:
        """What opens this mailbox by XOAUTH2."""
        at = int(time.time())
        claims = {"sub": address, "email": address, "iat": at - 60, "nbf": at - 60, "exp": at + valid_s}
        return jwt.encode(claims, TOKEN_KEY, algorithm="HS256")

    @property
    def authority(self) -> Path:
        """The PEM file by which the servers' certificate is trusted."""
        return self.folder / "tls" / "cert.pem"

    # What a test decides: the tables in which Exim looks things up for each mail anew.

    def hands_to(self, domain: str, port: int, *, by: str = "lmtp") -> None:
        """Mail for this domain goes to this port of the loopback, by "lmtp" or "smtp"."""
        self._routes[domain] = f"by={by} to=127.0.0.1::{port}"
        self._put("routes", self._routes)

    def answers(self, address: str, reply: str) -> None:
        """This recipient is told "450 4.2.1 ..." or "550 5.1.1 ..." at RCPT TO; an empty reply ends that."""
        self._answers[address] = reply
        self._put("answers", self._answers)

    def lets_the_world_claim(self) -> None:
        """A border as it should not be: Authentication-Results that mails bring stay, below its own."""
        (self.folder / "credulous").touch()

    def offers_by_imap(self, capabilities: str) -> None:
        """All that Dovecot says it can do, from the next session on: servers without MOVE are about still."""
        with (self.folder / "dovecot.conf").open("a") as conf:
            conf.write(f"\nimap_capability = {capabilities}\n")
        assert self._dovecot is not None
        self._dovecot.send_signal(signal.SIGHUP)

    def _put(self, table: str, lines: dict[str, str]) -> None:
        """In one step, since Exim may look at any moment."""
        fresh = self.folder / f"{table}.new"
        fresh.write_text("".join(f"{key}:{value}\n" for key, value in lines.items() if value))
        own(fresh)
        fresh.rename(self.folder / table)

    # The queue.

    async def queued(self) -> list[str]:
        """The ids of the mails that Exim still has."""
        return re.findall(r"\b\w{6}-\w{6,11}-\w{2,4}\b", await run(program("exim4"), *self._conf, "-bpr"))

    async def runs_queue(self) -> None:
        """Try all that waits; returns when it has been tried."""
        await run(program("exim4"), *self._conf, "-qff")

    def given_back(self, recipient: str) -> int:
        """How many mails went back to their senders, because this recipient's server refused them for good."""
        return (self.folder / "log" / "exim-says").read_text(errors="replace").count(f" ** {recipient} ")

    async def is_empty(self, within_s: float = 20.0) -> None:
        """Until Exim has nothing more to hand on."""
        spool = self.folder / "exim" / "input"
        await until(lambda: not any(spool.glob("*-H")), within_s=within_s, why=self.said)

    @property
    def _conf(self) -> tuple[str, str]:
        return "-C", str(self.folder / "exim.conf")

    def _furnish(self) -> None:
        for name in ("run/dovecot", "log", "mail", "exim", "tls", "token-keys/default/HS256"):
            (self.folder / name).mkdir(parents=True)
        certificate(self.folder / "tls")
        (self.folder / "token-keys/default/HS256/default").write_bytes(base64.b64encode(TOKEN_KEY))
        self._put("mailboxes", dict.fromkeys(_addresses(), f"{{PLAIN}}{PASSWORD}::::::"))
        self._put("border", dict.fromkeys(VOUCHED_FOR, HOME))
        self._put("answers", {})
        for domain in (*VOUCHED_FOR, SILENT):
            self.hands_to(domain, self.lmtp_port)
        for name in ("exim.conf", "dovecot.conf", "oauth2.conf"):
            (self.folder / name).write_text(written(name, self._words()))
        own(self.folder, *self.folder.rglob("*"))

    def _words(self) -> dict[str, object]:
        return {
            "FOLDER": self.folder,
            "USER": account().pw_name,
            "GROUP": grp.getgrgid(account().pw_gid).gr_name,
            "SMTP_PORT": self.smtp_port,
            "IMAP_PORT": self.imap_port,
            "IMAPS_PORT": self.imaps_port,
            "LMTP_PORT": self.lmtp_port,
        }


def _addresses() -> list[str]:
    customers = (f"{name}@customer.test" for name in CUSTOMERS)
    return [DESK, SECOND_DESK, "mallory@evil.test", f"carol@{SILENT}", *customers]


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """Stop a server that these tests have started, and what it has started."""
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
