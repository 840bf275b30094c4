"""What is learnt from the examples, and how: words first, sentence vectors when the encoder is there.

Heavy work (scikit-learn's import and the fits) runs in a thread; the event loop only waits for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from bot.understanding.speller import Speller, model_vocabulary
from bot.understanding.understanding import Intent

if TYPE_CHECKING:
    from bot.understanding.classifier import Classifier

SLICE = 16  # sentences encoded in one go, so that a customer's message never waits behind all examples
POLL_S = 0.2

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What understanding needs of the sentence encoder."""

    @property
    def ready(self) -> bool: ...

    async def encode(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """Sentences and what each stands for, in one order."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, examples: Mapping[Intent, Sequence[str]] | Mapping[str, Sequence[str]]) -> "Lesson":
        """Each sentence once for each label."""
        pairs = [(text, str(label)) for label, texts in examples.items() for text in texts]
        return cls(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))

    def teachable(self) -> bool:
        """A classifier needs two labels to tell apart."""
        return len(set(self.labels)) > 1


@dataclass(frozen=True, slots=True)
class Learnt:
    """The classifiers in use. `departments` is None where there are fewer than two with examples."""

    intents: "Classifier"
    departments: "Classifier | None"


async def learn(intents: Lesson, departments: Lesson) -> Learnt:
    """Learn by words alone: ready in about a second."""
    return await asyncio.to_thread(_learn, intents, departments)


async def learn_vectors(
    learnt: Learnt, intents: Lesson, departments: Lesson, encoder: Encoder, known: dict[str, Vectors]
) -> None:
    """Wait for the encoder, then let the classifiers learn by sentence vectors too.

    Args:
        known: vectors of sentences encoded before; what is new is added.
    """
    while not encoder.ready:  # noqa: ASYNC110 - the encoder loads in a thread and tells by `ready` alone
        await asyncio.sleep(POLL_S)
    await _encode_new([*intents.texts, *departments.texts], encoder, known)
    await asyncio.to_thread(learnt.intents.with_vectors, np.stack([known[text] for text in intents.texts]))
    if learnt.departments is not None:
        await asyncio.to_thread(learnt.departments.with_vectors, np.stack([known[text] for text in departments.texts]))


def make_speller(texts: Sequence[str], names: set[str], common: frozenset[str]) -> Speller:
    """A speller of the company's own words, with the model's vocabulary behind them."""
    return Speller([*texts, *names, " ".join(common)], model_vocabulary())


def _learn(intents: Lesson, departments: Lesson) -> Learnt:
    # Imported here, in the thread: scikit-learn takes a second or two, and nobody is to wait for it.
    from bot.understanding.classifier import Classifier

    taught = Classifier(departments.texts, departments.labels) if departments.teachable() else None
    return Learnt(Classifier(intents.texts, intents.labels), taught)


async def _encode_new(texts: Sequence[str], encoder: Encoder, known: dict[str, Vectors]) -> None:
    new = [text for text in dict.fromkeys(texts) if text not in known]
    for place in range(0, len(new), SLICE):
        batch = new[place : place + SLICE]
        known.update(zip(batch, await encoder.encode(batch), strict=True))
