"""One-time codes: proof that somebody reads the mail of an address.

A code has one purpose. An identifying code, to an address on file, says who somebody is. A confirming code puts a new
address on file for who was verified already, and never says who somebody is.
An address that no code may go to gets a decoy: the same words, the same work, tries and limits.
Source: docs/decisions/0008-assurance.md
"""

import hmac
import ipaddress
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from customers.assurance import Assurance, Assurances, Level
from customers.code_limits import Sending, contact_reached, room_left, seconds_to_wait
from customers.code_target import Target, confirmation_of, decoy_of, target_of
from customers.contacts import Contacts
from customers.details import ContactActor
from customers.errors import CodeExpired, CodeUsedUp, CodeWrong, TooManyCodes
from customers.identities import IdentityKind, normalise
from customers.proved import prove_case_address
from customers.tables import one_time_codes
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork

DIGITS = 8
VALID_FOR = timedelta(minutes=10)
TRIES_MAX = 5
PROOF = "one_time_code"


class OneTimeCodes:
    """The codes of one unit of work. `secret` is the installation's own; codes and their HMACs come from it."""

    def __init__(self, work: UnitOfWork, secret: bytes) -> None:
        self._work = work
        self._secret = secret

    async def send(
        self,
        conversation: UUID,
        kind: IdentityKind | str,
        address: str,
        *,
        source: str,
        language: str,
        at: datetime,
        case: UUID | None = None,
        case_address: str | None = None,
    ) -> None:
        """Mail an identifying code if what was typed leads to an address on file; say and do the same if not.

        A telephone, account or loyalty number leads to the e-mail that its contact has on file.

        Args:
            address: as typed.
            source: the network address the request came from, "" when the channel has none.
            case, case_address: the case somebody asks for and the address given when it was opened (None when there
                is no such case). When the typed address is that one, the code proves this case, whoever owns it.

        Raises:
            IdentityInvalid: it cannot be an address or number of this kind.
            TooManyCodes: a limit of this conversation, address or source is reached.
        """
        value = normalise(kind, address)
        target = await target_of(self._work, IdentityKind(kind), value, case=case, case_address=case_address)
        subject = self._digest("subject", f"{kind}|{value}".encode())
        await self._send(self._sending(conversation, subject, source, target, at), target, language)

    async def send_confirmation(
        self, conversation: UUID, address: str, *, source: str, language: str, at: datetime
    ) -> None:
        """Mail a code that puts an e-mail on file for the contact this conversation is verified as.

        The contact gave the address before (`Contacts.change`). Where somebody else has it on file, where it is not
        theirs, or nobody is verified here, no code goes out, and the words and the work are the same.

        Raises:
            IdentityInvalid: it cannot be an address.
            TooManyCodes: a limit of this conversation, address or source is reached.
        """
        value = normalise(IdentityKind.EMAIL, address)
        current = await Assurances(self._work).of(conversation, at=at)
        target = await confirmation_of(self._work, value, current)
        subject = self._digest("subject", f"{IdentityKind.EMAIL}|{value}".encode())
        await self._send(self._sending(conversation, subject, source, target, at), target, language)

    async def check(self, conversation: UUID, typed: str, *, at: datetime, confirms: str | None = None) -> Assurance:
        """Try a code against the newest one sent in this conversation. Everything that is typed costs a try.

        The try is written when the unit of work commits, so callers catch the refusals inside it.

        Args:
            confirms: None where an identifying code is waited for; else the e-mail that is to be put on file. A code
                of the other purpose, or for another address, is a wrong one.

        Raises:
            CodeWrong: not the code, or not (any more) the code of the contact this conversation is verified as.
            CodeUsedUp: the tries are spent.
            CodeExpired: no code waits here; or an address is to be confirmed and nobody is verified any more.
        """
        address = None if confirms is None else normalise(IdentityKind.EMAIL, confirms)
        current = await Assurances(self._work).of(conversation, at=at)
        row = await self._newest(conversation)
        if row is None or row.used_at is not None or at > row.expires_at:
            raise CodeExpired
        if address is not None and current.level is not Level.VERIFIED:
            raise CodeExpired
        if row.tries >= TRIES_MAX:
            raise CodeUsedUp
        right = hmac.compare_digest(row.code_hash, self._hash(row.id, _digits(typed)))
        proves = right and await self._proves(row, current, address)
        self._count_try(row, used_at=at if proves else None)
        if not proves:
            raise CodeWrong(TRIES_MAX - row.tries - 1) if row.tries + 1 < TRIES_MAX else CodeUsedUp()
        return await self._accept(row, at)

    def forget(self, before: datetime) -> None:
        """Drop codes sent before an instant; what they proved is kept for itself."""
        self._work.write(sa.delete(one_time_codes).where(one_time_codes.c.sent_at < before))

    def _sending(self, conversation: UUID, subject: bytes, source: str, target: Target, at: datetime) -> Sending:
        group = self._digest("source", source_group(source).encode())
        return Sending(conversation, subject, group, target.contact_id, at)

    async def _send(self, sending: Sending, target: Target, language: str) -> None:
        if wait := await seconds_to_wait(self._work, sending):
            raise TooManyCodes(wait)
        if await contact_reached(self._work, sending):
            sending, target = replace(sending, contact_id=None), decoy_of(target)
        self._write(sending, target, language)

    def _write(self, sending: Sending, target: Target, language: str) -> None:
        code_id = uuid4()
        values = {
            "id": code_id,
            "conversation": sending.conversation,
            "subject": sending.subject,
            "source": sending.source,
            "contact_id": target.contact_id,
            "case_id": target.case_id,
            "confirms": target.confirms,
            "code_hash": self._hash(code_id, code_for(self._secret, code_id)),
            "tries": 0,
            "sent_at": sending.at,
            "expires_at": sending.at + VALID_FOR,
        }
        columns = [sa.bindparam(None, value, type_=one_time_codes.c[name].type) for name, value in values.items()]
        # The limits are asked once more by the writer itself: requests at the same moment cannot pass them together.
        row = sa.select(*columns, _next_place(sending.conversation)).where(room_left(sending))
        insert = sa.insert(one_time_codes).from_select([*values, "place"], row)
        self._work.write(insert, rows=1, duplicate=Conflict())
        mail = {
            "template": target.template,
            "to": target.mail_to,
            "language": language,
            "params": {"code_id": str(code_id)},
        }
        Outbox(self._work).deliver("mail", f"code:{code_id}", mail, at=sending.at)

    async def _newest(self, conversation: UUID) -> sa.Row[Any] | None:
        return await self._work.first(
            sa.select(one_time_codes)
            .where(one_time_codes.c.conversation == conversation)
            .order_by(one_time_codes.c.place.desc())
            .limit(1)
        )

    def _count_try(self, row: sa.Row[Any], *, used_at: datetime | None) -> None:
        # Guesses that ran side by side all saw the same count; the writer lets the first five through, the others
        # get a conflict, right or wrong, and find the code used up when they look again.
        codes = one_time_codes.c
        self._work.write(
            sa.update(one_time_codes)
            .where(codes.id == row.id, codes.tries < TRIES_MAX, codes.used_at.is_(None))
            .values(tries=codes.tries + 1, used_at=used_at),
            rows=1,
        )

    async def _proves(self, row: sa.Row[Any], current: Assurance, address: str | None) -> bool:
        """Whether the right digits prove what they are wanted for. A decoy's never do."""
        if address is None:
            return row.confirms is None and (row.contact_id is not None or row.case_id is not None)
        # Asked again: another person may be verified here now, and the address on file for somebody else.
        now = await confirmation_of(self._work, address, current)
        same_person = bool(row.contact_id == now.contact_id)
        return same_person and bool(row.confirms == now.confirms == address)

    async def _accept(self, row: sa.Row[Any], at: datetime) -> Assurance:
        assurances = Assurances(self._work)
        if row.confirms is not None:
            await self._put_on_file(row, at)
        elif row.contact_id is not None:
            await assurances.verify(row.conversation, row.contact_id, PROOF, at=at)
        if row.case_id is not None:
            await assurances.prove_case(row.conversation, row.case_id, at=at)
            await prove_case_address(self._work, row.case_id, at=at)
        return await assurances.of(row.conversation, at=at)

    async def _put_on_file(self, row: sa.Row[Any], at: datetime) -> None:
        contact = await Contacts(self._work).get(row.contact_id)
        actor = ContactActor(str(contact.id), contact.name)
        await Contacts(self._work).confirm(contact, IdentityKind.EMAIL, row.confirms, by=actor, source=PROOF, at=at)

    def _hash(self, code_id: UUID, code: str) -> bytes:
        return self._digest("check", code_id.bytes + code.encode())

    def _digest(self, purpose: str, content: bytes) -> bytes:
        return digest(self._secret, purpose, content)


