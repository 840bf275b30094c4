"""All entities of a message: every reader in turn, the surest first, none over another's words."""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.understanding.entities.addresses import emails
from bot.understanding.entities.named_things import NamedThings
from bot.understanding.entities.numbers import case_numbers, codes, order_numbers
from bot.understanding.entities.people import person_names
from bot.understanding.entities.phones import phones
from bot.understanding.entities.times import time_windows
from bot.understanding.understanding import Entity, EntityKind
from bot.understanding.words import everyday_words

log = logging.getLogger(__name__)

_MASKS = {
    EntityKind.CASE_NUMBER: "case number",
    EntityKind.ORDER_NUMBER: "order number",
    EntityKind.EMAIL: "email address",
    EntityKind.PHONE: "phone number",
    EntityKind.CODE: "code",
}
_STORE = EntityKind.STORE
_TO_A_PLACE = re.compile(
    r"(?:\b(?:to|at|in|from|for|here at|over at|store|shop|branch)[ ]){0,2}(?:the[ ])?\Z", re.IGNORECASE
)
_Reader = Callable[[str], Iterable[Entity]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the readers need to know besides the text.

    Attributes:
        region: two-letter country of phone numbers without a country code.
        zone: of the writer's clock; at: aware instant times are relative to, None when no times are to be read.
        expecting: the kind of entity (or other slot) that was just asked for.
    """

    things: NamedThings
    region: str
    zone: tzinfo
    at: datetime | None = None
    expecting: str | None = None


def read_entities(text: str, reading: Reading) -> tuple[Entity, ...]:
    """The entities in the order of the text. A reader that fails is logged and left out."""
    found: list[Entity] = []
    for kind, reader in _in_order(reading):
        for entity in _guarded(kind, reader, text):
            if not any(entity.start < other.end and other.start < entity.end for other in found):
                found.append(entity)
    return tuple(sorted(found, key=lambda entity: entity.start))


def masked(text: str, entities: Sequence[Entity]) -> str:
    """The text with numbers and addresses replaced by what they are, so that their characters teach nothing."""
    for entity in sorted(entities, key=lambda found: -found.start):
        if mask := _MASKS.get(entity.kind):
            text = f"{text[: entity.start]}{mask}{text[entity.end :]}"
    return text


def without_names(text: str, entities: Sequence[Entity], telling: AbstractSet[str]) -> str:
    """`masked` without the names of stores, and with no more of a product's name than the `telling` words in it.

    Whose problem it is does not hang on the place, and a name the examples never had makes any sentence look strange.
    """
    ours = [entity for entity in entities if entity.kind in _MASKS or entity.kind in (_STORE, EntityKind.PRODUCT)]
    for entity in sorted(ours, key=lambda found: -found.start):
        before, after = text[: entity.start], text[entity.end :]
        if entity.kind is _STORE:
            text = f"{_TO_A_PLACE.sub(' ', before)} {after.lstrip(' :,')}"
        else:
            mask = _MASKS.get(entity.kind) or _telling_words(entity.said, telling) or entity.said
            text = f"{before}{mask}{after}"
    return " ".join(text.split())


def _telling_words(name: str, telling: AbstractSet[str]) -> str:
    return " ".join(word for word in name.split() if word.casefold() in telling)


def _in_order(reading: Reading) -> list[tuple[EntityKind, _Reader]]:
    expecting, at = reading.expecting, reading.at
    asked = expecting == EntityKind.TIME_WINDOW
    readers: dict[EntityKind, _Reader] = {
        EntityKind.CASE_NUMBER: lambda text: case_numbers(text, expecting=expecting),
        EntityKind.EMAIL: emails,
        EntityKind.CODE: lambda text: codes(text, expecting=expecting),
        EntityKind.ORDER_NUMBER: lambda text: order_numbers(text, expecting=expecting),
        EntityKind.PHONE: lambda text: phones(text, reading.region, asked=expecting == EntityKind.PHONE),
        EntityKind.NAME: lambda text: person_names(text, everyday_words().common, expecting=expecting),
        EntityKind.PRODUCT: reading.things.find,  # and stores
    }
    if at is not None:
        readers[EntityKind.TIME_WINDOW] = lambda text: time_windows(text, at=at, zone=reading.zone, asked=asked)
    # A telephone number is the loosest shape of all: it takes what is nobody else's, even where one was asked for.
    first = None if expecting == EntityKind.PHONE else expecting
    return sorted(readers.items(), key=lambda item: item[0] != first)


def _guarded(kind: EntityKind, reader: _Reader, text: str) -> list[Entity]:
    try:
        return list(reader(text))
    except Exception as error:
        log.error("reading entities failed", extra={"entity": str(kind), "error": type(error).__name__})
        return []
