"""The boards in a terminal, for a manager without a browser."""

from datetime import date, timedelta

from rich.console import Console
from rich.table import Table

from app.clock import now
from caseengine.calendars import desk_calendar
from caseengine.departments import all_departments
from caseengine.reading.boards import NowBoard, PeriodBackwards, PeriodBoard, Whose, desk_days, now_board, period_board
from storage.engine import Database

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


async def print_board(
    console: Console, url: str, department: str | None, first: date | None, before: date | None
) -> str | None:
    """Print both; what was wrong with the question, or None."""
    database = Database(url)
    at = now()
    try:
        async with database.snapshot() as snapshot:
            known = [found.id for found in await all_departments(snapshot)]
            if department is not None and department not in known:
                return f"There is no department {department}; there are {', '.join(known)}."
            zone = (await desk_calendar(snapshot)).zone
            ends = before or at.astimezone(zone).date() + DAY
            try:
                period = desk_days(first or ends - WEEK, ends, zone)
            except PeriodBackwards:
                return "The period ends before it begins."
            whose = Whose(department=department)
            console.print(_now(await now_board(snapshot, whose, at=at)))
            console.print(
                _period(await period_board(snapshot, whose, period), f"{first or ends - WEEK} to {ends - DAY}")
            )
    finally:
        await database.close()
    return None


def _now(board: NowBoard) -> Table:
    table = Table("department", "status", "open", "nobody's", "overdue", "due soon", title="Now", box=None)
    for cell in board.cells:
        numbers = (cell.live, cell.unassigned, cell.overdue, cell.due_soon)
        table.add_row(cell.department, str(cell.status), *(str(number.value) for number in numbers))
    sums = (board.live, board.unassigned, board.overdue, board.due_soon)
    table.add_row("[bold]all[/]", "", *(f"[bold]{number.value}[/]" for number in sums))
    return table


def _period(board: PeriodBoard, title: str) -> Table:
    table = Table("", "", title=title, box=None)
    for name in ("opened", "resolved", "closed", "reopened", "handed_over"):
        table.add_row(name.replace("_", " "), str(getattr(board, name).value))
    table.add_row("reopen rate", _share(board.reopen_rate))
    for target in board.targets:
        took = f", half within {target.took.working.p50} of working time" if target.took else ""
        table.add_row(target.target.replace("_", " "), f"{_share(target.attainment)} in time{took}")
    if board.containment is not None:
        rates = (_share(board.containment.rate), _share(board.containment.confirmed_rate))
        table.add_row("by the bot alone", f"{rates[0]} of {board.containment.begun}, confirmed {rates[1]}")
    said = board.satisfaction
    table.add_row("satisfaction", f"{said.csat:.2f} of 5" if said.csat else "-")
    table.add_row("response rate", _share(said.response_rate))
    for one in said.channels:
        happy = f"{one.csat:.2f} of 5, " if one.csat else ""
        table.add_row(f"satisfaction, {one.channel}", f"{happy}{one.responded.value} of {one.asked.value} answered")
    return table


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
