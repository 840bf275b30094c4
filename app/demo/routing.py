"""What the demo's people can do and when they work, and its rulebook of routing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import yaml

from app.company_routing import SkillRecord, WorkRecord, bring_routing, bring_skills, bring_work
from app.demo.files import FOLDER, Record, demo_id
from caseengine.model.actor import SYSTEM
from caseengine.rulebooks import Rulebook, rulebook
from storage.transaction import UnitOfWork


class DemoRouting(Record):
    """`work` goes from an agent's key to what they can do."""

    skills: tuple[SkillRecord, ...]
    work: dict[str, WorkRecord]
    routing: dict[str, Any]


async def load_routing(work: UnitOfWork, new: Collection[str], *, at: datetime) -> None:
    """For agents who were just added; a rulebook somebody decided on stays."""
    told = DemoRouting.model_validate(yaml.safe_load((FOLDER / "routing.yaml").read_text("utf-8")))
    await bring_skills(work, told.skills)
    for key in sorted(new):
        if key in told.work:
            await bring_work(work, demo_id("agent", key), told.work[key], new=True)
    if (await rulebook(work, Rulebook.ROUTING)).version == 0:
        await bring_routing(work, told.routing, by=SYSTEM, at=at)
