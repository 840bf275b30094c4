"""One case walks through web chat, mail and Teams: one number, one story, and on every wire as much as was proved."""

import asyncio
import shutil
import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.articles import refresh_index
from app.demo.mailbox import DemoMailbox
from app.http.teams import PATH
from app.mail_reader import DeskReader
from app.mail_settings import mail_desk
from app.mail_ways import mail_ways
from app.settings import Settings
from app.wiring import build
from bot.understanding import Understander
from caseengine.cases import Cases, history
from caseengine.reading.stays import said_during
from caseengine.telling import notices_about
from channels.email.listener import Listener
from channels.teams.place import conversation_id
from customers.assurance import Assurances
from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.reachability import reachable
from customers.tables import identities
from knowledge.retrieval.encoder import BackgroundEncoder
from tests.app.mail.peer import mail
from tests.channels.teams.peer import APP_ID, PASSWORD, TENANT, Microsoft
from tests.desk import Clock, Customer, Desk, Worker
from tests.stories.test_notices import ANA, ana_id, opens_and_leaves, rings, told, wishes
from tests.stories.test_teams import Megan

AUTHSERV = "mx.larder-lane.example"
DESK = "desk@larder-lane.example"
ANA_IN_TEAMS = "0c0ffee0-3d56-4244-b585-20c8a42ed2b8"
STRANGER_IN_TEAMS = "0badc0de-3d56-4244-b585-20c8a42ed2b8"


class Postbox(DemoMailbox):
    """A mail server of Ana's that keeps the mails as they came."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[str, list[str], EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        read = message_from_bytes(envelope.content, policy=default)
        assert isinstance(read, EmailMessage)
        self.taken.append((envelope.mail_from or "", list(envelope.rcpt_tos), read))
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Wires:
    """The desk, and what its customers have at hand."""

    desk: Desk
    postbox: Postbox
    listener: Listener
    teams: "InTeams"
    stranger: "InTeams"
    read: int = field(default=0)

    def mails(self) -> list[EmailMessage]:
        """What came for Ana since she last looked."""
        new = [message for _, to, message in self.postbox.taken[self.read :] if ANA in to]
        self.read = len(self.postbox.taken)
        return new

    async def mail(self, text: str, *, rcpt: str = DESK, mail_from: str = ANA, **named: Any) -> list[EmailMessage]:
        """A mail is handed to the desk's own listener; the mails that go out because of it."""
        self.mails()
        named = {"sender": f"Ana Silva <{ANA}>", "message_id": f"{uuid4().hex}@harvest-corner.example", **named}
        await asyncio.to_thread(self._hand_in, mail(text, to=rcpt, **named), rcpt, mail_from)
        assert self.desk.house.filing is not None
        await self.desk.house.filing.run()
        await self.desk.settle()
        return self.mails()

    def _hand_in(self, raw: bytes, rcpt: str, mail_from: str) -> None:
        with smtplib.LMTP("127.0.0.1", self.listener.port) as lmtp:
            lmtp.sendmail(mail_from, [rcpt], raw)

    async def answer(self, to: EmailMessage, text: str, **named: Any) -> list[EmailMessage]:
        """As a mail program answers: to the Reply-To, with what is answered below."""
        quoted = "\n".join(f"> {line}" for line in words(to).splitlines())
        body = f"{text}\n\nOn Monday, Larder & Lane wrote:\n{quoted}\n"
        rcpt = str(to["Reply-To"] or to["From"].addresses[0].addr_spec)
        subject, answers = f"Re: {to['Subject']}", str(to["Message-ID"]).strip("<>")
        return await self.mail(body, rcpt=rcpt, **{"subject": subject, "answers": answers, "dmarc": "pass", **named})

    async def numbers(self) -> list[str]:
        """Every case there is."""
        async with self.desk.house.database.snapshot() as snapshot:
            return [row.number for row in await snapshot.rows(sa.text("SELECT number FROM cases ORDER BY number"))]

    async def story(self, number: str) -> list[str]:
        """What was said about the case, by whom, where."""
        async with self.desk.house.database.unit_of_work() as work:
            facts = await history(work, (await Cases(work).get(number)).id)
        return [shown for fact in facts if (shown := _shown(fact))]

    async def assurance(self, conversation: Any) -> str:
        at = self.desk.clock()
        async with self.desk.house.database.unit_of_work() as work:
            found = await Assurances(work).of(conversation, at=at)
        return found.level.name.lower()

    async def conversation(self, number: str) -> Any:
        async with self.desk.house.database.unit_of_work() as work:
            return (await Cases(work).get(number)).conversation_id


