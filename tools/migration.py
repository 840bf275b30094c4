"""Write a new revision of the schema: the difference between the tables in the code and the migrations so far.

    python -m tools.migration "cases get a colour"
    python -m tools.migration --initial     # before a first release only: write 0001 anew

Read what it wrote: a renamed column, for one, looks like one dropped and one added.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from app.schema import whole_schema
from storage.engine import Database
from storage.migrate import MIGRATIONS, alembic_config, migrate

VERSIONS = MIGRATIONS / "versions"


def main() -> None:
    """Parse the command line and write the revision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("message", nargs="?", help="what changes, in a few words")
    parser.add_argument("--initial", action="store_true", help="drop all revisions and write 0001 anew")
    chosen = parser.parse_args()
    if not (chosen.message or chosen.initial):
        parser.error("say in a few words what changes")
    if chosen.initial:
        for old in VERSIONS.glob("0*.py"):
            old.unlink()
    asyncio.run(write_revision(chosen.message or "The first schema"))


async def write_revision(message: str) -> None:
    """Migrate an empty SQLite file as far as the revisions go, then write what is missing."""
    whole_schema()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/empty.db")
        try:
            await migrate(database)
            path = await database.run(lambda connection: _revision(connection, message))
        finally:
            await database.close()
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(path)], check=False)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix", str(path)], check=False)
    print(path.relative_to(Path.cwd()))


def _revision(connection: sa.Connection, message: str) -> Path:
    number = f"{len(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())) + 1:04}"
    script = command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)
    connection.rollback()
    assert script is not None
    assert not isinstance(script, list)
    return Path(script.path)


if __name__ == "__main__":
    main()
