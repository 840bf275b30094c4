"""Files that an agent sends to a customer who left go with the words."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID, uuid4

import pytest

from app.jobs.delivery import Delivery
from app.jobs.mail import send_mail
from app.notice_links import NoticeLinks
from caseengine.activities import after
from caseengine.files import read_file
from caseengine.model.case import Case
from caseengine.operations.answering import ask_customer, reply
from caseengine.operations.enclosing import put_file
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeliveryFailed
from customers.wishes import Way, Wishes
from tests.app.jobs import test_telling
from tests.app.jobs.test_telling import SECRET, Street
from tests.caseengine.office import when
from tests.channels.email.servers import Scripted, serving

street = test_telling.street
PDF = "application/pdf"
MIB = 2**20


async def sends(street: Street, case: Case, text: str, at: str, *files: tuple[str, bytes], asks: bool = False) -> None:
    street.clock.at = when(at)
    who = {"by": street.office.mo.actor, "at": street.clock.at}
    laid = [
        (await street.office.do(put_file, case.number, name=name, content_type=PDF, content=content, **who)).id
        for name, content in files
    ]
    say = ask_customer if asks else reply
    await street.office.do(say, case.number, text, key=uuid4().hex, files=laid, **who)


async def received(street: Street) -> list[tuple[str, dict[str, bytes]]]:
    """The mails that wait, as a server of the customer's gets them: text, and files by name."""
    server, links = Scripted(), NoticeLinks(street.database, SECRET, "https://desk.example", street.clock)
    async with serving(server, data_size_limit=33 * MIB) as port:
        settings = SmtpSettings("127.0.0.1", port, "desk@shop.example", "Shop", security="plain")
        send = send_mail(street.database, SmtpSender(settings, links.resolve))
        await Delivery(street.database, street.clock, {"mail": send}).run()
    return [_opened(raw) for raw in server.taken]


def _opened(raw: bytes) -> tuple[str, dict[str, bytes]]:
    message = message_from_bytes(raw, policy=default)
    body = message.get_body(("plain",))
    assert isinstance(message, EmailMessage)
    assert body is not None
    return body.get_content(), {str(one.get_filename()): one.get_content() for one in message.iter_attachments()}


async def is_told(street: Street) -> None:
    await street.job().run()
    street.clock.at += timedelta(minutes=3)
    await street.job().run()


@pytest.mark.parametrize("asks", [False, True])
async def test_files_go_with_the_mail_to_who_left_the_chat(street: Street, asks: bool) -> None:
    case = await street.case()
    files = ("invoice.pdf", b"%PDF invoice"), ("terms.pdf", b"%PDF terms")
    await sends(street, case, "Please sign the attached form.", "Mon 10:00", *files, asks=asks)
    await is_told(street)

    ((text, enclosed),) = await received(street)
    assert "Please sign the attached form." in text
    assert "Angehängt: invoice.pdf, terms.pdf" in text
    assert enclosed == dict(files)


async def test_files_that_teams_does_not_take_go_by_mail(street: Street) -> None:
    conversation = await street.in_teams()
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.office.hand_over(conversation, case)
    await street.delivers()
    street.refuse["teams"] = DeliveryFailed("403")
    await sends(street, case, "Here", "Mon 10:00", ("invoice.pdf", b"%PDF"))
    await street.delivers()
    await is_told(street)

    ((_, enclosed),) = await received(street)
    assert enclosed == {"invoice.pdf": b"%PDF"}


async def test_files_of_a_case_without_a_conversation_go_too(street: Street) -> None:
    case = await street.office.report(contact_id=street.contact)
    await sends(street, case, "Here", "Mon 10:00", ("invoice.pdf", b"%PDF"))
    await is_told(street)
    ((_, enclosed),) = await received(street)
    assert enclosed == {"invoice.pdf": b"%PDF"}


async def test_what_is_too_much_for_one_mail_is_several(street: Street) -> None:
    one, other = await street.case(), await street.case()
    await sends(street, one, "First", "Mon 10:00", ("1.pdf", b"1" * 9 * MIB))
    await sends(street, other, "Second", "Mon 10:00", ("2.pdf", b"2" * 5 * MIB))
    await sends(street, one, "Third", "Mon 10:01", ("3.pdf", b"3" * 2 * MIB))
    await sends(street, one, "Fourth", "Mon 10:01")
    await is_told(street)

    mails = await received(street)
    assert [sorted(enclosed) for _, enclosed in mails] == [["1.pdf", "2.pdf"], ["3.pdf"]]
    assert ["Fourth" in text for text, _ in mails] == [False, True]
    assert {notice.state for notice in await street.notices(one)} == {"told"}


async def test_files_go_to_teams_where_they_like_that_best(street: Street) -> None:
    teams, case = await street.in_teams(), await street.case()
    await street.wish(Wishes(way=Way.TEAMS))
    await sends(street, case, "Here", "Mon 10:00", ("invoice.pdf", b"%PDF"))
    await is_told(street)
    await is_told(street)

    (file,) = (await street.office.see(after, teams, 0))[-1].body["attachments"]
    assert file["name"] == "invoice.pdf"
    there = await street.office.see(read_file, teams, UUID(file["id"]))
    assert there is not None
    assert there[1] == b"%PDF"
