"""What became of an answer: the raw material of content gaps and stale articles."""

from bot.dialogs.desk import Desk
from bot.tables import answer_outcomes
from caseengine.model.conversation import Outcome
from storage.transaction import insertion


def record_outcome(desk: Desk, question: str, article: str | None, outcome: str) -> None:
    """Keep that this question was solved, not solved or unanswered by this article."""
    desk.work.write(
        insertion(
            answer_outcomes,
            conversation_id=desk.conversation.id,
            article=article,
            question=question,
            outcome=outcome,
            at=desk.at,
        )
    )
    desk.conversation.came_to(Outcome.SOLVED if outcome == "solved" else Outcome.UNANSWERED)
