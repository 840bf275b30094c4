"""The parts of a company file that the desk keeps as rulebooks: each under the name of its kind."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from app.company_file import CompanyFile, CompanyInvalid, Problem
from app.rulebooks import KINDS, put_in_force
from caseengine.model.actor import SYSTEM
from caseengine.model.errors import RulebookInvalid
from caseengine.rulebooks import NOBODY_ELSE, Newcomers, Rulebook, rulebook
from storage.transaction import UnitOfWork

NESTED = (Rulebook.RULES, Rulebook.FORMS, Rulebook.SCRIPTS)
"""Their documents hold one entry of the kind's own name, which a company file need not say twice."""

Count = Callable[[str, str], None]


def rulebooks_told(company: CompanyFile) -> dict[Rulebook, Any]:
    """What the file says of each kind it speaks of."""
    told = {kind: getattr(company, kind) for kind in KINDS}
    return {kind: written for kind, written in told.items() if written is not None}


async def bring_rulebooks(
    work: UnitOfWork,
    told: Mapping[Rulebook, Any],
    *,
    at: datetime,
    newcomers: Newcomers = NOBODY_ELSE,
    count: Count = lambda *_: None,
) -> None:
    """Each in a version of its own, unless it is the one in force.

    Raises:
        CompanyInvalid: one of them makes no sense, with the place in it.
    """
    for kind, written in told.items():
        before = await rulebook(work, kind)
        try:
            after = await put_in_force(work, kind, whole(kind, written), by=SYSTEM, at=at, newcomers=newcomers)
        except RulebookInvalid as error:
            raise CompanyInvalid(Problem(_place(kind, error.where), error.problem)) from error
        same = after.version == before.version
        count(str(kind), "unchanged" if same else "changed" if before.version else "added")


def _place(kind: Rulebook, where: str) -> str:
    """In the file: its parts are the kinds, and a nested document begins with the kind's own name."""
    return where if re.match(rf"{kind}\b", where) else f"{kind}: {where}"


def whole(kind: Rulebook, written: Any) -> dict[str, Any]:
    """The document, in JSON's own types: YAML has dates, and numbers for keys.

    Raises:
        CompanyInvalid: it holds what JSON has not, or is no mapping.
    """
    try:
        plain = orjson.loads(orjson.dumps(written, option=orjson.OPT_NON_STR_KEYS))
    except TypeError as error:
        raise CompanyInvalid(Problem(str(kind), "not_json")) from error
    if kind in NESTED:
        return {str(kind): plain}
    if not isinstance(plain, dict):
        raise CompanyInvalid(Problem(str(kind), "mapping"))
    return plain
