"""S9: no mail's words are taken for somebody's who did not say them, however it is signed and by whichever border."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dkim
import pytest

from app.mail_reader import DeskReader
from app.mail_settings import MailDesk
from storage.engine import Database
from tests.app.mail.mailing import AUTHSERV, DESK, MailingDesk, by_signatures, mailing, number_in
from tests.app.mail.peer import mail
from tests.channels.email.reading.test_signature import by, keys

pytestmark = pytest.mark.bar
BARE = ("from", "to", "subject", "date", "message-id")
TEXT = ("mime-version", "content-transfer-encoding", "content-type")
HELD = "dkim=pass header.d=corner.example header.s=desk"
SERVER = "spf=pass smtp.mailfrom=ana@corner.example"


def signed(raw: bytes, *names: str) -> bytes:
    """By corner.example, over these fields."""
    chosen = [name.encode() for name in names]
    own: bytes = dkim.sign(raw, b"desk", b"corner.example", keys()[0], include_headers=chosen) + raw
    return own


def holds(raw: bytes) -> bool:
    return bool(dkim.verify(raw, dnsfunc=lambda name, **_: keys()[1].encode()))


def past_the_border(raw: bytes, *told: str) -> bytes:
    """As our border hands it in: DMARC has passed."""
    results = "; ".join([AUTHSERV, *told, "dmarc=pass header.from=corner.example"])
    return f"Authentication-Results: {results}\r\n".encode() + raw


@asynccontextmanager
async def behind_a_border(database: Database, folder: Path) -> AsyncIterator[MailingDesk]:
    async with DeskReader(MailDesk(DESK)) as reader, mailing(database, folder, reader=reader) as desk:
        yield desk


async def known(desk: MailingDesk) -> list[bool]:
    """Of each case, whether its mail was taken for a contact's."""
    return [(await desk.case(number)).contact_id is not None for number in await desk.numbers()]


async def test_s9_who_has_a_domain_that_is_spelt_alike_is_nobody_else(database: Database, tmp_path: Path):
    """By the rules of 2003 fußball is fussball, which is Eve's."""
    async with by_signatures(database, tmp_path, domain="fussball.example") as desk:
        await desk.knows("Ana", "ana@xn--fuball-cta.example")
        await desk.knows("Eve", "eve@fussball.example")
        for place, sender in enumerate(("ana@fußball.example", "eve@fussball.example", "ana@☃.example")):
            raw = mail(message_id=f"{place}@x.example", sender="PLACE <place@home.example>")
            raw = raw.replace(b"PLACE <place@home.example>", f"<{sender}>".encode())
            await desk.gets(by("fussball.example", raw), mail_from="eve@fussball.example")
            await desk.settle()
        assert await known(desk) == [False, True, False]


async def test_s9_the_owner_of_a_domain_beyond_ascii_is_vouched_for_however_it_is_written(
    database: Database, tmp_path: Path
):
    async with by_signatures(database, tmp_path, domain="xn--fuball-cta.example") as desk:
        await desk.knows("Ana", "ana@xn--fuball-cta.example")
        for place, domain in enumerate(("fußball.example", "XN--Fuball-CTA.example")):
            raw = mail(message_id=f"{place}@x.example", sender="ana@PLACE").replace(b"PLACE", domain.encode())
            await desk.gets(by("xn--fuball-cta.example", raw))
            await desk.settle()
        assert await known(desk) == [True, True]


FORWARDED = (
    "FYI\n\n---------- Forwarded message ---------\nFrom: Eve\n\n"
    "--cut\nContent-Type: text/plain\n\nPlease cancel all my deliveries.\n--cut--\n"
)


def read_as_parts(raw: bytes) -> bytes:
    """Under a Content-Type that makes of what was forwarded all that is read."""
    own = b'Content-Type: text/plain; charset="utf-8"'
    assert own in raw
    return raw.replace(own, b'Content-Type: multipart/mixed; boundary="cut"')


@pytest.mark.parametrize("border", [behind_a_border, by_signatures])
async def test_s9_what_somebody_forwarded_is_not_made_their_words(database: Database, tmp_path: Path, border):
    """It is theirs to have forwarded where they signed that all of it is one text."""
    async with border(database, tmp_path) as desk:
        await desk.knows()
        for place in (1, 2):
            raw = mail(FORWARDED, message_id=f"{place}@corner.example", subject="Deliveries")
            own = signed(raw, *BARE, "mime-version", "content-transfer-encoding", *("content-type",) * (place == 1))
            one = own if place == 1 else read_as_parts(own)
            assert holds(one)
            await desk.gets(past_the_border(one, HELD))
            await desk.settle()
        first, second = await desk.numbers()
        assert await known(desk) == [True, False]
        assert (await desk.case(first)).description.startswith("FYI")
        assert (await desk.case(second)).description == "Please cancel all my deliveries."


@pytest.mark.parametrize("told", [(), (HELD,), ("spf=pass smtp.mailfrom=eve@evil.example", HELD)])
async def test_s9_behind_a_border_too_a_pointer_that_is_not_signed_points_nowhere(
    database: Database, tmp_path: Path, told: tuple[str, ...]
):
    """DMARC passes by the signature all the same, whoever has put the pointer above it."""
    async with behind_a_border(database, tmp_path) as desk:
        await desk.gets(past_the_border(signed(mail(message_id="1@corner.example"), *BARE), *told))
        await desk.settle()
        yes = signed(mail("Yes.", subject="dinner", message_id="2@corner.example"), *BARE)
        replayed = b"In-Reply-To: <1@corner.example>\r\n" + yes
        assert holds(replayed)
        await desk.gets(past_the_border(replayed, *told))
        await desk.settle()

        assert await desk.verdicts() == ["new", "sender_unproved"]
        assert "CustomerWrote: Yes." not in await desk.told((await desk.numbers())[0])


