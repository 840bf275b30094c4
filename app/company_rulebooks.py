"""The part of a company file that the desk keeps as rulebooks: read, found sound, and put in force if it differs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from app.company_file import CompanyInvalid, Problem
from caseengine.forms import read_forms
from caseengine.model.actor import SYSTEM
from caseengine.model.case_rules import read_case_rules
from caseengine.model.errors import RulebookInvalid
from caseengine.model.script import read_scripts
from caseengine.rulebooks import Rulebook, decide, rulebook
from storage.transaction import UnitOfWork

READERS: Mapping[Rulebook, Callable[[Mapping[str, Any]], object]] = {
    Rulebook.CASES: read_case_rules,
    Rulebook.FORMS: lambda forms: read_forms({"forms": forms}),
    Rulebook.SCRIPTS: lambda scripts: read_scripts({"scripts": scripts}),
}
"""How what stands in the file under the name of a kind is read."""
WHOLE: Mapping[Rulebook, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    Rulebook.FORMS: lambda forms: {"forms": forms},
    Rulebook.SCRIPTS: lambda scripts: {"scripts": scripts},
}
"""How it becomes the document, where that is more than what stands in the file."""


async def bring_rulebooks(work: UnitOfWork, told: Mapping[Rulebook, Any], *, at: datetime) -> dict[Rulebook, str]:
    """Each rulebook the file speaks of; what became of it: added, changed, unchanged.

    Raises:
        CompanyInvalid: one of them makes no sense.
    """
    outcomes = {}
    for kind, written in told.items():
        document = read_rulebook(kind, written)
        before = await rulebook(work, kind)
        now = await decide(work, kind, document, by=SYSTEM, at=at)
        same, first = now.version == before.version, before.version == 0
        outcomes[kind] = "unchanged" if same else "added" if first else "changed"
    return outcomes


def read_rulebook(kind: Rulebook, written: Any) -> Mapping[str, Any]:
    """The document, in JSON's own types.

    Raises:
        CompanyInvalid: it makes no sense.
    """
    try:
        plain = orjson.loads(orjson.dumps(written))
    except TypeError as error:
        raise CompanyInvalid(Problem(str(kind), "bad_rulebook", str(error))) from error
    if not isinstance(plain, dict):
        raise CompanyInvalid(Problem(str(kind), "bad_rulebook", "mapping"))
    try:
        READERS[kind](plain)
    except RulebookInvalid as error:
        where = error.where if error.where.startswith(str(kind)) else f"{kind}: {error.where}"
        raise CompanyInvalid(Problem(where, "bad_rulebook", error.problem)) from error
    document: Mapping[str, Any] = WHOLE[kind](plain) if kind in WHOLE else plain
    return document
