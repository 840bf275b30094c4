"""How well intents are told, on public sets and on our own sentences: prints a Markdown table.

    python bench/intents.py [--data DIR] [--cache DIR] [--full]

The desk's own classifier and speller, nothing fitted to a set but its training sentences; one fixed threshold. "One
typo" puts one slip into one word of four or more letters of every message (fixed seed). Messages are read, never
printed. HINT3: both label columns as published, "oos" is a label. BANKING77: learnt from the 10-shot file, scored on
1,500 other sentences of the training file (fixed seed). CLINC150: learnt from the 10-shot file (--full: the training
file), scored on the validation files. NATCS: five sentences an intent, scored on fold "test".
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import matthews_corrcoef, roc_auc_score

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.understanding.classifier import Classifier, Ranking
from bot.understanding.examples import english_examples
from bot.understanding.learning import Lesson, Vectors, make_speller
from bot.understanding.words import everyday_words
from knowledge.retrieval.encoder import BackgroundEncoder

OUT = "oos"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Trained:
    """A classifier with the speller of its own training sentences."""

    classifier: Classifier
    texts: tuple[str, ...]
    encoder: BackgroundEncoder
    seconds: float

    async def read(self, texts: Sequence[str], *, spell: bool = True, dense: bool = True) -> list[Ranking]:
        speller = make_speller(self.texts, set(), everyday_words().common)
        said = [speller.mend(text) for text in texts] if spell else list(texts)
        vectors = await self.encoder.encode(said) if dense else None
        return self.classifier.classify_all(said, vectors)


async def train(texts: Sequence[str], labels: Sequence[str], encoder: BackgroundEncoder) -> Trained:
    vectors: Vectors = await encoder.encode(texts)
    start = time.perf_counter()
    classifier = Classifier(texts, labels, vectors)
    return Trained(classifier, tuple(texts), encoder, time.perf_counter() - start)


def with_typo(text: str, chance: random.Random) -> str:
    """One slip in one word of four or more letters; unchanged where there is none."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not places:
        return text
    place = chance.choice(places)
    word = words[place]
    spot = chance.randrange(len(word) - 1)
    letter = chance.choice(_LETTERS)
    words[place] = chance.choice(
        [
            word[:spot] + word[spot + 1 :],
            word[:spot] + letter + word[spot:],
            word[:spot] + letter + word[spot + 1 :],
            word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :],
        ]
    )
    return " ".join(words)


def typos(texts: Sequence[str]) -> list[str]:
    chance = random.Random(7)
    return [with_typo(text, chance) for text in texts]


def decided(rankings: Sequence[Ranking]) -> list[str]:
    return [ranking.best.label if ranking.best else OUT for ranking in rankings]


def accuracy(rankings: Sequence[Ranking], labels: Sequence[str]) -> float:
    return float(np.mean([ranking.guesses[0].label == label for ranking, label in zip(rankings, labels, strict=True)]))


