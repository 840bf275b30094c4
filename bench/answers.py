"""Answer quality on public sets, and the fit of the calibration.

    python -m bench.answers            prints the tables
    python -m bench.answers fit        writes knowledge/retrieval/calibration.json

Needs the development data beside the checkout (`../shared/data/dev`, or `--data DIR`); nothing of it is kept here.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from knowledge.article import Article, Audience
from knowledge.ingest.passages import article_passages, embedded_text
from knowledge.retrieval.calibration import FITTED, Calibration, features, fitted
from knowledge.retrieval.lexical import bag
from knowledge.retrieval.model import load_model, model_folder
from knowledge.retrieval.retriever import Search, mended, search_view
from knowledge.retrieval.shelf import Document, Entry, View, views
from knowledge.retrieval.speller import whole_wordpieces
from knowledge.retrieval.words import stems

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "dev"
SETS = {
    "StackFAQ": ("kb/stackfaq.docs.jsonl", "kb/stackfaq.queries_even.jsonl"),
    "CovidFAQ": ("kb/covidfaq.docs.jsonl", "kb/covidfaq.queries.jsonl"),
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
REMOVALS = 8
"""Times a random quarter of the articles is taken away, each with its own seed."""
RIGHT_MIN = 0.95
CHOICE_LOST_MAX = 0.05
"""Share of the questions whose article is among the first three that may fall below the lower threshold."""
DEPTH = 1_000

Encode = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Question:
    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Collection:
    name: str
    documents: list[Document]
    questions: list[Question]


@dataclass(frozen=True)
class Trial:
    """One question asked of one state of the collection."""

    search: Search
    answerable: bool
    right: bool
    right_in_three: bool


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.answers", description=__doc__)
    parser.add_argument("action", nargs="?", choices=("show", "fit"), default="show")
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    if not (arguments.data / "kb").is_dir():
        sys.exit(f"no development data at {arguments.data}: pass --data DIR")
    with tempfile.TemporaryDirectory() as cache:
        model = load_model(Path(cache))
        encode: Encode = lambda texts: model.encode(list(texts), batch_size=32, show_progress_bar=False)  # noqa: E731
        collections = [read(name, arguments.data, encode) for name in SETS]
        (fit if arguments.action == "fit" else show)(collections, encode)


def read(name: str, data: Path, encode: Encode) -> Collection:
    """A collection with the passages an import would have made of it."""
    documents, questions = (
        [orjson.loads(line) for line in (data / file).read_bytes().splitlines()] for file in SETS[name]
    )
    articles = [
        Article(slug=row["id"], title=row["title"], body="\n\n".join(row["answers"]) or row["title"])
        for row in documents
    ]
    return Collection(
        name,
        list(with_vectors(articles, encode)),
        [Question(row["text"], frozenset(row["rel"])) for row in questions],
    )


def with_vectors(articles: Sequence[Article], encode: Encode) -> Iterator[Document]:
    drafts = [(article, draft) for article in articles for draft in article_passages(article)]
    vectors = encode([embedded_text(draft.kind, article.title, draft.heading, draft.text) for article, draft in drafts])
    entries: dict[str, list[Entry]] = {}
    for number, ((article, draft), vector) in enumerate(zip(drafts, vectors, strict=True)):
        terms = bag(stems(f"{draft.heading} {draft.text}"))
        entries.setdefault(article.slug, []).append(Entry(number, draft.kind, draft.heading, draft.text, terms, vector))
    for article in articles:
        yield Document(article.slug, "", article.title, article.audience, "en", tuple(entries[article.slug]))


def shelf(documents: Sequence[Document]) -> View:
    return views(documents, whole_wordpieces(model_folder() / "vocab.txt"))[Audience.PUBLIC]


def ask(view: View, questions: Sequence[Question], encode: Encode | None, limit: int = DEPTH) -> list[Search]:
    texts = [mended(view, question.text) for question in questions]
    vectors = encode(texts) if encode else [None] * len(texts)
    return [search_view(view, text, vector, limit) for text, vector in zip(texts, vectors, strict=True)]


def trials(collection: Collection, encode: Encode | None, *, removed: bool) -> list[Trial]:
    """Every question, with all articles there or, REMOVALS times, with a quarter of them gone."""
    made: list[Trial] = []
    for seed in range(REMOVALS if removed else 1):
        kept = collection.documents
        if removed:
            kept = Random(seed).sample(kept, round(len(kept) * 0.75))
        there = {document.slug for document in kept}
        for question, search in zip(
            collection.questions, ask(shelf(kept), collection.questions, encode, 3), strict=True
        ):
            found = [hit.document.slug in question.right for hit in search.hits]
            made.append(Trial(search, bool(question.right & there), bool(found and found[0]), any(found)))
    return made


def with_slip(question: Question, random: Random) -> Question:
    """One slip in one word of four letters or more."""
    parts = question.text.split()
    places = [place for place, word in enumerate(parts) if len(word) > 3 and word.isalpha()]
    if not places:
        return question
    place = random.choice(places)
    word, at, letter = parts[place], random.randrange(1, len(parts[place]) - 1), random.choice(LETTERS)
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
    )
    parts[place] = random.choice(slips)
    return replace(question, text=" ".join(parts))


def slipped(collection: Collection) -> Collection:
    random = Random(7)
    return replace(collection, questions=[with_slip(question, random) for question in collection.questions])


def show(collections: Sequence[Collection], encode: Encode) -> None:
    console = Console(width=110)
    ranking = Table(
        "set", "search", "hit@1", "MRR", "MAP", "nDCG@10", title="Find the article: python -m bench.answers"
    )
    answers = Table(
        *(
            "set",
            "search",
            "answered at 95 % right",
            "at our threshold",
            "right then",
            "choice holds it",
            "gaps owned up",
        ),
        title=f"A quarter of the articles removed, {REMOVALS} seeds: python -m bench.answers",
    )
    for collection in collections:
        for name, encoder in (("fused", encode), ("words alone", None)):
            for kind, asked in (("", collection), (", one slip", slipped(collection))):
                ranking.add_row(collection.name + kind, name, *(f"{x:.3f}" for x in ranked(asked, encoder)))
            answers.add_row(
                collection.name, name, *(f"{x:.3f}" for x in answered(trials(collection, encoder, removed=True)))
            )
    console.print(ranking)
    console.print(answers)


def ranked(collection: Collection, encode: Encode | None) -> tuple[float, ...]:
    """hit@1, mean reciprocal rank, mean average precision, nDCG@10."""
    rows = []
    for question, search in zip(
        collection.questions, ask(shelf(collection.documents), collection.questions, encode), strict=True
    ):
        ranks = [place for place, hit in enumerate(search.hits, 1) if hit.document.slug in question.right]
        best = sum(1 / np.log2(place + 1) for place in range(1, min(10, len(question.right)) + 1))
        gain = sum(1 / np.log2(place + 1) for place in ranks if place <= 10)
        precision = sum(number / place for number, place in enumerate(ranks, 1)) / len(question.right)
        rows.append((float(ranks[:1] == [1]), 1 / ranks[0] if ranks else 0.0, precision, gain / best))
    return tuple(float(x) for x in np.mean(rows, axis=0))


def answered(made: Sequence[Trial]) -> tuple[float, ...]:
    calibration = fitted().of(next(trial.search for trial in made if trial.search.hits))
    chances = np.array([calibration.probability(trial.search) for trial in made])
    answerable = np.array([trial.answerable for trial in made])
    right = np.array([trial.right for trial in made])
    three = np.array([trial.right_in_three for trial in made])
    told = chances >= calibration.answer
    offered = (chances >= calibration.choose) & ~told
    return (
        share_at(chances, right, answerable, RIGHT_MIN),
        float((told & answerable).sum() / answerable.sum()),
        float(right[told].mean()),
        float(three[offered & answerable].mean()),
        float((~told)[~answerable].mean()),
    )


def share_at(chances: Any, right: Any, answerable: Any, least: float) -> float:
    """Share of the answerable questions answered at the loosest threshold whose answers are right often enough."""
    threshold = loosest(chances, right, least)
    return float(((chances >= threshold) & answerable).sum() / answerable.sum())


def loosest(chances: Any, right: Any, least: float, weights: Any = None) -> float:
    """The lowest threshold above which at least this share of the first hits is right."""
    order = np.argsort(-chances, kind="stable")
    weight = (np.ones(len(chances)) if weights is None else weights)[order]
    share = np.cumsum(right[order] * weight) / np.cumsum(weight)
    enough = np.nonzero(share >= least)[0]
    return float(chances[order[enough[-1]]]) if len(enough) else 1.0


def fit(collections: Sequence[Collection], encode: Encode) -> None:
    command = "python -m bench.answers fit"
    document: dict[str, Any] = {"command": command, "sets": list(SETS), "features": ["score", "margin"]}
    for mode, encoder in (("fused", encode), ("lexical", None)):
        document[mode] = fit_mode(collections, encoder)
        Console().print(mode, document[mode])
    FITTED.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def fit_mode(collections: Sequence[Collection], encode: Encode | None) -> dict[str, Any]:
    """The curve and the thresholds over all sets, each set weighing the same."""
    from sklearn.linear_model import LogisticRegression

    made = [[trial for trial in trials(each, encode, removed=True) if trial.search.hits] for each in collections]
    inputs = np.array([features(trial.search) for each in made for trial in each])
    right = np.array([trial.right for each in made for trial in each])
    weights = np.array([1 / len(each) for each in made for _ in each])
    curve = LogisticRegression(C=1e6).fit(inputs, right, sample_weight=weights * len(weights) / len(made))
    coefficients = tuple(round(float(x), 4) for x in curve.coef_[0])
    draft = Calibration(round(float(curve.intercept_[0]), 4), coefficients, 1.0, 0.0)
    chances = np.array([draft.probability(trial.search) for each in made for trial in each])
    three = np.array([trial.right_in_three for each in made for trial in each])
    return {
        "intercept": draft.intercept,
        "weights": list(coefficients),
        "thresholds": {
            "answer": round(loosest(chances, right, RIGHT_MIN, weights), 3),
            "choose": round(quantile(chances[three], weights[three], CHOICE_LOST_MAX), 3),
        },
    }


def quantile(values: Any, weights: Any, share: float) -> float:
    """The value below which this share of the weight lies."""
    order = np.argsort(values, kind="stable")
    return float(values[order[np.searchsorted(np.cumsum(weights[order]), share * weights.sum())]])


if __name__ == "__main__":
    main()
