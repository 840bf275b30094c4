"""What the demo company decided: a file a rulebook, as a company file would have it under the name of its kind."""

from datetime import datetime
from pathlib import Path

import yaml

from app.company_rulebooks import bring_rulebooks
from caseengine.rulebooks import Rulebook, rulebook
from storage.transaction import UnitOfWork

FOLDER = Path(__file__).parent / "company" / "rulebooks"


async def add_rulebooks(work: UnitOfWork, *, at: datetime) -> None:
    """Each of them, where nothing was decided yet: what somebody decided since stays."""
    kinds = [Rulebook(path.stem) for path in sorted(FOLDER.glob("*.yaml"))]
    missing = [kind for kind in kinds if not (await rulebook(work, kind)).version]
    told = {kind: yaml.safe_load((FOLDER / f"{kind}.yaml").read_text("utf-8")) for kind in missing}
    await bring_rulebooks(work, told, at=at)
