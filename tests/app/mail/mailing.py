"""The driver of the stories by mail: mails come in as bytes and go out over SMTP; nothing is replaced but the clock."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from app.mail_reader import DeskReader
from app.mail_settings import MailDesk
from app.settings import Settings
from app.wiring import House, build
from caseengine.mails import mail_rows
from caseengine.model.case import Case
from caseengine.operations import answering
from channels.email.letter import Envelope
from channels.email.mailroom import Reads
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from knowledge.article import Article
from storage.engine import Database
from tests.app.house import NO_ENCODER, Clock, ServedOffice
from tests.app.mail.peer import PlainReader, mail
from tests.caseengine.office import when
from tests.channels.email.names import name_server
from tests.channels.email.reading.test_signature import keys
from tests.channels.email.servers import Scripted, serving

DESK = "desk@larder-lane.example"
AUTHSERV = "mx.larder-lane.example"
NUMBER = re.compile(r"CAS-\d{5,}-[0-9A-Z]{4}")


@dataclass
class MailingDesk:
    """The desk, and the customers' mailboxes."""

    house: House
    office: ServedOffice
    clock: Clock
    server: Scripted
    read: int = field(default=0)

    async def gets(self, raw: bytes, *, rcpt: str = DESK, mail_from: str | None = "ana@corner.example") -> int:
        """A mail is handed in; nothing is filed yet. Its number."""
        envelope = Envelope(mail_from, (rcpt,), "lmtp")
        return (await self.house.mailroom.keep(raw, envelope)).id

    async def settle(self) -> None:
        """Until everything is filed, answered and sent."""
        assert self.house.filing is not None
        await self.house.filing.run()
        await self.house.turns.sweep()
        await self.house.turns.idle()
        await self.house.mentions.run()
        await self.house.delivery.run()

    async def hears(self, text: str = "The till in shop 4 jams.", **named: Any) -> list[EmailMessage]:
        """A mail comes in; the mails that go out because of it."""
        rcpt = named.pop("rcpt", DESK)
        mail_from = named.pop("mail_from", "ana@corner.example")
        named.setdefault("message_id", f"{uuid4().hex}@corner.example")
        await self.gets(mail(text, **named), rcpt=rcpt, mail_from=mail_from)
        return await self.sent()

    async def sent(self) -> list[EmailMessage]:
        """The mails that went out since this was last asked."""
        await self.settle()
        taken, self.read = self.server.taken[self.read :], len(self.server.taken)
        return [message_from_bytes(raw, policy=default) for raw in taken]

    async def replies(self, case: Case | str, text: str, **named: Any) -> list[EmailMessage]:
        """An agent answers."""
        number = case if isinstance(case, str) else case.number
        await self.office.do(
            answering.reply, number, text, key=uuid4().hex, by=self.office.sam.actor, at=self.clock(), **named
        )
        return await self.sent()

    async def verdicts(self) -> list[str]:
        """How the mails were filed, oldest first."""
        async with self.house.database.snapshot() as snapshot:
            return [row.verdict or row.state for row in reversed(await mail_rows(snapshot, limit=1_000))]

    async def numbers(self) -> list[str]:
        """Every case, oldest first."""
        async with self.house.database.snapshot() as snapshot:
            rows = await snapshot.rows(sa.text("SELECT number FROM cases ORDER BY number"))
        return [row.number for row in rows]

    async def told(self, number: str) -> list[str]:
        """The history of a case, with the words of those who wrote."""
        from caseengine.cases import Cases, history

        case = await self.office.do(lambda work: Cases(work).get(number))
        facts = await self.office.see(history, case.id)
        kept = ("CustomerWrote", "NoteAdded", "CaseReopened", "AgentReplied", "CaseResolved", "CaseClosed")
        return [
            f"{type(fact).__name__}: {getattr(fact, 'text', getattr(fact, 'reason', ''))}"
            for fact in facts
            if type(fact).__name__ in kept
        ]

    async def case(self, number: str) -> Case:
        from caseengine.cases import Cases

        return await self.office.do(lambda work: Cases(work).get(number))

    async def knows(self, name: str = "Ana", address: str = "ana@corner.example") -> Contact:
        """A contact with this address on file."""
        contact = Contact(uuid4(), name, "en", (Identity(IdentityKind.EMAIL, address, "import", when("Mon 08:00")),))
        async with self.house.database.unit_of_work() as work:
            Contacts(work).add(contact)
        return contact


def text_of(message: EmailMessage) -> str:
    """What its reader reads."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def number_in(message: EmailMessage) -> str:
    found = NUMBER.search(text_of(message))
    assert found is not None, text_of(message)
    return found.group()


def id_of(message: EmailMessage) -> str:
    return str(message["Message-ID"]).strip("<>")


def article(title: str, text: str) -> Article:
    return Article(slug=title.lower().replace(" ", "-"), title=title, body=text)


@contextlib.asynccontextmanager
async def mailing(
    database: Database, folder: Path, *, reader: Reads | None = None, **changes: Any
) -> AsyncIterator[MailingDesk]:
    """A desk with nobody's model: words are understood by patterns and phrases."""
    clock, server = Clock(), Scripted()
    async with serving(server, enable_SMTPUTF8=True) as port:
        chosen: dict[str, Any] = {
            "data": folder,
            "database_url": str(database.url),
            "mail_authserv": AUTHSERV,
            "mail_from": DESK,
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "plain",
            "fallback_department": "tills",
            "public_url": "https://desk.larder-lane.example",
        }
        settings = Settings(**chosen | changes)
        house = build(settings, encoder=NO_ENCODER, now=clock, reader=reader or PlainReader())
        office = ServedOffice(house.database)
        await office.furnish()
        await house.directory.refresh()
        try:
            yield MailingDesk(house, office, clock, server)
        finally:
            await house.turns.stop(2.0)
            await house.understander.close()
            await house.database.close()


@contextlib.asynccontextmanager
async def by_signatures(
    database: Database, folder: Path, *, domain: str = "corner.example"
) -> AsyncIterator[MailingDesk]:
    """A desk without a border, that asks a name server for the key of that domain."""
    records = {f"desk._domainkey.{domain}": keys()[1], f"_dmarc.{domain}": "v=DMARC1; p=reject"}
    async with name_server(records) as (where, _), DeskReader(MailDesk(DESK, resolver=where)) as reader:
        border = {"mail_authserv": "", "mail_border": "signatures", "mail_resolver": where}
        async with mailing(database, folder, reader=reader, **border) as desk:
            yield desk
