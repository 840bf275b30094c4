"""What a message means: intent, entities, confidence; nothing here sends, stores or asks."""

from bot.understanding.names import Name, Names
from bot.understanding.understander import Understander
from bot.understanding.understanding import (
    Alternative,
    Entity,
    EntityKind,
    Intent,
    Mood,
    TimeWindow,
    Understanding,
    Wants,
)

__all__ = [
    "Alternative",
    "Entity",
    "EntityKind",
    "Intent",
    "Mood",
    "Name",
    "Names",
    "TimeWindow",
    "Understander",
    "Understanding",
    "Wants",
]
