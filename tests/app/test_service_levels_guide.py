"""The guide to service levels shows a file that can be brought in."""

from datetime import UTC, datetime
from pathlib import Path

from app.company import import_company
from app.company_file import read_company_file
from caseengine.service_levels import sla_in_force
from storage.engine import Database

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "set-your-service-levels.md"


async def test_the_file_in_the_guide_is_sound(database: Database, tmp_path: Path) -> None:
    told = GUIDE.read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "company.yaml"
    path.write_text(told, "utf-8")

    company = read_company_file(path)
    await import_company(database, company, at=datetime(2026, 3, 2, tzinfo=UTC), hash_password=lambda word: word)

    async with database.snapshot() as snapshot:
        sla = await sla_in_force(snapshot)
    assert set(sla.policies) == {"default", "standard", "gold"}
    assert (sla.default, sla.tiers) == ("standard", {"A": "gold"})
