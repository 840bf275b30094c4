"""An agent sends lost words again: what a channel keeps so that nothing leaves twice is put aside for them."""

from datetime import datetime

import sqlalchemy as sa

from app.tables import teams_sendings
from caseengine.mail_threads import MailThreads, sent_answer
from caseengine.model.actor import Actor
from caseengine.model.events import SentAgain
from caseengine.operations.delivering import send_again
from storage.transaction import UnitOfWork


async def send_lost(work: UnitOfWork, number: str, lost: int, *, by: Actor, at: datetime) -> SentAgain:
    """As `send_again`, of words on any channel. Raises as that does."""
    sent = await send_again(work, number, lost, by=by, at=at)
    await _begin_anew(work, sent)
    return sent


async def _begin_anew(work: UnitOfWork, sent: SentAgain) -> None:
    """The delivery that follows is a first one; under the same name, so that who has it already knows it.

    Teams forgets a sending whose end nobody knows. A mail forgets that it was refused or held back, and not who has it.
    """
    unknown = teams_sendings.c.activity_id == ""
    mine = teams_sendings.c.conversation_id == sent.conversation_id, teams_sendings.c.key == sent.key
    work.write(sa.delete(teams_sendings).where(*mine, unknown))
    mail = await sent_answer(work, sent.conversation_id, sent.key)
    if mail is not None:
        MailThreads(work).begin_anew(mail)
