"""Products and stores by name, with typos, against the company's own lists.

A word may differ from the name's by one slip (two from `LONG` letters on); a word with a digit must be right ("FX200"
is not "FX300"); an everyday word is never a slip of something else.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.understanding.names import Name, Names
from bot.understanding.understanding import Entity, EntityKind
from bot.understanding.words import EverydayWords

WORDS_MAX = 200  # words of a message that are compared with names
WINDOW_MAX = 6  # words of a name that are looked at together
SLIP_LENGTH_MIN = 4
LONG = 8
JOINED_MIN = 7  # letters of a name that may be found written together or apart

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Called:
    """One way to call a thing."""

    kind: EntityKind
    id: str
    shown: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hit:
    called: _Called
    first: int
    last: int
    slips: int


class NamedThings:
    """An index of `Names`; immutable, cheap to make anew when a list was refreshed."""

    def __init__(self, names: Names, everyday: EverydayWords) -> None:
        self._everyday = everyday
        self._by_first: dict[str, list[_Called]] = defaultdict(list)
        self._joined: dict[str, list[_Called]] = defaultdict(list)
        for called in self._all_called(names):
            self._by_first[called.words[0]].append(called)
            if len(called.words) <= WINDOW_MAX and sum(map(len, called.words)) >= JOINED_MIN:
                self._joined["".join(called.words)].append(called)

    def find(self, text: str) -> list[Entity]:
        """The products and stores a message names, in its order; of overlapping ones the longest and rightest.

        A name that fits two things alike names neither.
        """
        tokens = self._tokens(text)[:WORDS_MAX]
        hits = sorted(self._hits(tokens), key=lambda hit: (hit.first - hit.last, hit.slips))
        taken: set[int] = set()
        found: list[Entity] = []
        for hit in hits:
            places = set(range(hit.first, hit.last + 1))
            if not places & taken:
                taken |= places
                found.append(self._entity(text, tokens, hit))
        return sorted(found, key=lambda entity: entity.start)

    def words(self) -> set[str]:
        """Every word of every name."""
        return {word for names in self._by_first.values() for called in names for word in called.words}

    def _all_called(self, names: Names) -> Iterator[_Called]:
        for kind, things in ((EntityKind.PRODUCT, names.products), (EntityKind.STORE, names.stores)):
            shared = self._shared_words(things)
            seen: dict[tuple[str, ...], set[str]] = defaultdict(set)
            ways = [(thing, words) for thing in things for words in self._ways(thing, shared)]
            if kind is EntityKind.STORE:
                ways += [(thing, place) for thing in things if self._telling(place := self._place(thing))]
            for thing, words in ways:
                seen[words].add(thing.id)
            for thing, words in ways:
                if len(seen[words]) == 1:
                    seen[words].add("")  # each way once
                    yield _Called(kind, thing.id, thing.name, words)

    def _ways(self, thing: Name, shared: frozenset[str]) -> Iterator[tuple[str, ...]]:
        """The name, its aliases, and the name without what it shares with its neighbours ("Kestrel Harbour Street")."""
        for way in (thing.name, *thing.aliases):
            words = self._words(way)
            if words:
                yield words
        words = self._without_generic(self._words(thing.name))
        own = tuple(word for word in words if word not in shared)
        for rest in {words, own if len(own) > 1 or self._telling(own) else ()}:
            if self._telling(rest):
                yield rest

    def _place(self, thing: Name) -> tuple[str, ...]:
        """The last two words of a store's longer name: where it is."""
        words = self._without_generic(self._words(thing.name))
        return words[-2:] if len(words) > 2 else ()

    def _telling(self, words: Sequence[str]) -> bool:
        """Whether the words alone can only be a name: a single everyday word cannot."""
        if len(words) == 1:
            return len(words[0]) >= SLIP_LENGTH_MIN and words[0] not in self._everyday.common and words[0].isalpha()
        return bool(words) and any(word not in self._everyday.generic for word in words)

    def _shared_words(self, things: Iterable[Name]) -> frozenset[str]:
        """First words several names begin with: a group's name before the place."""
        firsts = Counter(self._words(thing.name)[:1] for thing in things)
        return frozenset(first[0] for first, count in firsts.items() if first and count > 1)

    def _words(self, name: str) -> tuple[str, ...]:
        return tuple(token.word for token in self._tokens(name))

    def _without_generic(self, words: tuple[str, ...]) -> tuple[str, ...]:
        while words and words[-1] in self._everyday.generic:
            words = words[:-1]
        return words[1:] if words and words[0] == "the" else words

    def _tokens(self, text: str) -> list[_Token]:
        short = self._everyday.short
        found = []
        for match in WORD.finditer(text):
            word = match[0].casefold().replace("\u2019", "'").removesuffix("'s")
            found.append(_Token(short.get(word, word), match.start(), match.end()))
        return found

    def _hits(self, tokens: Sequence[_Token]) -> Iterator[_Hit]:
        firsts = {token.word: self._near_firsts(token.word) for token in tokens}
        for place, token in enumerate(tokens):
            best: dict[EntityKind, list[_Hit]] = defaultdict(list)
            for first in firsts[token.word]:
                for called in self._by_first[first]:
                    if (slips := self._slips(tokens, place, called.words)) is not None:
                        best[called.kind].append(_Hit(called, place, place + len(called.words) - 1, slips))
            for hits in best.values():
                yield from _unrivalled(hits)
            yield from self._joined_hits(tokens, place)

    def _near_firsts(self, word: str) -> list[str]:
        return [first for first in self._by_first if self._word_slips(word, first) is not None]

    def _slips(self, tokens: Sequence[_Token], place: int, words: tuple[str, ...]) -> int | None:
        said = [token.word for token in tokens[place : place + len(words)]]
        if len(said) < len(words):
            return None
        slips = [self._word_slips(*pair) for pair in zip(said, words, strict=True)]
        if any(slip is None for slip in slips):
            return None
        total = sum(slip or 0 for slip in slips)
        return total if total <= max(1, len(words)) and (len(words) == 1 or 0 in slips or total <= 2) else None

    def _word_slips(self, said: str, word: str) -> int | None:
        if said == word:
            return 0
        if len(word) < SLIP_LENGTH_MIN or said in self._everyday.common or said in self._everyday.short:
            return None
        if any(character.isdecimal() for character in said + word):
            return None
        allowed = 2 if len(word) >= LONG else 1
        slips: int = OSA.distance(said, word, score_cutoff=allowed)
        return slips if slips <= allowed else None

    def _joined_hits(self, tokens: Sequence[_Token], place: int) -> Iterator[_Hit]:
        joined = ""
        for last, token in enumerate(tokens[place : place + WINDOW_MAX], start=place):
            joined += token.word
            for called in self._joined.get(joined, ()):
                if last - place + 1 != len(called.words):
                    yield _Hit(called, place, last, 0)

    @staticmethod
    def _entity(text: str, tokens: Sequence[_Token], hit: _Hit) -> Entity:
        start, end = tokens[hit.first].start, tokens[hit.last].end
        letters = sum(map(len, hit.called.words))
        return Entity(
            hit.called.kind,
            hit.called.id,
            text[start:end],
            start,
            end,
            shown=hit.called.shown,
            confidence=round(1 - hit.slips / max(letters, 1), 3),
        )


def _unrivalled(hits: list[_Hit]) -> Iterator[_Hit]:
    """Of the hits that begin at one place: those no other thing fits as well over the same words."""
    for hit in hits:
        rivals = [other for other in hits if other.last == hit.last and other.called.id != hit.called.id]
        if all(other.slips > hit.slips for other in rivals):
            yield hit