def load(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def column(rows: Sequence[dict[str, str]], name: str = "text") -> list[str]:
    return [row[name] for row in rows]


async def hint3(folder: Path, encoder: BackgroundEncoder) -> list[str]:
    rows, test = load(folder, "hint3_curekart.train"), load(folder, "hint3_curekart.test")
    trained = await train(column(rows), column(rows, "label"), encoder)
    texts, found = column(test), []
    for title, said, spell, dense in (
        ("clean", texts, True, True),
        ("one typo", typos(texts), True, True),
        ("one typo, no speller", typos(texts), False, True),
        ("clean, words alone", texts, True, False),
    ):
        guessed = decided(await trained.read(said, spell=spell, dense=dense))
        scores = [matthews_corrcoef(column(test, name), guessed) for name in ("label", "label_v1")]
        found.append(
            f"| HINT3 Curekart, {title} | MCC {scores[0]:.3f} (labels v1 {scores[1]:.3f}) | {trained.seconds:.1f} s |"
        )
    return found


async def banking(folder: Path, encoder: BackgroundEncoder) -> list[str]:
    rows, others = load(folder, "banking77.train_10shot"), load(folder, "banking77.train")
    random.Random(1).shuffle(others)
    known = set(column(rows))
    test = [row for row in others if row["text"] not in known][:1500]
    trained = await train(column(rows), column(rows, "label"), encoder)
    labels, found = column(test, "label"), []
    for title, said, spell in (
        ("clean", column(test), True),
        ("one typo", typos(column(test)), True),
        ("one typo, no speller", typos(column(test)), False),
    ):
        share = accuracy(await trained.read(said, spell=spell), labels)
        found.append(f"| BANKING77 10-shot, {title} | accuracy {share:.3f} | {trained.seconds:.1f} s |")
    return found


async def clinc(folder: Path, encoder: BackgroundEncoder, *, full: bool) -> list[str]:
    rows = load(folder, "clinc150.train" if full else "clinc150.train_10shot")
    inside, outside = load(folder, "clinc150.val"), load(folder, "clinc150.oos_val")
    trained = await train(column(rows), column(rows, "label"), encoder)
    known, unknown = await trained.read(column(inside)), await trained.read(column(outside))
    scores = [ranking.guesses[0].confidence for ranking in [*known, *unknown]]
    auroc = roc_auc_score([1] * len(known) + [0] * len(unknown), scores)
    kept = np.mean([guess == row["label"] for guess, row in zip(decided(known), inside, strict=True)])
    refused = np.mean([guess == OUT for guess in decided(unknown)])
    result = (
        f"accuracy {accuracy(known, column(inside, 'label')):.3f}; at the threshold {kept:.3f}, "
        f"out of scope found {refused:.3f}; AUROC {auroc:.4f}"
    )
    return [f"| CLINC150 {'full' if full else '10-shot'}, validation | {result} | {trained.seconds:.1f} s |"]


async def natcs(folder: Path, encoder: BackgroundEncoder) -> list[str]:
    rows = load(folder, "natcs_insurance")
    few, test = ([row for row in rows if row["fold"] == fold] for fold in ("shot5", "test"))
    trained = await train(column(few), column(few, "label"), encoder)
    share = accuracy(await trained.read(column(test)), column(test, "label"))
    return [f"| NATCS insurance 5-shot | accuracy {share:.3f} | {trained.seconds:.1f} s |"]


async def own(encoder: BackgroundEncoder) -> list[str]:
    """Our own sentences, five folds: what the classifier alone makes of sentences it has not seen."""
    lesson = Lesson.of(english_examples())
    order = list(range(len(lesson.texts)))
    random.Random(3).shuffle(order)
    right = {"clean": 0.0, "one typo": 0.0, "words alone": 0.0}
    seconds = 0.0
    for fold in range(5):
        test, rest = order[fold::5], [place for place in order if place not in set(order[fold::5])]
        trained = await train([lesson.texts[i] for i in rest], [lesson.labels[i] for i in rest], encoder)
        texts, labels = [lesson.texts[i] for i in test], [lesson.labels[i] for i in test]
        right["clean"] += accuracy(await trained.read(texts), labels) / 5
        right["one typo"] += accuracy(await trained.read(typos(texts)), labels) / 5
        right["words alone"] += accuracy(await trained.read(texts, dense=False), labels) / 5
        seconds = max(seconds, trained.seconds)
    return [
        f"| our own sentences, {title} | accuracy {share:.3f} | {seconds:.1f} s |" for title, share in right.items()
    ]


async def run(folder: Path, cache: Path, *, full: bool) -> None:
    encoder = BackgroundEncoder(cache)
    encoder.start()
    if not await encoder.wait_ready(120):
        sys.exit("the encoder did not load: install the bundled model")
    print(f"`python bench/intents.py{' --full' if full else ''}`\n\n| set | result | fitted in |\n|---|---|---|")
    lines = await own(encoder)
    if (folder / "hint3_curekart.train.jsonl").is_file():
        lines += await hint3(folder, encoder) + await banking(folder, encoder)
        lines += await clinc(folder, encoder, full=full) + await natcs(folder, encoder)
    else:
        lines.append(f"| public sets | not measured: no {folder.name} folder | |")
    print("\n".join(lines))
    await encoder.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev/intents"))
    parser.add_argument("--cache", type=Path, default=Path("data/encoder"), help="where the exported model is kept")
    parser.add_argument("--full", action="store_true", help="CLINC150 from its whole training file")
    given = parser.parse_args()
    asyncio.run(run(given.data, given.cache, full=given.full))


if __name__ == "__main__":
    main()
