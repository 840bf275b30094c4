"""The rulebook of routing as it is in force, read once a version."""

from functools import lru_cache
from json import dumps, loads

from caseengine.policies.routing_policy import RoutingPolicy, read_routing
from caseengine.rulebooks import Rulebook, rulebook
from storage.transaction import Snapshot


async def routing_rules(snapshot: Snapshot, version: int | None = None) -> tuple[int, RoutingPolicy]:
    """The version and what it says: the newest, or the one asked for.

    Raises:
        RulebookInvalid: a document of an older release that no longer makes sense.
    """
    found = await rulebook(snapshot, Rulebook.ROUTING, version)
    return found.version, _read(dumps(found.document, sort_keys=True))


@lru_cache(maxsize=64)
def _read(document: str) -> RoutingPolicy:
    return read_routing(loads(document))
