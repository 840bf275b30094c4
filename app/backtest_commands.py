"""`nightdesk backtest`: what drafts would have made of the past, from the command line."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from app.rulebook_commands import Data, Fail, SettingsFor, on_a_snapshot, read_document, wrong_place
from app.settings import Settings
from app.shown_differences import difference_document, difference_rows

if TYPE_CHECKING:
    from app.backtest.draft import Draft
    from caseengine.rule_replay import Period
    from storage.transaction import Snapshot

DAY = "%Y-%m-%d"
SHOWN_MAX = 100
"""Cases in the table; `--json` has all of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where the answer goes, and as what."""

    console: Console
    as_json: bool
    fail: Fail


def add_backtest_command(app: typer.Typer, settings_for: SettingsFor, fail: Fail, console: Console) -> None:
    """Hang the command on the command line; see `add_rulebook_commands`."""

    @app.command(rich_help_panel="Check")
    def backtest(
        *,
        start: Annotated[datetime, typer.Option("--from", formats=[DAY], metavar="YYYY-MM-DD", help="First day, UTC.")],
        end: Annotated[datetime, typer.Option("--to", formats=[DAY], metavar="YYYY-MM-DD", help="Day after the last.")],
        rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A draft of rules, in YAML or JSON.")] = None,
        sla: Annotated[Path | None, typer.Option(metavar="FILE", help="A draft of service levels.")] = None,
        routing: Annotated[Path | None, typer.Option(metavar="FILE", help="A draft of routing.")] = None,
        data: Data = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line, for programs.")] = False,
    ) -> None:
        """Tell which cases of a period would differ under a draft, and how. Nothing is changed or sent.

        The real events of each case are gone through again, with what was in force and with the draft. Of several
        drafts each is compared by itself.

        \b
        nightdesk backtest --rules draft.yaml --from 2026-10-01 --to 2026-11-01
        nightdesk backtest --sla sla.yaml --routing routing.yaml --from 2026-10-01 --to 2026-11-01
        nightdesk backtest --rules draft.yaml --from 2026-10-01 --to 2026-11-01 --json | jq .number
        """
        if start >= end:
            fail("The period ends before it begins.", "--to names the day after the last")
        drafts = {kind: file for kind, file in (("rules", rules), ("sla", sla), ("routing", routing)) if file}
        if not drafts:
            fail("A backtest is about a draft.", "nightdesk backtest --rules FILE --from DAY --to DAY")
        within = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        asyncio.run(_backtest(settings_for(data=data), drafts, within, Told(console, as_json, fail)))


async def _backtest(
    settings: Settings, drafts: Mapping[str, Path], within: tuple[datetime, datetime], told: Told
) -> None:
    from app.backtest.draft import Together
    from app.clock import now
    from caseengine.rule_replay import Period

    start, end = within
    period = Period(start, max(start, min(end, now())))
    documents = {kind: read_document(file, told.fail) for kind, file in drafts.items()}

    async def run(snapshot: "Snapshot") -> None:
        read = [await _read(snapshot, kind, document, period, told.fail) for kind, document in documents.items()]
        await _tell(snapshot, Together(read), period, told)

    await on_a_snapshot(settings, run, told.fail, as_it_is=True)


async def _read(snapshot: "Snapshot", kind: str, document: dict[str, Any], period: "Period", fail: Fail) -> "Draft":
    """Checked just as if it was to come into force."""
    from app.backtest.run import DRAFTS
    from app.rulebooks import check
    from caseengine.model.errors import RulebookInvalid
    from caseengine.rulebooks import Rulebook

    try:
        await check(snapshot, Rulebook(kind), document)
    except RulebookInvalid as wrong:
        fail(f"{kind}: {wrong_place(wrong)}", f"see docs/reference/{kind}.md")
    return await DRAFTS[Rulebook(kind)](snapshot, document, period)


async def _tell(snapshot: "Snapshot", draft: "Draft", period: "Period", told: Told) -> None:
    from app.backtest.run import backtest, how_many

    total, differing = await how_many(snapshot, period), 0
    table = Table("case", "what", "in force", "draft", "from", box=None, pad_edge=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("cases", total=total)
        async for found in backtest(snapshot, draft, period, progress=lambda done: bars.update(bar, completed=done)):
            differing += 1
            if told.as_json:
                told.console.file.write(orjson.dumps(difference_document(found)).decode() + "\n")
            elif differing <= SHOWN_MAX:
                for row in difference_rows(found):
                    table.add_row(*row)
    if not told.as_json:
        if differing:
            told.console.print(table)
        told.console.print(_summary(differing, total))


def _summary(differing: int, total: int) -> str:
    more = f" The first {SHOWN_MAX} are shown; --json has all." if differing > SHOWN_MAX else ""
    return f"{differing} of {total} cases would differ.{more}"
