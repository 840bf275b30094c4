"""What the desk knows of the mails it sends: whom, about what, how often, and what came of it."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.letter_files import files_said
from app.letter_ids import envelope_token, message_id_of
from app.letter_signing import signed
from app.letter_tries import came_to, each_once, kept_of, still_for
from app.mail_settings import MailDesk
from bot.activity import Activity, Kind, Role
from caseengine.cases import Cases
from caseengine.conversations import find_conversation
from caseengine.mail_allowances import take
from caseengine.mail_threads import (
    ANSWER,
    MailThread,
    MailThreads,
    SentMail,
    answer_key,
    sent_answer,
    sent_by_ids,
    thread_of,
)
from caseengine.mail_tokens import TokenKind, make_token, tokens_in, with_token
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.operations.delivering import case_of_words
from caseengine.operations.filing import note_once
from caseengine.operations.keeping import goes_on_as
from caseengine.reading.log import latest_said
from channels.email.letter import Mailbox
from channels.email.outline import Outline
from channels.email.smtp import CHANNEL, Doubted, Later
from channels.protocol import DeliveryFailed, Receipt
from customers.reachability import Reach, mark, reachable
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import UnitOfWork

QUOTED_LINES_MAX = 15
PLAN_TRIES_MAX = 10
COPY_TRIES_MAX = 5
"""Tries at a copy whose server says "later", where the mail itself has arrived."""
BOLD = "**"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterbookParts:
    """
    Attributes:
        an_hour, an_hour_unproved: automatic mails to one address in an hour, at most; the latter where nobody has
            proved that it is theirs.
        words: the bot's catalogue, for notes to agents.
    """

    database: Database
    desk: MailDesk
    company: str
    secret: bytes
    words: Mapping[str, str]
    now: Callable[[], datetime]
    an_hour: int = 5
    an_hour_unproved: int = 3


class DeskLetterbook:
    """`channels.email.outline.Letterbook`."""

    def __init__(self, parts: LetterbookParts) -> None:
        self._parts = parts
        self._counting = asyncio.Lock()

    async def plan(self, activity: Activity, *, key: str) -> Outline | Receipt:
        if activity.kind is not Kind.MESSAGE:
            return Receipt(CHANNEL, {"skipped": str(activity.kind)})
        automatic = activity.sender.role is not Role.AGENT
        outline = await self._decided(activity, key, automatic=automatic)
        if isinstance(outline, Receipt) and "skipped" in outline.proof and not automatic:
            # A person wrote it: it goes another way, where there is one.
            raise DeliveryFailed("nothing is sent to this address", reason="unreachable")
        return outline

    async def _decided(self, activity: Activity, key: str, *, automatic: bool) -> Outline | Receipt:
        """One at a time here; another process that counts the same address at this moment makes this a conflict."""
        async with self._counting:
            for _ in range(PLAN_TRIES_MAX):
                with contextlib.suppress(Conflict):
                    async with self._parts.database.unit_of_work() as work:
                        return await self._planned(work, activity, key, automatic=automatic)
        raise DeliveryFailed("others write to the same address or case", retry=True)

    async def sent(self, message_id: str, receipt: Receipt) -> None:
        async with self._parts.database.unit_of_work() as work:
            MailThreads(work).sent(message_id, "sent", dict(receipt.proof))
            await self._unreachable(work, message_id, dict(receipt.proof.get("refused", {})))

    async def took(self, message_id: str, recipient: str) -> None:
        """By itself, and before the next gets it."""
        async with self._parts.database.unit_of_work() as work:
            await kept_of(work, message_id, taken=[recipient], refused={})

    async def doubted(self, message_id: str, doubted: Doubted) -> None:
        """Who has it is kept first: what the refused ones mean for the case may meet somebody who works there."""
        async with self._parts.database.unit_of_work() as work:
            await kept_of(work, message_id, taken=doubted.taken, refused=doubted.refused)
        for _ in range(PLAN_TRIES_MAX):
            with contextlib.suppress(Conflict):
                async with self._parts.database.unit_of_work() as work:
                    await self._unreachable(work, message_id, doubted.refused)
                return

    async def refused(self, message_id: str, recipients: Mapping[str, int]) -> None:
        async with self._parts.database.unit_of_work() as work:
            before = await sent_by_ids(work, [message_id])
            known = dict(before[0].proof or {}) if before else {}
            MailThreads(work).sent(message_id, "refused", {**known, "refused": dict(recipients)})
            await self._unreachable(work, message_id, recipients)

    async def later(self, message_id: str, later: Later) -> Receipt | None:
        """Who has it is kept, so that nobody gets it twice; copies that nobody takes end as refused ones."""
        async with self._parts.database.unit_of_work() as work:
            (before,) = await sent_by_ids(work, [message_id])
            proof = dict(before.proof or {})
            proof["taken"] = each_once(proof.get("taken", ()), later.taken)
            proof["tries"] = proof.get("tries", 0) + (before.recipient in proof["taken"])
            proof["refused"] = {**proof.get("refused", {}), **later.refused}
            await self._unreachable(work, message_id, later.refused)
            over = proof["tries"] >= COPY_TRIES_MAX
            proof["refused"] |= later.later if over else {}
            MailThreads(work).sent(message_id, "sent" if over else "planned", proof)
            if over:
                await self._not_taken(work, before, later.later)
        return Receipt(CHANNEL, proof) if over else None

    async def _planned(self, work: UnitOfWork, activity: Activity, key: str, *, automatic: bool) -> Outline | Receipt:
        conversation = UUID(activity.conversation)
        before = await sent_answer(work, conversation, key)
        if before is not None and before.state != "planned":
            return came_to(before)
        thread = await thread_of(work, conversation)
        if thread is None or not thread.address:
            if automatic:
                return Receipt(CHANNEL, {"skipped": "no_address"})
            raise DeliveryFailed("there is no address to answer to", reason="unreachable")
        case_id = await case_of_words(work, conversation, activity.key)
        case = await goes_on_as(work, await Cases(work).by_id(case_id)) if case_id else None
        outline = await self._outline(work, activity, thread, case, key, automatic=automatic)
        reason = None if before is not None else await self._why_not(work, thread, automatic=automatic)
        if before is None:
            self._write(work, outline, conversation, case, key, state="skipped" if reason else "planned")
        if before is None and case is not None:
            await self._copies_left_out(work, activity, outline, case.id, key)
        if reason and case is not None:
            told = self._parts.words["mail.note_not_sent"].format(address=thread.address, reason=reason)
            # An agent is told of each of their own words, the rest once.
            about = reason if automatic else f"{conversation}:{key}"
            await note_once(work, case.id, told, key=f"not-sent:{about}", by=BOT, at=self._parts.now())
        return Receipt(CHANNEL, {"skipped": reason}) if reason else still_for(outline, before)

    async def _why_not(self, work: UnitOfWork, thread: MailThread, *, automatic: bool) -> str | None:
        """Why nothing is sent to this address now; None where it is."""
        if not await reachable(work, "email", thread.address):
            return "unreachable"
        if not automatic:
            return None
        most = self._parts.an_hour if thread.vouched else self._parts.an_hour_unproved
        full_until = await take(work, thread.address, most, at=self._parts.now())
        return None if full_until is None else "too_many"

    async def _outline(
        self, work: UnitOfWork, activity: Activity, thread: MailThread, case: Case | None, key: str, *, automatic: bool
    ) -> Outline:
        parts, number = self._parts, case.number if case else ""
        message_id = message_id_of(parts.secret, activity.conversation, key, domain=parts.desk.domain)
        conversation = await find_conversation(work, thread.conversation_id)
        language = conversation.locale if conversation else ""
        agent, department = "" if automatic else activity.sender.name, case.department if case else None
        by = await signed(work, agent, department, language=language, company=parts.company)
        details = activity.details or {}
        cc = await self._reachable(work, details.get("cc", ()))
        bcc = await self._reachable(work, details.get("bcc", ()))
        heard = [] if automatic else await latest_said(work, thread.conversation_id, role="customer", limit=1)
        return Outline(
            message_id=message_id,
            to=Mailbox(thread.address, thread.name if thread.vouched or not automatic else ""),
            cc=cc,
            bcc=bcc,
            sender=Mailbox(parts.desk.address, by.name),
            reply_to=self._reply_to(thread.conversation_id),
            envelope_from=with_token(
                parts.desk.address, TokenKind.BOUNCE, make_token(parts.secret, TokenKind.BOUNCE, message_id)
            ),
            text=plain(activity.text) if automatic else activity.text,
            subject=_subject(thread, number) if thread.vouched or not automatic else "",
            number=number,
            language=language,
            at=activity.at or parts.now(),
            automatic=automatic,
            in_reply_to=thread.message_ids[-1] if thread.message_ids else "",
            references=thread.message_ids,
            links=activity.card.links if activity.card else (),
            signature=by.signature,
            copies_from=self._copies_from(message_id, [*cc, *bcc], besides=thread.address),
            quoted=_quoted(heard[-1]) if heard else "",
            enclosures=await files_said(work, thread.conversation_id, activity.attachments),
        )

    async def _reachable(self, work: UnitOfWork, addresses: Sequence[str]) -> tuple[str, ...]:
        return tuple([one for one in addresses if await reachable(work, "email", one)])

    async def _copies_left_out(
        self, work: UnitOfWork, activity: Activity, outline: Outline, case_id: UUID, key: str
    ) -> None:
        """Those to addresses that take nothing, or want nothing: the agent is told."""
        asked = activity.details or {}
        left_out = [
            one for one in (*asked.get("cc", ()), *asked.get("bcc", ())) if one not in (*outline.cc, *outline.bcc)
        ]
        if left_out:
            told = self._parts.words["mail.note_not_sent"].format(address=", ".join(left_out), reason="unreachable")
            await note_once(work, case_id, told, key=f"copies:{key}", by=BOT, at=self._parts.now())

    def _write(
        self, work: UnitOfWork, outline: Outline, conversation: UUID, case: Case | None, key: str, *, state: str
    ) -> None:
        MailThreads(work).plan(
            purpose=ANSWER,
            key=answer_key(conversation, key),
            message_id=outline.message_id,
            token=make_token(self._parts.secret, TokenKind.BOUNCE, outline.message_id),
            conversation_id=conversation,
            case_id=case.id if case else None,
            recipient=outline.to.address,
            others=[*outline.cc, *outline.bcc],
            envelopes={one: tokens_in(path)[0][1] for one, path in outline.copies_from.items()},
            automatic=outline.automatic,
            state=state,
            at=self._parts.now(),
        )

    def _copies_from(self, message_id: str, copies: Sequence[str], *, besides: str) -> dict[str, str]:
        parts = self._parts
        tokens = {one: envelope_token(parts.secret, message_id, one) for one in copies if one != besides}
        return {one: with_token(parts.desk.address, TokenKind.BOUNCE, token) for one, token in tokens.items()}

    def _reply_to(self, conversation: UUID) -> str:
        token = make_token(self._parts.secret, TokenKind.CONVERSATION, str(conversation))
        return with_token(self._parts.desk.address, TokenKind.CONVERSATION, token)

    async def _unreachable(self, work: UnitOfWork, message_id: str, recipients: Mapping[str, Any]) -> None:
        """A refusal for good is a fact about the address, and agents of the case are told."""
        gone = {address: code for address, code in recipients.items() if int(code) >= 500}
        if not gone:
            return
        at = self._parts.now()
        for address, code in gone.items():
            mark(work, "email", address, Reach.BOUNCED, f"refused {code}", at=at)
        found = await sent_by_ids(work, [message_id])
        if found and found[0].case_id is not None:
            told = self._parts.words["mail.note_refused"].format(addresses=", ".join(sorted(gone)))
            await note_once(work, found[0].case_id, told, key=f"refused:{message_id}:{min(gone)}", by=BOT, at=at)

    async def _not_taken(self, work: UnitOfWork, mail: SentMail, copies: Mapping[str, int]) -> None:
        """A copy that is given up says nothing of the address; agents of the case are told."""
        if mail.case_id is not None:
            told = self._parts.words["mail.note_not_sent"].format(address=", ".join(sorted(copies)), reason="not_taken")
            key = f"not-taken:{mail.message_id}"
            await note_once(work, mail.case_id, told, key=key, by=BOT, at=self._parts.now())


def plain(text: str) -> str:
    """What a machine of ours says, without the marks that make it bold."""
    return text.replace(BOLD, "") if text.count(BOLD) % 2 == 0 else text


def _subject(thread: MailThread, number: str) -> str:
    """The same in every mail of the thread, but for the number of the case at its end."""
    if not thread.subject:
        return ""
    return f"Re: {thread.subject} [{number}]" if number else f"Re: {thread.subject}"


def _quoted(words: str) -> str:
    lines = words.strip().splitlines()
    return "\n".join([*lines[:QUOTED_LINES_MAX], *(["[...]"] if len(lines) > QUOTED_LINES_MAX else [])])
