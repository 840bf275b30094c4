"""The example sentences intents are learnt from, as data: data/intents.en.yaml."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from bot.understanding.phrases import data_text
from bot.understanding.understanding import Intent

Examples = Mapping[Intent, Sequence[str]]


@lru_cache(maxsize=1)
def english_examples() -> Examples:
    """The sentences that ship with the desk."""
    document: dict[str, Any] = yaml.safe_load(data_text("intents.en.yaml"))
    return {Intent(name): tuple(sentences) for name, sentences in document.items()}
