"""A mail that was tried before: what came of it, and who has it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseengine.mail_threads import MailThreads, SentMail, sent_by_ids
from channels.email.outline import Outline
from channels.email.smtp import CHANNEL
from channels.protocol import DeliveryFailed, Receipt
from storage.transaction import UnitOfWork


def came_to(before: SentMail) -> Receipt:
    """What was known of a mail that was not only planned."""
    if before.state == "refused":
        raise DeliveryFailed("the server refused it for good")
    return Receipt(CHANNEL, before.proof or {"skipped": "before"})


def still_for(outline: Outline, before: SentMail | None) -> Outline:
    """Without those who have it from a try before."""
    return replace(outline, had=frozenset((before.proof or {}).get("taken", ()))) if before else outline


async def kept_of(work: UnitOfWork, message_id: str, *, taken: Sequence[str], refused: Mapping[str, int]) -> None:
    """Of a mail whose sending is not over: who certainly has it, and who never will."""
    (before,) = await sent_by_ids(work, [message_id])
    proof = dict(before.proof or {})
    proof["taken"] = each_once(proof.get("taken", ()), taken)
    proof["refused"] = {**proof.get("refused", {}), **refused}
    MailThreads(work).sent(message_id, "planned", proof)


def each_once(*addresses: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(one for some in addresses for one in some))
