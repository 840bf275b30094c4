"""How like texts are by what they mean, as far as the model is there in time."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import structlog

from knowledge.retrieval.encoder import Encoder, Vectors

log = structlog.get_logger()
TIMEOUT_S = 3.0
KEPT_MAX = 2_000
"""Texts whose vectors are kept: the same cases are compared again and again."""


class EncodedMeaning:
    """`caseengine.likeness.Meaning` by the encoder the knowledge base uses."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: OrderedDict[str, Vectors] = OrderedDict()

    async def likeness(self, text: str, others: Sequence[str]) -> Sequence[float] | None:
        if not self._encoder.ready:
            return None
        wanted = list(dict.fromkeys([text, *others]))
        try:
            vectors = await asyncio.wait_for(self._vectors(wanted), TIMEOUT_S)
        except Exception:  # words alone have to do
            log.exception("likeness_failed")
            return None
        mine = vectors[text]
        return [max(0.0, min(1.0, float(mine @ vectors[other]))) for other in others]

    async def _vectors(self, texts: Sequence[str]) -> dict[str, Vectors]:
        new = [text for text in texts if text not in self._kept]
        made = dict(zip(new, await self._encoder.encode(new), strict=True)) if new else {}
        found = {text: made[text] if text in made else self._kept[text] for text in texts}
        for text, vector in found.items():
            self._kept[text] = vector
            self._kept.move_to_end(text)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return found