class InTeams(Megan):
    """Somebody in their own chat with the bot."""

    def __init__(self, name: str, object_id: str, *given: Any) -> None:
        super().__init__(*given)
        self.address = f"a:{name.lower()}"
        self._who = {"id": f"29:{name.lower()}", "name": name, "aadObjectId": object_id}

    async def does(self, kind: str, **changes: Any) -> Any:
        self._seen = len(self.microsoft.said) if kind == "message" else self._seen
        where = {"conversationType": "personal", "id": self.address, "tenantId": TENANT}
        return await super().does(kind, **{"from": self._who, "conversation": where, **changes})

    async def hears(self) -> list[Any]:
        """What was posted to this chat alone."""
        await super().hears()
        return self.last


def words(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def _shown(fact: Any) -> str:
    text = getattr(fact, "text", "") or getattr(fact, "reason", "")
    name = type(fact).__name__
    if name == "ConversationLinked":
        return f"ConversationLinked {fact.channel}"
    if name == "CustomerTold":
        return f"CustomerTold {','.join(fact.kinds)} by {fact.way}"
    return f"{name} {text}".strip() if name in SAID else ""


SAID = ("CaseOpened", "CustomerWrote", "AgentReplied", "CaseResolved", "CaseReopened", "CaseClosed")


@pytest.fixture
async def wires(
    company: Path, encoder: BackgroundEncoder, understander: Understander, tmp_path: Path
) -> AsyncIterator[Wires]:
    """The whole desk with web chat, its LMTP listener, its own reader in a process of its own, and Teams."""
    folder = tmp_path / "data"
    shutil.copytree(company, folder)
    clock, postbox, microsoft = Clock(), Postbox(), Microsoft()
    await postbox.start()
    await microsoft.server.start_server()
    settings = Settings.model_validate(
        {
            "data": folder,
            "demo": True,
            "mail_from": DESK,
            "mail_listen": "lmtp://127.0.0.1:0",
            "mail_authserv": AUTHSERV,
            "teams_app_id": APP_ID,
            "teams_app_password": PASSWORD,
            "teams_tenants": TENANT,
            "teams_service_hosts": microsoft.origin,
            "teams_openid_url": f"{microsoft.origin}/openid",
            "teams_token_url": f"{microsoft.origin}/token",
        }
    )
    async with DeskReader(mail_desk(settings)) as reader:
        house = build(settings, now=clock, encoder=encoder, understander=understander, mailbox=postbox, reader=reader)
        await house.directory.refresh()
        await refresh_index(house.database, house.index, encoder)
        server = TestServer(house.application)
        await server.start_server()
        try:
            async with ClientSession() as http, mail_ways(settings, house.mailroom) as listener:
                assert listener is not None
                desk, url = Desk(house, clock), str(server.make_url(PATH))
                ana = InTeams("Ana", ANA_IN_TEAMS, desk, microsoft, http, url)
                stranger = InTeams("Eve", STRANGER_IN_TEAMS, desk, microsoft, http, url)
                yield Wires(desk, postbox, listener, ana, stranger)
        finally:
            microsoft.let_go.set()
            await house.turns.stop(5.0)
            assert house.teams is not None
            await house.teams.close()
            await server.close()
            await microsoft.server.close()
            await postbox.stop()
            await house.database.close()


async def is_known_in_teams(wires: Wires) -> None:
    """Ana's company told the desk who she is in its directory."""
    async with wires.desk.house.database.unit_of_work() as work:
        (ana,) = await Contacts(work).by_identity(IdentityKind.EMAIL, ANA)
        known = {"kind": "teams", "value": f"{TENANT}|{ANA_IN_TEAMS}", "source": "import"}
        work.write(sa.insert(identities).values(contact_id=ana.id, since=wires.desk.clock(), on_file=True, **known))


async def leaves_by_mail(wires: Wires) -> tuple[Worker, str, EmailMessage]:
    """Ana opened a case in the chat and left; what Marcus says goes on by mail."""
    _, marcus, number = await opens_and_leaves(wires.desk)
    await marcus.replies(number, "Which gate should the van use?")
    wires.mails()
    await told(wires.desk)
    (notice,) = wires.mails()
    return marcus, number, notice


async def adds(customer: Customer | InTeams, number: str, text: str) -> None:
    """By the button, and whatever is asked then."""
    await customer.says("Add to my case")
    if "Which" in customer.heard:
        await customer.says(number)
    await customer.says(text)
    assert number in customer.heard, customer.heard


async def test_one_case_over_web_chat_mail_and_teams(wires: Wires) -> None:
    desk = wires.desk
    before = await wires.numbers()
    await is_known_in_teams(wires)

    # Web chat: she proves who she is, opens a case and leaves; what Marcus says goes on by mail.
    marcus, number, notice = await leaves_by_mail(wires)
    assert "Which gate should the van use?" in words(notice)
    assert await wires.assurance(await wires.conversation(number)) == "verified"

    # Mail: her answer comes back to the case, and the answer to that stays in her thread.
    (noted,) = await wires.answer(notice, "The gate in Mill Road.")
    assert f"that is on case {number} now" in words(noted)
    assert await wires.assurance(await wires.conversation(number)) == "channel"
    desk.clock.passes(minutes=10)
    wires.mails()
    await marcus.replies(number, "Mill Road it is.")
    (reply,) = wires.mails()
    assert "Mill Road it is." in words(reply)
    assert reply["In-Reply-To"] is not None
    assert number in str(reply["Subject"])

    # Teams: she is known there without a code, asks how it stands, adds to it; Marcus answers where she is now.
    desk.clock.passes(hours=1)
    await wires.teams.says("Where does my case stand?")
    assert number in wires.teams.heard
    await adds(wires.teams, number, "The driver must ring the bell, the gate is locked.")
    assert await wires.assurance(await wires.conversation(number)) == "channel"
    await marcus.replies(number, "He will ring.")
    await wires.teams.hears()
    assert "He will ring." in wires.teams.heard
    assert wires.mails() == []

    # She is back in the chat for a word, likes to be told in Teams, and is gone when it is resolved.
    await wishes(desk, number, way="teams")
    again = await desk.visitor(source="192.0.2.7")
    await again.says(f"What is the status of {number}?")
    await again.says(ANA)
    await again.says(desk.code_sent_to(ANA))
    await adds(again, number, "We open at seven tomorrow.")
    wires.mails()
    await marcus.resolves(number, "Delivered at 10:40")
    await told(desk)
    await wires.teams.hears()
    assert f"{number}" in wires.teams.heard, wires.teams.heard
    assert "Delivered at 10:40" in wires.teams.heard
    assert wires.mails() == []

    # What she says to that reopens it.
    await wires.teams.says("No, it is not solved, half of it is missing")
    assert (await desk.case(number)).row.status == "open"

    assert await wires.numbers() == sorted([*before, number])
    assert await wires.story(number) == [
        "CaseOpened",
        "AgentReplied Which gate should the van use?",
        "CustomerTold reply by email",
        "ConversationLinked email",
        "CustomerWrote The gate in Mill Road.",
        "AgentReplied Mill Road it is.",
        "ConversationLinked teams",
        "CustomerWrote The driver must ring the bell, the gate is locked.",
        "AgentReplied He will ring.",
        "ConversationLinked webchat",
        "CustomerWrote We open at seven tomorrow.",
        "CaseResolved",
        "CustomerTold resolved by teams",
        "CaseReopened No, it is not solved, half of it is missing",
    ]
    assert await desk.timeline(number) == [
        "CaseOpened by customer",
        "PolicyApplied by system",
        "PromiseMade by customer",
        "CaseAssigned by Marcus Boateng",
        "AgentReplied by Marcus Boateng",
        "CustomerTold by system",
        "ConversationLinked by Ana Silva",
        "CustomerWrote by customer",
        "PromiseMade by customer",
        "AgentReplied by Marcus Boateng",
        "ConversationLinked by customer",
        "CustomerWrote by customer",
        "PromiseMade by customer",
        "AgentReplied by Marcus Boateng",
        "ConversationLinked by customer",
        "CustomerWrote by customer",
        "PromiseMade by customer",
        "CaseResolved by Marcus Boateng",
        "CustomerTold by system",
        "CaseReopened by customer",
        "PromiseMade by customer",
    ]


async def is_answered_after_ringing(desk: Desk) -> tuple[Worker, str]:
    """Ana rang and knows the number; Marcus replies to the case, which has no conversation."""
    number = await rings(desk, "Our bread never came", contact_id=await ana_id(desk))
    await told(desk)
    marcus = await desk.agent("Marcus")
    await marcus.replies(number, "Which gate should the van use?")
    return marcus, number


async def test_who_rang_is_answered_by_mail_and_the_case_goes_on_there(wires: Wires) -> None:
    desk = wires.desk
    marcus, number = await is_answered_after_ringing(desk)
    wires.mails()
    await told(desk)
    (notice,) = wires.mails()
    assert "Which gate should the van use?" in words(notice)

    (noted,) = await wires.answer(notice, "The gate in Mill Road.")
    assert f"that is on case {number} now" in words(noted)
    desk.clock.passes(minutes=10)
    wires.mails()
    await marcus.replies(number, "Mill Road it is.")
    (reply,) = wires.mails()
    assert "Mill Road it is." in words(reply)
    assert reply["In-Reply-To"] is not None
    assert await wires.story(number) == [
        "CaseOpened",
        "CustomerTold promise by email",
        "AgentReplied Which gate should the van use?",
        "CustomerTold reply by email",
        "ConversationLinked email",
        "CustomerWrote The gate in Mill Road.",
        "AgentReplied Mill Road it is.",
    ]


async def test_who_rang_answers_an_agents_question_in_teams(wires: Wires) -> None:
    desk = wires.desk
    await is_known_in_teams(wires)
    await wires.teams.says("hello")
    number = await rings(desk, "Our bread never came", contact_id=await ana_id(desk))
    await wishes(desk, number, way="teams")
    await told(desk)
    await (await desk.agent("Marcus")).asks(number, "Which gate should the van use?")
    await told(desk)
    await wires.teams.hears()
    assert "Which gate should the van use?" in wires.teams.heard
    await wires.teams.says("Mill Road")
    assert number in wires.teams.heard
    assert (await wires.story(number))[-2:] == ["ConversationLinked teams", "CustomerWrote Mill Road"]
    assert (await desk.case(number)).row.status == "open"


async def test_words_to_who_rang_are_told_though_they_wrote_meanwhile(wires: Wires) -> None:
    desk = wires.desk
    number = await rings(desk, "Our bread never came", contact_id=await ana_id(desk))
    await desk.house.notices.run()
    desk.clock.passes(minutes=3)
    wires.mails()
    await told(desk)
    (promise,) = wires.mails()
    await (await desk.agent("Marcus")).replies(number, "Which gate should the van use?")
    await wires.answer(promise, "It was ten loaves.")  # she cannot have read it
    wires.mails()
    await told(desk)
    (notice,) = wires.mails()
    assert "Which gate should the van use?" in words(notice)


@pytest.mark.parametrize("wants", [{"way": "none"}, {"kinds": ["promise"]}])
async def test_words_to_who_rang_and_wants_no_notices_any_more_are_not_lost_in_silence(
    wires: Wires, wants: dict[str, Any]
) -> None:
    desk = wires.desk
    _, number = await is_answered_after_ringing(desk)
    await wishes(desk, number, **wants)
    wires.mails()
    await told(desk)
    assert wires.mails() == []
    (note,) = [line for line in await desk.timeline(number) if line.startswith("NoteAdded")]
    assert "by bot" in note


async def test_an_answer_where_the_case_was_before_stands_in_its_talk(wires: Wires) -> None:
    desk = wires.desk
    await is_known_in_teams(wires)
    marcus, number, notice = await leaves_by_mail(wires)
    await wires.answer(notice, "The gate in Mill Road.")
    desk.clock.passes(minutes=10)
    wires.mails()
    await marcus.replies(number, "Mill Road it is.")
    (reply,) = wires.mails()
    desk.clock.passes(hours=1)
    await wires.teams.says("Where does my case stand?")
    await adds(wires.teams, number, "The driver must ring the bell, the gate is locked.")
    desk.clock.passes(hours=1)
    await wires.answer(reply, "Half of the bread is mouldy.")  # by mail, where the case is no more
    view = await desk.case(number)
    assert view.conversation is not None
    assert view.conversation.channel == "teams"
    async with desk.house.database.snapshot() as snapshot:
        logs = [await said_during(snapshot, view.id, stay, seq=0, limit=500) for stay in view.talked_in]
    heard = [row.body.get("text", "") for log in logs for row in log]
    assert "Half of the bread is mouldy." in heard
    assert "The gate in Mill Road." in heard


async def test_a_mail_that_nobody_vouches_for_may_add_and_sees_nothing(wires: Wires) -> None:
    _, number, notice = await leaves_by_mail(wires)

    (answer,) = await wires.answer(notice, f"What is the status of {number}?", dmarc="")
    assert await wires.assurance(await wires.conversation(number)) == "claimed"
    assert "bread" not in words(answer)
    assert "bread" not in str(answer["Subject"])

    before = await wires.numbers()
    answers = await wires.mail(f"What is the status of {number}?", subject=f"My case {number}")
    assert all("bread" not in words(one) for one in answers)
    assert len(await wires.numbers()) == len(before) + 1, (
        "nothing but the number points at the case, and nobody vouches"
    )
    disowned = await wires.answer(notice, "Close it.", dmarc="fail")
    assert all(number not in str(one["Subject"]) for one in disowned)
    assert not [line for line in await wires.story(number) if "Close it" in line]


async def test_a_stranger_in_teams_gets_nothing_of_it(wires: Wires) -> None:
    await is_known_in_teams(wires)
    _, number, _ = await leaves_by_mail(wires)
    await wires.stranger.says(f"What is the status of {number}?")
    assert "bread" not in wires.stranger.heard
    assert "e-mail" in wires.stranger.heard, wires.stranger.heard
    await wires.stranger.says(f"Please add to case {number}: send it to my own house instead, thank you")
    assert not [line for line in await wires.story(number) if "my own house" in line]


async def test_a_notice_never_goes_to_a_group(wires: Wires) -> None:
    await is_known_in_teams(wires)
    group = {"id": "19:all@thread.v2", "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
    marcus, number, _ = await leaves_by_mail(wires)
    await wires.teams.says("hello", conversation=group)
    at = wires.desk.clock()
    async with wires.desk.house.database.unit_of_work() as work:
        (ana,) = await Contacts(work).by_identity(IdentityKind.EMAIL, ANA)
        await Assurances(work).vouch(UUID(conversation_id("19:all@thread.v2")), ana.id, "email_code", at=at)
    await wishes(wires.desk, number, way="teams")
    said = len(wires.teams.microsoft.said)

    await marcus.replies(number, "It is on the van.")
    await told(wires.desk)

    assert len(wires.teams.microsoft.said) == said
    (notice,) = wires.mails()
    assert "It is on the van." in words(notice)


async def test_a_notice_that_comes_back_later_is_known(wires: Wires) -> None:
    _, number, _ = await leaves_by_mail(wires)
    path = wires.postbox.taken[-1][0]
    assert path.startswith("desk+b-")

    await asyncio.to_thread(wires._hand_in, bounce(path), path, "")
    assert wires.desk.house.filing is not None
    await wires.desk.house.filing.run()
    await told(wires.desk)

    async with wires.desk.house.database.snapshot() as snapshot:
        assert not await reachable(snapshot, "email", ANA)
        notices = await notices_about(snapshot, (await wires.desk.case(number)).row.id)
    assert [(one.kind, one.state, one.why) for one in notices] == [("reply", "dropped", "unreachable")]
    assert (await wires.desk.timeline(number))[-1].startswith("NoteAdded")


def bounce(path: str) -> bytes:
    """What a mail server writes when there is no such mailbox (RFC 3464)."""
    head = [
        "From: MAILER-DAEMON@mx.harvest-corner.example",
        f"To: {path}",
        "Subject: Undelivered Mail Returned to Sender",
        "Message-ID: <dsn-1@mx.harvest-corner.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    ]
    told_people = ["--b", "Content-Type: text/plain", "", "There is no such mailbox."]
    report = ["--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.harvest-corner.example", ""]
    about = [f"Final-Recipient: rfc822; {ANA}", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 none"]
    return "\r\n".join([*head, "", *told_people, *report, *about, "", "--b--", ""]).encode()
