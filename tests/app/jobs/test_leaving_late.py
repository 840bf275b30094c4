"""A notice that its server put off is judged again when it leaves: it keeps quiet hours, and obeys a stop."""

from datetime import time, timedelta

from app.jobs.delivery import Delivery
from app.jobs.mail import send_mail
from app.notice_links import NoticeLinks
from caseengine.model.case import Case
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from customers.wishes import QuietHours, Wishes
from tests.app.jobs import test_telling
from tests.app.jobs.test_opting_out import NEW, known, newcomer, says
from tests.app.jobs.test_telling import SECRET, Street
from tests.caseengine.office import when
from tests.channels.email.servers import Scripted, serving

street = test_telling.street


async def delivered(street: Street, at: str, reply: str) -> int:
    """How many mails a server that answers so has taken, tried at this time."""
    street.clock.at = when(at)
    server = Scripted(at_rcpt=reply)
    links = NoticeLinks(street.database, SECRET, "https://desk.example", "UTC", street.clock)
    async with serving(server) as port:
        settings = SmtpSettings("127.0.0.1", port, "desk@shop.example", "Shop", security="plain")
        send = send_mail(street.database, SmtpSender(settings, links.resolve))
        await Delivery(street.database, street.clock, {"mail": send}).run()
    return len(server.taken)


async def put_off(street: Street, case: Case) -> None:
    """It would have left at 17:59, and the server said "later"."""
    await street.replies(case, "At noon.", "Mon 17:56")
    await street.job().run()
    street.clock.at += timedelta(minutes=3)
    await street.job().run()
    assert await delivered(street, "Mon 17:59", "450 4.3.2 not now") == 0


async def test_a_mail_that_was_put_off_waits_for_the_end_of_their_quiet_hours(street: Street) -> None:
    await street.wish(Wishes(quiet=QuietHours(time(18), time(8, 30))))
    await put_off(street, await street.case())

    assert await delivered(street, "Mon 18:05", "250 OK") == 0
    assert await delivered(street, "Tue 08:29", "250 OK") == 0
    assert await delivered(street, "Tue 08:30", "250 OK") == 1


async def test_a_mail_that_was_put_off_leaves_when_there_are_none(street: Street) -> None:
    await put_off(street, await street.case())
    assert await delivered(street, "Mon 18:05", "250 OK") == 1


async def test_a_mail_that_waits_when_its_address_says_stop_is_not_sent(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, NEW)
    await put_off(street, await street.case(contact_id=contact))
    await says(street, case, None)
    assert await delivered(street, "Mon 18:05", "250 OK") == 0
