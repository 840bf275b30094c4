"""Sending mail to the company's own server. What the server answered decides what may be tried again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import jinja2

from channels.email.mail import Mail
from channels.email.message import POLICY, build, wire_address
from channels.email.smtp_connection import SmtpConnections, SmtpSettings, said
from channels.email.words import UnknownTemplate, write
from channels.leaving import CutOff, is_stopping, to_the_end
from channels.protocol import DeliveryFailed, Receipt

CHANNEL = "email"
PERMANENT = 500
"""Replies from here on are for good."""
NOT_TRIED = 451
"""In place of a reply, for whom the server went away before it was asked."""
NOT_IN_ASCII = 553
"""In place of a reply, for an address beyond ASCII at a server that takes none."""

ResolveParams = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]
"""From the parameters in the outbox to the parameters the mail is written with.

None: there is nothing to say any more (a code that has expired), and no mail is sent.
"""


class Refused(DeliveryFailed):
    """The server will never take it for these recipients: address to reply code."""

    def __init__(self, detail: str, recipients: Mapping[str, int]) -> None:
        super().__init__(detail)
        self.recipients = recipients


class Later(DeliveryFailed):
    """For some recipients the server says "later": they alone are tried again.

    Attributes:
        taken: who has it now.
        later, refused: for whom it was not taken now, and never will be: address to reply code.
    """

    def __init__(self, taken: Sequence[str], later: Mapping[str, int], refused: Mapping[str, int]) -> None:
        super().__init__(f"not accepted yet: {sorted({*later.values()})}", retry=True)
        self.taken, self.later, self.refused = taken, later, refused


class Doubted(DeliveryFailed):
    """Nobody knows whether one of them has it: the connection was lost, or the desk stopped. Of the others it is known.

    Attributes:
        taken: who certainly has it.
        refused: for whom it never will be taken: address to reply code.
    """

    def __init__(self, detail: str, taken: Sequence[str], refused: Mapping[str, int]) -> None:
        super().__init__(detail, ambiguous=True)
        self.taken, self.refused = taken, refused


Took = Callable[[str], Coroutine[Any, Any, None]]
"""Told who has it, before it is given to the next: whatever ends the sending then, they get no second one."""
Sign = Callable[[bytes], bytes]
"""From a mail to the mail with a signature on top."""


class SmtpSender:
    """Sends one mail per connection."""

    def __init__(self, settings: SmtpSettings, resolve_params: ResolveParams, sign: Sign | None = None) -> None:
        self._settings = settings
        self._connections = SmtpConnections(settings)
        self._resolve_params = resolve_params
        self._sign = sign

    async def send(self, mail: Mail, *, key: str, hurried: bool = True) -> Receipt:
        """Write the mail and hand it to the server.

        A mail to nobody, or with nothing left to say, is done without sending; the receipt says so.

        Raises:
            DeliveryFailed: with `retry` when the server certainly did not take it and may do so later, `ambiguous`
                when the connection was lost, or the desk stopped, after the text had begun to leave.
        """
        params = await self._resolve_params(mail.params)
        if params is None or not mail.to:
            return Receipt(CHANNEL, {"skipped": True})
        message = await asyncio.to_thread(self._written, mail, params, key)
        sender = mail.return_path.envelope_from if mail.return_path else self._settings.sender
        return await self.hand_over(message, {mail.to: sender}, hurried=hurried)

    async def hand_over(
        self, message: EmailMessage, envelopes: Mapping[str, str], took: Took | None = None, *, hurried: bool = True
    ) -> Receipt:
        """Give a mail that is written to the server, once for each recipient; the receipt names those it refused.

        Args:
            envelopes: each recipient with the sender of their envelope, where what comes back from them goes: nobody
                else gets to see it.
            took: for all but the last, whose receipt is the answer.
            hurried: somebody waits for it; see `SmtpConnections.open`.

        Raises:
            DeliveryFailed: see `send`. `Refused` where it takes it for none of them, now or ever; `Later` where it may
                take it later for some of them, whoever else has it by now; `Doubted` where it is ambiguous.
        """
        client = await self._connections.open(hurried=hurried)
        taken: dict[str, Receipt] = {}
        failed: dict[str, int] = {}
        try:
            await self._hand_to_each(client, message, envelopes, taken, failed, took=took)
        except DeliveryFailed as stopped:
            if stopped.ambiguous:
                raise Doubted(str(stopped), list(taken), _for_good(failed)) from stopped
            if not taken:
                raise
            left = [address for address in envelopes if address not in taken and address not in failed]
            failed |= dict.fromkeys(left, NOT_TRIED)
        finally:
            self._connections.leave(client)
        later = {address: code for address, code in failed.items() if code < PERMANENT}
        refused = _for_good(failed)
        if later:
            raise Later(list(taken), later, refused)
        if not taken:
            raise Refused(f"not accepted: {sorted({*failed.values()})}", failed)
        (*_, receipt) = taken.values()
        return Receipt(CHANNEL, {**receipt.proof, **({"refused": refused} if refused else {})})

    def _written(self, mail: Mail, params: Mapping[str, Any], key: str) -> EmailMessage:
        settings = self._settings
        try:
            known = {"company": settings.company, "answers_read": settings.answers_read}
            words = write(mail.template, mail.language, {**known, **params}, answerable=mail.return_path is not None)
            name = settings.sender_name or settings.company
            stop = str(params.get("stop_url", ""))
            return build(mail, words, sender=settings.sender, sender_name=name, key=key, stop_url=stop)
        except (UnknownTemplate, jinja2.TemplateError, ValueError, IndexError) as error:
            raise DeliveryFailed(f"the mail cannot be written: {type(error).__name__}") from error

    async def _hand_to_each(
        self,
        client: aiosmtplib.SMTP,
        message: EmailMessage,
        envelopes: Mapping[str, str],
        taken: dict[str, Receipt],
        failed: dict[str, int],
        *,
        took: Took | None,
    ) -> None:
        """Fills in who has it, and for whom it was not accepted, now or ever, with the code of the reply.

        Only whom it cannot reach otherwise gets it with headers beyond ASCII: some server on the way may not take them.
        """
        for address, sender in envelopes.items():
            if taken and is_stopping():
                raise DeliveryFailed("the desk stops", retry=True)
            ends = (wire_address(sender), wire_address(address))
            utf8 = not "".join(ends).isascii()
            code = await self._envelope(client, *ends, utf8=utf8)
            if code is not None:
                failed[address] = code
            else:
                taken[address] = await self._text(client, message, utf8=utf8)
                if took is not None and len(taken) + len(failed) < len(envelopes):
                    await to_the_end(took(address))

    async def _envelope(self, client: aiosmtplib.SMTP, sender: str, to: str, *, utf8: bool) -> int | None:
        """Who it is from and for; the code of the reply where it was not accepted for them."""
        options = ["SMTPUTF8"] if utf8 else []
        encoding = "utf-8" if utf8 else "ascii"
        try:
            await client.ehlo()  # which also ends an envelope that came to nothing
            if utf8 and not client.supports_extension("smtputf8"):
                if not sender.isascii():
                    raise DeliveryFailed("the server takes no addresses beyond ASCII, and the desk's is one")
                return NOT_IN_ASCII
            await client.mail(sender, options=options, encoding=encoding)
            try:
                await client.rcpt(to, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                return error.code
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"not accepted: {said(error)}", retry=_may_retry(error)) from error
        return None

    async def _text(self, client: aiosmtplib.SMTP, message: EmailMessage, *, utf8: bool) -> Receipt:
        raw = await asyncio.to_thread(self._signed, message, utf8=utf8)
        try:
            response = await to_the_end(client.data(raw, timeout=self._settings.patience.for_text(len(raw))))
        except CutOff as error:
            client.close()
            raise DeliveryFailed("the desk stopped before the server answered", ambiguous=True) from error
        except aiosmtplib.SMTPDataError as error:
            raise DeliveryFailed(f"not accepted: {said(error)}", retry=_may_retry(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed("the connection was lost after DATA", ambiguous=True) from error
        return Receipt(CHANNEL, {"message_id": message["Message-ID"], "reply": f"{response.code} {response.message}"})

    def _signed(self, message: EmailMessage, *, utf8: bool) -> bytes:
        raw = message.as_bytes(policy=POLICY.clone(utf8=utf8))
        return self._sign(raw) if self._sign else raw


def _for_good(failed: Mapping[str, int]) -> dict[str, int]:
    return {address: code for address, code in failed.items() if code >= PERMANENT}


def _may_retry(error: Exception) -> bool:
    """A reply of 4xx, or none at all: later. A reply of 5xx: never."""
    return not isinstance(error, aiosmtplib.SMTPResponseException) or 400 <= error.code < PERMANENT