async def test_s9_nor_does_a_signature_that_was_put_beside_sign_it(database: Database, tmp_path: Path):
    """One that names more, of the same key, and holds for nobody: who has the mail can write it."""
    async with behind_a_border(database, tmp_path) as desk:
        await desk.gets(past_the_border(signed(mail(message_id="1@corner.example"), *BARE)))
        await desk.settle()
        for place in (2, 3):
            yes = signed(mail("Yes.", subject="dinner", message_id=f"{place}@corner.example"), *BARE)
            own, rest = yes[: yes.index(b"From:")], yes[yes.index(b"From:") :]
            beside = own.replace(b"from : to", b"in-reply-to : references : from : to")
            assert beside != own
            signatures = beside + own if place == 2 else own + beside
            await desk.gets(past_the_border(b"In-Reply-To: <1@corner.example>\r\n" + signatures + rest, HELD))
            await desk.settle()

        assert await desk.verdicts() == ["new", "sender_unproved", "beside_again"]


@pytest.mark.parametrize(
    "put",
    [
        f"Subject{' ' * 30}: dinner\r\nSubject: [NUMBER]",  # where the name of the one that is signed is not read
        f"Subject: dinner\r\nX-{'a' * 100}: b\r\n [NUMBER]",  # what goes on with a line that is not read
    ],
)
async def test_s9_no_number_is_put_into_a_signed_subject(database: Database, tmp_path: Path, put: str):
    async with behind_a_border(database, tmp_path) as desk:
        await desk.gets(past_the_border(signed(mail(message_id="1@corner.example"), *BARE)))
        await desk.settle()
        (number,) = await desk.numbers()
        yes = signed(mail("Yes.", subject="dinner", message_id="2@corner.example"), *BARE)
        await desk.gets(past_the_border(yes.replace(b"Subject: dinner", put.replace("NUMBER", number).encode()), HELD))
        await desk.settle()

        assert (await desk.verdicts())[1] in ("new", "sender_unproved")
        assert "CustomerWrote: Yes." not in await desk.told(number)


async def test_s9_ordinary_replies_go_on_in_their_thread(database: Database, tmp_path: Path):
    """Gmail signs what a mail answers; Microsoft does not, and sends it from its own server."""
    gmail = (*BARE, "in-reply-to", "references", "mime-version", "content-transfer-encoding")
    microsoft = ("from", "date", "subject", "message-id", "content-type", "mime-version")
    async with behind_a_border(database, tmp_path) as desk:
        await desk.gets(past_the_border(signed(mail(message_id="1@corner.example"), *BARE), HELD))
        await desk.settle()
        for place, (names, told) in enumerate(
            (
                (gmail, (HELD,)),
                (gmail, ()),
                (microsoft, (SERVER, HELD)),
                ((), (SERVER,)),
            )
        ):
            raw = mail(f"More {place}.", message_id=f"a{place}@corner.example", answers="1@corner.example")
            await desk.gets(past_the_border(signed(raw, *names) if names else raw, *told))
            await desk.settle()
        assert await desk.verdicts() == ["new", *["own_mail"] * 4]


@pytest.mark.parametrize("mailbox", ["\uff41na", "\u00aana", "an\u1d43"])
async def test_s9_another_mailbox_of_the_domain_is_nobody_else(database: Database, tmp_path: Path, mailbox: str):
    """Its domain vouches for it, and our own programs fold it to Ana's."""
    async with behind_a_border(database, tmp_path) as desk:
        await desk.knows()
        (answer,) = await desk.hears(dmarc="pass", sender="ana@corner.example")
        number = number_in(answer)
        for place, subject in enumerate((f"Re: [{number}]", "Something else")):
            raw = mail(
                "Please close it.", message_id=f"{place}@x.example", sender="ana@corner.example", subject=subject
            )
            raw = raw.replace(b"From: ana@", f"From: {mailbox}@".encode())
            await desk.gets(past_the_border(raw), mail_from="eve@corner.example")
            assert await desk.sent() == []

        assert (await desk.verdicts())[1:] == ["sender_unclear", "new"]
        assert not any("Please close it." in line for line in await desk.told(number))
        assert await known(desk) == [True, False, False]


@pytest.mark.parametrize("found", ["fail", "none"])
async def test_s9_no_copy_vouches_for_what_was_made_of_the_mail_before_it(
    database: Database, tmp_path: Path, found: str
):
    """Somebody who was copied in has it read otherwise, and is faster."""
    async with behind_a_border(database, tmp_path) as desk:
        ana = await desk.knows()
        raw = mail(FORWARDED, message_id="1@corner.example", subject="Deliveries")
        await desk.gets(past_the_border(read_as_parts(raw)).replace(b"dmarc=pass", f"dmarc={found}".encode()))
        await desk.settle()
        await desk.gets(past_the_border(signed(raw, *BARE, *TEXT), HELD))
        await desk.settle()

        assert (await desk.verdicts())[1] == "new"
        told = {
            (await desk.case(one)).description[:6]: (await desk.case(one)).contact_id for one in await desk.numbers()
        }
        assert told == {"Please": None, "FYI\n\n-": ana.id}
