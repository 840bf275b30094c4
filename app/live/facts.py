"""A fact as agents' screens get it: encoded once, however many follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from app.live.watching import Watcher
from caseengine.agents import Agent
from storage.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the outbox. `departments` are those it is for; a fact without one is for nobody here."""

    id: int
    departments: tuple[str, ...]
    frame: bytes

    def is_for(self, agent: Agent) -> bool:
        return any(agent.may_see(department) for department in self.departments)


def read_facts(rows: Sequence[OutboxRow]) -> list[Fact]:
    """The facts of these rows, in order."""
    return [Fact(row.id, _departments(row), fact_frame(row)) for row in rows]


def fact_frame(row: OutboxRow) -> bytes:
    return b"id: %d\nevent: fact\ndata: %s\n\n" % (row.id, orjson.dumps(row.payload))


def reload_frame(place: int) -> bytes:
    """Too much was missed to tell it all: load anew, then go on from here."""
    return b"id: %d\nevent: reload\ndata: {}\n\n" % place


def typing_frame(conversation: UUID) -> bytes:
    """It has no id: whoever was away has missed nothing."""
    return b"event: typing\ndata: %s\n\n" % orjson.dumps({"conversation_id": str(conversation)})


def watching_frame(number: str, watchers: Sequence[Watcher]) -> bytes:
    """All who have the case open now; the next one replaces it, so it has no id either."""
    agents = [{"id": one.id, "name": one.name, "state": one.state} for one in watchers]
    return b"event: watching\ndata: %s\n\n" % orjson.dumps({"number": number, "agents": agents})


def place_frame(place: int) -> bytes:
    """Moves the place to come back to, and is no event."""
    return b"id: %d\n\n" % place


def _departments(row: OutboxRow) -> tuple[str, ...]:
    """A case that moves is news to the department it leaves, too."""
    named = (row.payload.get("department"), row.payload.get("data", {}).get("left"))
    return tuple(name for name in named if isinstance(name, str))
