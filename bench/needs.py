"""How well the desk learns what a case needs from who solved cases like it: prints a Markdown table.

    python bench/needs.py [--data DIR] [--agents N]

CLINC150: each of its ten domains is a skill. Past cases are sentences of the training file; each was solved by one of
`--agents` made-up agents who have its domain among their two or three skills (fixed seed). The learner sees the words
and the *whole* skill set of whoever solved it, never the domain itself. Scored on the validation file, where one skill
is right: the likeliest of those it names, and how often it names none. "told" has agents of one skill each, which is as
if every past case said what it needed. The floor is the majority class. Nothing is fitted to the validation file.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from caseengine.learning import Example, NeedsLearner

AT_LEAST = 0.6
"""As the rulebook has it where nothing else is decided."""


def load(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def domains(folder: Path) -> dict[str, str]:
    told = json.loads((folder / "clinc150.domains.json").read_text("utf-8"))
    return {intent: domain for domain, intents in told.items() for intent in intents}


def people(skills: Sequence[str], how_many: int, each: tuple[int, int], chance: random.Random) -> list[frozenset[str]]:
    """Everybody's skills; each skill has somebody."""
    found = [frozenset(chance.sample(skills, chance.randint(*each))) for _ in range(how_many)]
    return found + [frozenset({skill}) for skill in skills if not any(skill in one for one in found)]


def past(rows: Sequence[tuple[str, str]], agents: Sequence[frozenset[str]], chance: random.Random) -> list[Example]:
    able = {skill: [one for one in agents if skill in one] for skill in {skill for _, skill in rows}}
    return [Example(words, chance.choice(able[skill])) for words, skill in rows]


def scored(learner: NeedsLearner, rows: Sequence[tuple[str, str]]) -> tuple[float, float, float]:
    """Right among those named, named at all, right of all when the likeliest counts whatever it is."""
    found = learner.likely_all([words for words, _ in rows])
    best = [max(one, key=lambda skill: one[skill]) if one else "" for one in found]
    sure = [bool(one) and max(one.values()) >= AT_LEAST for one in found]
    right = [name == skill for name, (_, skill) in zip(best, rows, strict=True)]
    named = sum(sure)
    of_named = sum(ok for ok, is_sure in zip(right, sure, strict=True) if is_sure) / max(named, 1)
    return of_named, named / len(rows), sum(right) / len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev"))
    parser.add_argument("--agents", type=int, default=30)
    asked = parser.parse_args()
    folder = asked.data / "intents"
    if not folder.exists():
        sys.exit(f"{folder} is not there: nothing was measured")
    of = domains(folder)
    train = [(row["text"], of[row["label"]]) for row in load(folder, "clinc150.train")]
    test = [(row["text"], of[row["label"]]) for row in load(folder, "clinc150.val")]
    outside = [(row["text"], "") for row in load(folder, "clinc150.oos_val")]
    skills = sorted(set(of.values()))
    majority = Counter(skill for _, skill in test).most_common(1)[0][1] / len(test)
    heads = ("learnt from", "past cases", "right of those named", "named", "right of all", "out of scope named", "in")
    sys.stdout.write(f"| {' | '.join(heads)} |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|\n")
    sys.stdout.write(f"| nothing: majority class | | | 1.000 | {majority:.3f} | | |\n")
    for title, each in (("agents of 2-3 skills", (2, 3)), ("told: agents of one skill", (1, 1))):
        for size in (200, 1_000, 5_000):
            chance = random.Random(7)
            agents = people(skills, asked.agents, each, chance)
            examples = past(chance.sample(train, size), agents, chance)
            start = time.perf_counter()
            learner = NeedsLearner.learn(examples)
            took = time.perf_counter() - start
            if learner is None:
                continue
            right, named, of_all = scored(learner, test)
            _, strange, _ = scored(learner, outside)
            sys.stdout.write(
                f"| {title} | {size} | {right:.3f} | {named:.3f} | {of_all:.3f} | {strange:.3f} | {took:.1f} s |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
