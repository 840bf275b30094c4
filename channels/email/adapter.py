"""E-mail as a channel: an activity of a conversation by mail goes out as one mail."""

import asyncio
from functools import partial

import structlog

from bot.activity import Activity
from channels.email.compose import compose
from channels.email.outline import Letterbook, Outline
from channels.email.smtp import CHANNEL, Doubted, Later, Refused, SmtpSender
from channels.leaving import to_the_end, written_down
from channels.protocol import DeliveryFailed, Receipt

log = structlog.get_logger()


class EmailAdapter:
    """`channels.protocol.ChannelAdapter`."""

    name = CHANNEL

    def __init__(self, letterbook: Letterbook, sender: SmtpSender, company: str) -> None:
        self._letterbook = letterbook
        self._sender = sender
        self._company = company

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        """Send it once; after a crash in the middle it may go a second time, under the same Message-ID.

        Raises:
            DeliveryFailed: it was not, or perhaps not, taken.
        """
        outline = await self._letterbook.plan(activity, key=key)
        return outline if isinstance(outline, Receipt) else await self.send_outline(outline)

    async def send_outline(self, outline: Outline) -> Receipt:
        """A mail that was planned; see `send`."""
        try:
            message = await asyncio.to_thread(compose, outline, self._company)
        except (ValueError, IndexError) as error:
            raise DeliveryFailed(f"the mail cannot be written: {type(error).__name__}") from error
        try:
            took = partial(self._letterbook.took, outline.message_id)
            receipt = await self._sender.hand_over(message, outline.envelopes, took)
        except Doubted as doubted:
            await to_the_end(self._keep(outline.message_id, doubted))
            raise
        except Later as later:
            done = await to_the_end(self._letterbook.later(outline.message_id, later))
            if done is None:
                raise
            return done
        except Refused as refused:
            if outline.to.address not in outline.had:
                await to_the_end(self._letterbook.refused(outline.message_id, refused.recipients))
                raise
            receipt = Receipt(CHANNEL, {"message_id": message["Message-ID"], "refused": dict(refused.recipients)})
        await written_down(self._letterbook.sent(outline.message_id, receipt))
        if outline.to.address in (refused_for := receipt.proof.get("refused", {})):
            raise Refused("not accepted for whom it is written to", refused_for)
        return receipt

    async def _keep(self, message_id: str, doubted: Doubted) -> None:
        """Whatever happens here, the doubt is what is told: as any other failure it would be sent again by itself."""
        try:
            await self._letterbook.doubted(message_id, doubted)
        except Exception:
            log.exception("who_has_the_mail_not_kept", message_id=message_id)