def _next_place(conversation: UUID) -> sa.ColumnElement[int]:
    earlier = one_time_codes.alias("earlier")
    newest = sa.select(sa.func.max(earlier.c.place)).where(earlier.c.conversation == conversation).scalar_subquery()
    return sa.func.coalesce(newest, 0) + 1


def code_for(secret: bytes, code_id: UUID) -> str:
    """The code itself, eight digits: kept nowhere, made again from the secret when the mail is written."""
    return f"{int.from_bytes(digest(secret, 'code', code_id.bytes)) % 10**DIGITS:0{DIGITS}}"


async def mail_params(snapshot: Snapshot, secret: bytes, code_id: UUID, *, at: datetime) -> dict[str, Any] | None:
    """What the mail with a code says; None when the code can no longer be used, so that no late mail misleads."""
    row = await snapshot.first(sa.select(one_time_codes).where(one_time_codes.c.id == code_id))
    if row is None or row.used_at is not None or at >= row.expires_at:
        return None
    code = code_for(secret, code_id)
    minutes = max(1, round((row.expires_at - at) / timedelta(minutes=1)))
    return {"code": f"{code[:4]} {code[4:]}", "minutes": minutes}


def digest(secret: bytes, purpose: str, content: bytes) -> bytes:
    """HMAC-SHA256, 32 bytes; each purpose has its own key space."""
    return hmac.digest(secret, purpose.encode() + b"\x00" + content, "sha256")


def source_group(source: str) -> str:
    """The network that a source address stands for: one IPv4 address, or a whole IPv6 /64."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))


def _digits(typed: str) -> str:
    cleaned = unicodedata.normalize("NFKC", typed[:64])
    return "".join(sign for sign in cleaned if sign.isascii() and sign.isdigit())
