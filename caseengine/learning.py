"""What past cases teach: which skills those had who solved what sounds like this.

One logistic regression a skill over TF-IDF of words and pairs of words. A skill that nearly everybody has, or hardly
anybody, tells nothing and is left out. Fitting takes seconds and belongs into a thread.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from caseengine.model.lifecycle import Status
from caseengine.tables import agent_skills, cases
from storage.transaction import Snapshot

EXAMPLES_MAX = 5_000
EXAMPLES_MIN = 40
OF_A_SKILL_MIN = 8
COMMON = 0.8
"""The share of cases from which on a skill of their solvers says nothing about a case."""
LIFT = 1.5
"""How much likelier than usual a skill has to be."""


@dataclass(frozen=True, slots=True)
class Example:
    """A solved case: its words, and the own skills of whoever solved it."""

    words: str
    skills: frozenset[str]


async def solved_cases(snapshot: Snapshot, *, limit: int = EXAMPLES_MAX) -> list[Example]:
    """The cases solved last, with the skills of their agents."""
    rows = await snapshot.rows(
        sa.select(cases.c.subject, cases.c.description, cases.c.agent_id)
        .where(cases.c.status.in_((Status.RESOLVED, Status.CLOSED)), cases.c.agent_id.is_not(None))
        .where(sa.or_(cases.c.resolution_code.is_(None), cases.c.resolution_code == "solved"))
        .order_by(cases.c.opened_at.desc())
        .limit(limit)
    )
    skilled = await snapshot.rows(
        sa.select(agent_skills.c.agent_id, agent_skills.c.skill).where(agent_skills.c.own_level.is_not(None))
    )
    can: dict[Any, set[str]] = {}
    for row in skilled:
        can.setdefault(row.agent_id, set()).add(row.skill)
    return [Example(f"{row.subject}\n{row.description}", frozenset(can.get(row.agent_id, ()))) for row in rows]


class NeedsLearner:
    """Learnt once from examples; `None` of `learn` when there are too few."""

    def __init__(self, vectorise: Any, models: dict[str, Any], usual: dict[str, float]) -> None:
        self._vectorise = vectorise
        self._models = models
        self._usual = usual

    @classmethod
    def learn(cls, examples: Sequence[Example]) -> "NeedsLearner | None":
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        told = [one for one in examples if one.skills and one.words.strip()]
        counts = Counter(skill for one in told for skill in one.skills)
        telling = [
            skill for skill, many in sorted(counts.items()) if many >= OF_A_SKILL_MIN and many <= COMMON * len(told)
        ]
        if len(told) < EXAMPLES_MIN or not telling:
            return None
        vectorise = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        seen = vectorise.fit_transform([one.words for one in told])
        models = {}
        for skill in telling:
            model = LogisticRegression(C=10.0, max_iter=200, solver="liblinear")
            models[skill] = model.fit(seen, [skill in one.skills for one in told])
        return cls(vectorise, models, {skill: counts[skill] / len(told) for skill in telling})

    def likely(self, words: str) -> dict[str, float]:
        """From skill to the probability that whoever solves this has it; only those likelier than they usually are."""
        return self.likely_all([words])[0]

    def likely_all(self, texts: Sequence[str]) -> list[dict[str, float]]:
        seen = self._vectorise.transform(texts)
        chances = {skill: model.predict_proba(seen)[:, 1] for skill, model in self._models.items()}
        return [
            {
                skill: round(float(each[place]), 3)
                for skill, each in chances.items()
                if each[place] >= np.minimum(LIFT * self._usual[skill], 0.95)
            }
            for place in range(len(texts))
        ]
