"""Customers as the wire sees them: swaks writes their mails, Dovecot keeps what they are sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from uuid import uuid4

from tests.desk import NUMBER
from tests.mail.post import DESK, HOME, Post
from tests.mail.programs import own, program, run

REPLY = re.compile(r"^<[-~*]\*? +(?:\[[^\]]*\] )?(\d{3})[ -](.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Told:
    """What a server said last before QUIT: the fate of a mail. `code` is 250 where it was taken."""

    code: int
    text: str
    whole: str


class Customer:
    """Somebody with an address. What they send comes from `host`."""

    def __init__(self, post: Post, address: str, *, name: str = "", host: str = HOME) -> None:
        self.post = post
        self.address = address
        self.name = name
        self.host = host
        self.box = post.mailbox(address)

    async def writes(
        self,
        text: str,
        *,
        subject: str = "A question",
        to: str = DESK,
        headers: Mapping[str, str] | None = None,
        envelope: str | None = None,
    ) -> EmailMessage:
        """A mail of their own; what was sent. Raises AssertionError when it was not taken."""
        mail = self.composes(text, subject=subject, to=to, headers=headers)
        await self.sends(mail, to=to, envelope=envelope)
        return mail

    async def answers(
        self,
        mail: EmailMessage,
        text: str,
        *,
        headers: Mapping[str, str] | None = None,
        envelope: str | None = None,
    ) -> EmailMessage:
        """As a mail program does: to Reply-To, threaded, the old words quoted below."""
        to = parseaddr(str(mail["Reply-To"] or mail["From"]))[1]
        before = str(mail["References"] or "")
        threaded = {"In-Reply-To": mail["Message-ID"], "References": f"{before} {mail['Message-ID']}".strip()}
        quoted = "\n".join(f"> {line}" for line in words_of(mail).splitlines())
        whole = f"{text}\n\nOn {mail['Date']}, {mail['From']} wrote:\n{quoted}\n"
        subject = str(mail["Subject"])
        subject = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        return await self.writes(
            whole, subject=subject, to=to, headers={**threaded, **(headers or {})}, envelope=envelope
        )

    def composes(
        self, text: str, *, subject: str, to: str = DESK, headers: Mapping[str, str] | None = None
    ) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{self.name} <{self.address}>" if self.name else self.address
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = make_msgid(domain=self.address.partition("@")[2])
        mail.set_content(text)
        for key, value in (headers or {}).items():
            del mail[key]
            mail[key] = value
        return mail

    async def sends(self, mail: EmailMessage | bytes, *, to: str = DESK, envelope: str | None = None) -> Told:
        """Hand a mail in, with swaks; it has to be taken."""
        told = await self.tries(mail, to=to, envelope=envelope)
        assert told.code == 250, told.whole
        return told

    async def tries(
        self,
        mail: EmailMessage | bytes,
        *,
        to: str = DESK,
        envelope: str | None = None,
        port: int = 0,
        by: str = "ESMTP",
    ) -> Told:
        """The same, whatever comes of it. `port` is Exim's unless it says otherwise."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        file = self._file(raw)
        sender = self.address if envelope is None else envelope
        said = await run(
            program("swaks"),
            *("--server", f"127.0.0.1:{port or self.post.smtp_port}", "--protocol", by),
            *("--local-interface", self.host, "--helo", "laptop.test", "--timeout", "30"),
            *("--from", sender or "<>", "--to", to, "--data", f"@{file}"),
        )
        file.unlink()
        return _told(said)

    def _file(self, raw: bytes) -> Path:
        file = self.post.folder / f"letter-{uuid4().hex}"
        file.write_bytes(raw)
        own(file)
        return file


def words_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _told(said: str) -> Told:
    """The last reply but the one to QUIT."""
    replies: Sequence[tuple[str, str]] = [found for found in REPLY.findall(said) if found[0] != "221"]
    code, text = replies[-1] if replies else ("0", "nothing")
    return Told(int(code), text, said)


def number_in(mail: EmailMessage) -> str:
    """The case number that a mail names."""
    found = NUMBER.search(words_of(mail))
    assert found is not None, words_of(mail)
    return found.group()
