"""A machine that answers every mail at once and hides that it is one."""

import asyncio
import contextlib
import smtplib
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import make_msgid, parseaddr
from typing import Self

from tests.mail.peer import Ear
from tests.mail.post import Post


class Rude(Ear):
    """Sits at an address of a domain of its own; `heard` is what it was sent."""

    def __init__(self, address: str, post: Post, *, keeps_thread: bool = True) -> None:
        super().__init__()
        self.address = address
        self.post = post
        self.keeps_thread = keeps_thread
        self.heard: list[EmailMessage] = []
        self._answering: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        async with self.listens() as port:
            self.post.hands_to(self.address.partition("@")[2], port)
            yield self
            await self.has_answered()

    async def has_answered(self) -> None:
        """Until it has no answer in hand."""
        while self._answering:
            await asyncio.gather(*self._answering)

    async def handle_DATA(self, server, session, envelope) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.heard.append(mail)
        task = asyncio.create_task(asyncio.to_thread(self._answers, mail))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return await super().handle_DATA(server, session, envelope)

    def _answers(self, mail: EmailMessage) -> None:
        answer = EmailMessage(policy=SMTP)
        answer["From"] = self.address
        answer["To"] = parseaddr(str(mail["Reply-To"] or mail["From"] if self.keeps_thread else mail["From"]))[1]
        answer["Subject"] = f"Re: {mail['Subject']}" if self.keeps_thread else "We have got your mail"
        answer["Message-ID"] = make_msgid(domain="other.test")
        if self.keeps_thread:
            answer["In-Reply-To"] = mail["Message-ID"]
        answer.set_content(f"Thank you for your mail number {len(self.heard)}. We shall look into it.")
        with smtplib.SMTP("127.0.0.1", self.post.smtp_port, "other.test") as client:
            client.send_message(answer)
