"""What past cases teach about what a case needs, learnt in the background and anew now and then."""

import asyncio
from collections.abc import Mapping

import structlog

from caseengine.learning import NeedsLearner, solved_cases
from caseengine.routing_rules import routing_rules
from storage.engine import Database

log = structlog.get_logger()


class LearntNeeds:
    """Knows nothing until it has learnt; learns only where the rulebook asks for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learner: NeedsLearner | None = None

    async def learn(self) -> None:
        """Learn from the cases solved so far."""
        async with self._database.snapshot() as snapshot:
            _, policy = await routing_rules(snapshot)
            examples = await solved_cases(snapshot) if policy.classifier is not None else []
        if not examples:
            self._learner = None
            return
        self._learner = await asyncio.to_thread(NeedsLearner.learn, examples)
        log.info("needs_learnt", examples=len(examples), usable=self._learner is not None)

    def likely(self, words: str) -> Mapping[str, float]:
        """See `NeedsLearner.likely`; empty while nothing was learnt."""
        return self._learner.likely(words) if self._learner is not None else {}
