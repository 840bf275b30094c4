"""Everyday words, as data: what is never a misspelt name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import yaml

from bot.understanding.phrases import data_text


@dataclass(frozen=True, slots=True)
class EverydayWords:
    """`common` never fuzzed into a name, `generic` dropped from names, `short` -> its long form."""

    common: frozenset[str]
    generic: frozenset[str]
    short: Mapping[str, str]


@lru_cache(maxsize=1)
def everyday_words() -> EverydayWords:
    """data/words.en.yaml."""
    document = yaml.safe_load(data_text("words.en.yaml"))
    return EverydayWords(
        frozenset(document["common"].split()), frozenset(document["generic"].split()), dict(document["short"])
    )
