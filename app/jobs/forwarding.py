"""The topic "forward": an agent's mail about a case to somebody outside."""

from app.jobs.delivery import Send
from app.letter_forwards import LetterForwards
from channels.email.adapter import EmailAdapter
from channels.protocol import Receipt
from storage.outbox import OutboxRow


def send_forward(forwards: LetterForwards, letters: EmailAdapter) -> Send:
    """What carries out a row of the topic."""

    async def send(row: OutboxRow) -> Receipt:
        outline = await forwards.plan(row.payload, at=row.emitted_at)
        return outline if isinstance(outline, Receipt) else await letters.send_outline(outline)

    return send
