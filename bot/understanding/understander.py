"""The front door of understanding: one message in, one `Understanding` out, never an exception."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bot.understanding.names import Names
from bot.understanding.phrases import english_phrases
from bot.understanding.understanding import Intent, Understanding

TEXT_MAX = 4_000  # characters of a message that are read


class Encoder(Protocol):
    """What understanding needs of the sentence encoder."""

    @property
    def ready(self) -> bool: ...

    async def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


class Understander:
    """Understands messages; trains itself in the background and is of use before it has."""

    def __init__(
        self,
        encoder: Encoder | None,
        names: Callable[[], Names],
        intents: Mapping[Intent, Sequence[str]] | None = None,
        departments: Mapping[str, Sequence[str]] | None = None,
        **settings: Any,
    ) -> None:
        self._phrases = english_phrases()

    async def understand(self, text: str, *, expecting: str | None = None, at: datetime | None = None) -> Understanding:
        """What `text` means."""
        said = text[:TEXT_MAX]
        intent = self._phrases.intent(said)
        return Understanding(
            text=said, intent=intent or Intent.SOMETHING_ELSE, confidence=1.0 if intent else 0.0, degraded=True
        )
