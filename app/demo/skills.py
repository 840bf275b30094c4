"""What the demo's people can do, and when they work."""

from collections.abc import Collection

import yaml

from app.company_routing import SkillRecord, WorkRecord, bring_skills, bring_work
from app.demo.files import FOLDER, Record, demo_id
from storage.transaction import UnitOfWork


class DemoSkills(Record):
    """`work` goes from an agent's key to what they can do."""

    skills: tuple[SkillRecord, ...]
    work: dict[str, WorkRecord]


async def load_skills(work: UnitOfWork, new: Collection[str]) -> None:
    """The skills there are, and the work of agents who were just added."""
    told = DemoSkills.model_validate(yaml.safe_load((FOLDER / "skills.yaml").read_text("utf-8")))
    await bring_skills(work, told.skills)
    for key in sorted(new):
        if key in told.work:
            await bring_work(work, demo_id("agent", key), told.work[key], new=True)
