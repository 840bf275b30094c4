"""The front door of understanding: one message in, one `Understanding` out, never an exception.

Source: docs/decisions/0010-understanding.md
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from bot.understanding.deciding import Guessed, decide, guess_by_likeness
from bot.understanding.entities.named_things import NamedThings
from bot.understanding.entities.reading import Reading, masked, read_entities, without_names
from bot.understanding.examples import Examples, english_examples
from bot.understanding.hints import impact_of, mood_of, urgency_of
from bot.understanding.languages import language_of
from bot.understanding.learning import Encoder, Learnt, Lesson, Vectors, learn, learn_vectors, make_speller
from bot.understanding.names import Names
from bot.understanding.phrases import english_phrases
from bot.understanding.problems import problems
from bot.understanding.questions import is_question
from bot.understanding.speller import Speller
from bot.understanding.understanding import Alternative, Entity, Intent, Understanding
from bot.understanding.wishes import wants
from bot.understanding.words import everyday_words

LONDON = ZoneInfo("Europe/London")
TEXT_MAX = 4_000  # characters of a message that are read
THREAD_TEXT_MIN = 600  # characters from which reading runs in a thread
ENCODE_TIMEOUT_S = 2.0
DEPARTMENT_EASIER = 0.07
"""A department is a place to wait in, corrected with one click: less sureness is asked for than for an intent."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """What patterns alone make of a message."""

    text: str
    entities: tuple[Entity, ...]
    masked: str
    spelled: str
    mended: str
    """`text` with its slips mended, numbers and all; `spelled` is `masked` with them mended."""
    nameless: str
    """`spelled` without the names of stores and products: what tells the department."""


class Understander:
    """Understands messages; learns in the background once started and is of use before it has.

    Args:
        encoder: of sentences; None where there is none.
        names: the company's products and stores as they are now; called for every message, so it returns a value that
            somebody else refreshes. A new `Names` makes a new index.
        intents: example sentences of each intent; None takes those that ship with the desk.
        departments: example sentences of each department, by slug.
        region: two-letter country of phone numbers without a country code.
        zone: of the desk's clock.
    """

    def __init__(
        self,
        encoder: Encoder | None,
        names: Callable[[], Names],
        intents: Examples | None = None,
        departments: Mapping[str, Sequence[str]] | None = None,
        *,
        region: str = "GB",
        zone: tzinfo = LONDON,
    ) -> None:
        self._encoder = encoder
        self._names = names
        self._region = region
        self._zone = zone
        self._phrases = english_phrases()
        self._examples = dict(english_examples() if intents is None else intents)
        self._departments = dict(departments or {})
        self._department_words: frozenset[str] | None = None
        self._indexed: tuple[Names, NamedThings, Speller] | None = None
        self._learnt: Learnt | None = None
        self._vectors: dict[str, Vectors] = {}
        self._learning: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to learn; returns at once. Calling it again learns again, from the departments given last."""
        if self._learning is not None:
            self._learning.cancel()
        self._learning = asyncio.get_running_loop().create_task(self._learn(), name="understanding-learns")

    async def close(self) -> None:
        """Stop learning."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def wait_learnt(self, timeout_s: float) -> bool:
        """Whether everything was learnt within the time: by vectors too when there is an encoder."""
        if self._learning is None:
            return False
        await asyncio.wait({self._learning}, timeout=timeout_s)
        return self.learnt

    @property
    def learnt(self) -> bool:
        """Whether learning has ended well."""
        return self._learnt is not None and self._learning is not None and self._learning.done()

    def teach_departments(self, departments: Mapping[str, Sequence[str]]) -> None:
        """Learn again when the departments' examples have changed; what was learnt serves until then."""
        if dict(departments) != self._departments:
            self._departments = dict(departments)
            self._department_words = None
            self.start()

    async def understand(self, text: str, *, expecting: str | None = None, at: datetime | None = None) -> Understanding:
        """What `text` means. Never raises: what fails is logged and left out, and the result says `degraded`.

        Args:
            expecting: what was just asked for: an entity kind, "yes_no", "choice" or "description".
            at: aware instant of the message, for "tomorrow morning"; without it no time windows are read.
        """
        said = _printable(text[:TEXT_MAX])
        read = await self._read(said, expecting, at)
        try:
            intents, department = await self._classify(read)
        except Exception as error:
            log.error("classifying failed", extra={"error": type(error).__name__})
            intents, department = None, None
        try:
            return self._understanding(read, intents, department, expecting)
        except Exception as error:
            log.error("understanding failed", extra={"error": type(error).__name__})
            return Understanding(said, Intent.SOMETHING_ELSE, 0.0, entities=read.entities, degraded=True)

    async def _read(self, said: str, expecting: str | None, at: datetime | None) -> _Read:
        try:
            if len(said) < THREAD_TEXT_MIN:
                return self._read_now(said, expecting, at)
            return await asyncio.to_thread(self._read_now, said, expecting, at)
        except Exception as error:
            log.error("reading failed", extra={"error": type(error).__name__})
            return _Read(said, (), said, said, said, said)

    def _read_now(self, said: str, expecting: str | None, at: datetime | None) -> _Read:
        things, speller = self._index()
        entities = read_entities(said, Reading(things, self._region, self._zone, at, expecting))
        plain = masked(said, entities)
        nameless = speller.mend(without_names(said, entities, self._telling()))
        return _Read(said, entities, plain, speller.mend(plain), speller.mend(said), nameless)

    def _telling(self) -> frozenset[str]:
        """The words the departments' examples have."""
        if self._department_words is None:
            texts = " ".join(text for texts in self._departments.values() for text in texts)
            self._department_words = frozenset(texts.casefold().split())
        return self._department_words

    def _index(self) -> tuple[NamedThings, Speller]:
        names = self._names()
        if self._indexed is None or (self._indexed[0] is not names and self._indexed[0] != names):
            things = NamedThings(names, everyday_words())
            texts = [*Lesson.of(self._examples).texts, *Lesson.of(self._departments).texts]
            self._indexed = (names, things, make_speller(texts, things.words(), everyday_words().common))
        return self._indexed[1], self._indexed[2]

    async def _classify(self, read: _Read) -> tuple[Guessed | None, Guessed | None]:
        """Guesses for intent and department; None for the intent as long as nothing was learnt."""
        learnt = self._learnt
        if learnt is None or not read.spelled.strip():
            return None, None
        nameless = read.nameless if learnt.departments is not None and read.nameless.strip() else read.spelled
        first, *others = await self._encoded([read.spelled, nameless] if nameless != read.spelled else [read.spelled])
        intents = Guessed.of(learnt.intents.classify(read.spelled, first))
        if learnt.departments is None:
            return intents, None
        departments = learnt.departments.classify(nameless, others[0] if others else first)
        return intents, Guessed.of(departments, easier=DEPARTMENT_EASIER)

    async def _encoded(self, texts: list[str]) -> Sequence[Vectors | None]:
        """One for each, from one pass of the model; None where it cannot be had."""
        if self._encoder is None or not self._encoder.ready:
            return [None] * len(texts)
        try:
            vectors = await asyncio.wait_for(self._encoder.encode(texts), ENCODE_TIMEOUT_S)
        except Exception as error:
            log.warning("encoding failed, going by words alone", extra={"error": type(error).__name__})
            return [None] * len(texts)
        return list(np.asarray(vectors, np.float32))

    def _understanding(
        self, read: _Read, guessed: Guessed | None, department: Guessed | None, expecting: str | None
    ) -> Understanding:
        degraded = guessed is None
        guessed = guessed or guess_by_likeness(read.masked, self._examples)
        phrase = self._phrases.intent(read.text)
        wish = wants(read.text, read.mended, expecting=expecting)
        if phrase is Intent.ABOUT:  # "are you a real person?" asks for none
            wish = replace(wish, person=False)
        intent, confidence = decide(read.text, phrase, wish, guessed, entities=read.entities, expecting=expecting)
        found = () if wish.new_code else problems(read.text)
        return Understanding(
            text=read.text,
            intent=intent,
            confidence=round(confidence, 4),
            alternatives=_alternatives(guessed, intent),
            entities=read.entities,
            department=department.best if department else None,
            department_confidence=round(department.confidence, 4) if department else 0.0,
            problems=found or ((read.text.strip(),) if intent is Intent.REPORT_PROBLEM and phrase is None else ()),
            question=phrase is None
            and not wish.new_code
            and is_question(read.text, intent=intent, entities=read.entities, expecting=expecting),
            wants=wish,
            impact=impact_of(read.text),
            urgency=urgency_of(read.text),
            mood=mood_of(read.text),
            spelled=read.spelled,
            language=language_of(read.masked),
            degraded=degraded,
        )

    async def _learn(self) -> None:
        try:
            intents, departments = self._lesson(self._examples), self._lesson(self._departments)
            learnt = await learn(intents, departments)
            if self._encoder is None or not self._encoder.ready or self._learnt is None:
                self._learnt = learnt
            if self._encoder is not None:
                await learn_vectors(learnt, intents, departments, self._encoder, self._vectors)
            self._learnt = learnt
        except Exception as error:
            log.error("learning failed; going on with what there is", extra={"error": type(error).__name__})

    def _lesson(self, examples: Mapping[Intent, Sequence[str]] | Mapping[str, Sequence[str]]) -> Lesson:
        """The sentences as a message of the same words would be read."""
        lesson = Lesson.of(examples)
        reading = Reading(NamedThings(Names(), everyday_words()), self._region, self._zone)
        return Lesson(tuple(masked(text, read_entities(text, reading)) for text in lesson.texts), lesson.labels)


def _alternatives(guessed: Guessed, intent: Intent) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(Intent(label), round(confidence, 4)) for label, confidence in guessed.guesses if label != intent
    )[:3]


def _printable(text: str) -> str:
    """The text with control characters and lone surrogates as spaces, place for place."""
    return "".join(
        character if character.isprintable() or character in "\n\t" or not _hostile(character) else " "
        for character in text
    )


def _hostile(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0" or "\ud800" <= character <= "\udfff"
