"""How the demo company's articles answer questions as people type them: `python -m bench.demo_answers`.

The questions are in tests/demo/questions.yaml; `nobody_knows` are those no article answers. They are not blind: the
other ways of asking of the articles were written after looking at what was missed.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from app.articles import refresh_index
from app.clock import now
from app.demo.load import load_demo
from app.settings import Settings
from app.wiring import House, build
from knowledge.answer import Answer, Answered, DidYouMean
from knowledge.article import Audience
from knowledge.retrieval.encoder import BackgroundEncoder
from storage.migrate import migrate

QUESTIONS = Path(__file__).parents[1] / "tests/demo/questions.yaml"
MODELS = Path(__file__).parents[1] / ".cache/models"
READY_WITHIN_S = 120.0
OUTCOMES = ("answered right", "answered wrong", "choice with it", "choice without it", "don't know")


async def main() -> None:
    encoder = BackgroundEncoder(MODELS)
    encoder.start()
    await encoder.wait_ready(READY_WITHIN_S)
    with tempfile.TemporaryDirectory() as folder:
        house = build(Settings(data=Path(folder)), encoder=encoder)
        await migrate(house.database)
        await load_demo(house.database, at=now(), hash_password=lambda password: password)
        await refresh_index(house.database, house.index, encoder)
        document = yaml.safe_load(QUESTIONS.read_text("utf-8"))
        counts = {kind: await count(house, questions) for kind, questions in document.items()}
        await house.database.close()
    await encoder.close()
    show(counts)


async def count(house: House, questions: Iterable[str | Mapping[str, Any]]) -> Counter[str]:
    """How many questions ended how."""
    counts: Counter[str] = Counter()
    for question in questions:
        asked = {"q": question} if isinstance(question, str) else question
        audience = Audience.labelled(asked.get("audience", "public"))
        answer = await house.knowledge.answer(asked["q"], audience=audience)
        counts[outcome(answer, asked.get("articles", ()))] += 1
    return counts


def outcome(answer: Answer, right: Iterable[str]) -> str:
    if isinstance(answer, Answered):
        return "answered right" if answer.passage.article in right else "answered wrong"
    if isinstance(answer, DidYouMean):
        has = any(passage.article in right for passage in answer.passages)
        return "choice with it" if has else "choice without it"
    return "don't know"


def show(counts: Mapping[str, Counter[str]]) -> None:
    table = Table("questions", *OUTCOMES, title="python -m bench.demo_answers")
    for kind, found in counts.items():
        table.add_row(f"{kind} ({found.total()})", *(str(found[name]) for name in OUTCOMES))
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())
