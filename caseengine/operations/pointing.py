"""Which case of its conversation a mail is about: one conversation may have several.

Where the mail goes and who may write there is decided before (`caseengine.policies.threading`): what points at a case
that is not of that conversation is not followed.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseengine.conversations import Conversations
from caseengine.mail_threads import sent_by_ids, sent_by_token
from caseengine.mail_tokens import TokenKind
from caseengine.operations.filing import Incoming, numbers_in
from caseengine.tables import cases
from storage.transaction import UnitOfWork


async def case_pointed_at(work: UnitOfWork, mail: Incoming, conversation: UUID) -> UUID | None:
    """By a number in its subject, which its sender may have put there; else by the mail of ours that it answers, the
    newest first; else by the address it was sent to. None where none of these is of the conversation.
    """
    here = (await Conversations(work).get(conversation)).cases
    named = await _numbered(work, numbers_in(mail.subject))
    answered = [sent.case_id for sent in await sent_by_ids(work, mail.answers)]
    return next((one for one in [*named, *answered, *await _by_tokens(work, mail)] if one in here), None)


async def _numbered(work: UnitOfWork, numbers: Sequence[str]) -> list[UUID]:
    """In the order of the numbers."""
    rows = await work.rows(sa.select(cases.c.id, cases.c.number).where(cases.c.number.in_(numbers))) if numbers else []
    found = {row.number: row.id for row in rows}
    return [found[one] for one in numbers if one in found]


async def _by_tokens(work: UnitOfWork, mail: Incoming) -> list[UUID | None]:
    tokens = [token for kind, token in mail.tokens if kind is not TokenKind.CONVERSATION]
    sent = [await sent_by_token(work, token) for token in tokens]
    return [one.case_id for one in sent if one is not None]
