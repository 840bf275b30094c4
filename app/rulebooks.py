"""The rulebooks a company may write: who reads each kind, and how a new version comes into force."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from caseengine.forms import check_forms, read_forms
from caseengine.model.actor import Actor
from caseengine.model.case_rules import read_case_rules
from caseengine.model.errors import RulebookChanged, RulebookInvalid, RulebookNotFound
from caseengine.model.rule_document import read_rules
from caseengine.model.script import read_scripts
from caseengine.model.sla import read_sla
from caseengine.model.survey import read_surveys
from caseengine.policies.judging import JUDGED_FACTS
from caseengine.policies.routing_policy import read_routing
from caseengine.rule_facts import RULE_FACTS
from caseengine.rule_law import check_house
from caseengine.rulebooks import NOBODY_ELSE, Newcomers, Rulebook, RulebookVersion, decide, rulebook
from caseengine.service_levels import check_levels
from caseengine.skills import check_routing
from storage.transaction import Snapshot, UnitOfWork

DEPTH_MAX = 24
VALUES_MAX = 100_000
"""In one document, of any size."""
INTEGER_MAX = 2**53


async def _nothing_more(_: Snapshot, __: Any, ___: Newcomers) -> None:
    """The document alone decides."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of rulebook is checked.

    Attributes:
        read: pure; raises `RulebookInvalid`.
        check: what has to exist besides, given what `read` made and who comes in the same unit of work.
    """

    read: Callable[[Mapping[str, Any]], Any]
    check: Callable[[Snapshot, Any, Newcomers], Awaitable[None]] = _nothing_more


KINDS: Mapping[Rulebook, Kind] = {
    Rulebook.SLA: Kind(partial(read_sla, known=JUDGED_FACTS), check_levels),
    Rulebook.ROUTING: Kind(partial(read_routing, known=JUDGED_FACTS), check_routing),
    Rulebook.RULES: Kind(partial(read_rules, known=RULE_FACTS), check_house),
    Rulebook.CASES: Kind(read_case_rules),
    Rulebook.FORMS: Kind(read_forms, check_forms),
    Rulebook.SCRIPTS: Kind(read_scripts),
    Rulebook.SURVEYS: Kind(read_surveys),
}
"""One line for another kind."""


def kind_named(name: str) -> Rulebook:
    """
    Raises:
        RulebookNotFound: no kind that can be written has this name.
    """
    found = next((kind for kind in KINDS if kind == name), None)
    if found is None:
        raise RulebookNotFound
    return found


async def check(
    snapshot: Snapshot, kind: Rulebook, document: Mapping[str, Any], *, newcomers: Newcomers = NOBODY_ELSE
) -> None:
    """
    Raises:
        RulebookInvalid: the place, and what is wrong there.
    """
    only_json(document)
    await KINDS[kind].check(snapshot, KINDS[kind].read(document), newcomers)


async def put_in_force(
    work: UnitOfWork,
    kind: Rulebook,
    document: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    newcomers: Newcomers = NOBODY_ELSE,
) -> RulebookVersion:
    """A sound document is in force from now on; the same as before is no new version.

    Args:
        version: what the caller looked at; None when it does not matter.

    Raises:
        RulebookInvalid: it makes no sense.
        RulebookChanged: somebody decided since the caller looked.
        Conflict (at commit): somebody did at the same moment.
    """
    await check(work, kind, document, newcomers=newcomers)
    current = await rulebook(work, kind)
    if version is not None and version != current.version:
        raise RulebookChanged(version, current.version)
    return await decide(work, kind, document, by=by, at=at)


def only_json(document: Any) -> None:
    """What every database keeps and gives back the same: YAML and JSON have more.

    Raises:
        RulebookInvalid: too deep, too much, or a value that is not JSON's.
    """
    waiting, seen = [("", document, 0)], 0
    while waiting:
        where, value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH_MAX or seen > VALUES_MAX:
            raise RulebookInvalid(where[:200], "too_deep" if depth > DEPTH_MAX else "too_much")
        if isinstance(value, dict):
            for name, inner in value.items():
                _plain(where, name if isinstance(name, str) else None)
                waiting.append((f"{where}.{name}" if where else str(name), inner, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{where}[{place}]", inner, depth + 1) for place, inner in enumerate(value)]
        elif value is not None:
            _plain(where, value)


def _plain(where: str, value: Any) -> None:
    sound = isinstance(value, (bool, str, int, float))
    if isinstance(value, str):
        sound = "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    elif isinstance(value, int):
        sound = abs(value) <= INTEGER_MAX
    elif isinstance(value, float):
        sound = math.isfinite(value)
    if not sound:
        raise RulebookInvalid(where[:200], "not_json")
