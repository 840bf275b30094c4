"""An agent asks how their departments stand: a few numbers on a card. Whoever else says the word is a customer."""

from uuid import UUID

from bot.activity import Activity, Card
from bot.dialogs.desk import Desk
from bot.dialogs.steps import Line
from caseengine.agents import Agent, agents_where
from caseengine.model.errors import DepartmentNotFound
from caseengine.reading.boards import NowBoard, now_board, whose_for
from caseengine.tables import agents

FIGURES = {
    "live": "@board.open",
    "overdue": "@board.overdue",
    "due_soon": "@board.due_soon",
    "unassigned": "@board.unassigned",
}


async def agent_board(activity: Activity, desk: Desk) -> list[Line] | None:
    """What the board says; None where it was not asked for, or not by an agent the channel vouches for."""
    asked = asked_board(activity.text, desk.words["board.command"])
    if asked is None or not activity.agent:
        return None
    agent = await _still_there(desk, activity)
    return None if agent is None else [await _board(agent, asked, desk)]


def asked_board(text: str, command: str) -> str | None:
    """The department that is named, "" for all of them; None where no board is asked for."""
    first, _, rest = text.strip().removeprefix("/").partition(" ")
    return " ".join(rest.split()) if first.casefold() == command else None


async def _still_there(desk: Desk, activity: Activity) -> Agent | None:
    """The channel told who speaks when it heard the words; they may have been locked out since."""
    found = await agents_where(desk.work, agents.c.id == UUID(activity.agent))
    known = (one for one in found if not one.is_locked and one.teams == activity.sender.id)
    return next(known, None)


async def _board(agent: Agent, asked: str, desk: Desk) -> Line:
    department = _department(asked, desk) if asked else None
    try:
        board = await now_board(desk.work, await whose_for(desk.work, agent, department=department), at=desk.at)
    except DepartmentNotFound:
        return Line("board.no_department", {"asked": asked})
    title = desk.departments.get(department, department) if department else "@board.yours"
    return Line("board.now", card=Card(title=title, facts=_facts(board, desk, whole=department is None)))


def _department(asked: str, desk: Desk) -> str:
    """By its name or its id, however written; one nobody knows is not found later, like one they may not see."""
    written = asked.casefold()
    known = (one for one, name in desk.departments.items() if written in (one.casefold(), name.casefold()))
    return next(known, asked)


def _facts(board: NowBoard, desk: Desk, *, whole: bool) -> tuple[tuple[str, str], ...]:
    """The sums, and for several departments those of each."""
    sums = tuple((label, str(getattr(board, name).value)) for name, label in FIGURES.items())
    each: dict[str, list[int]] = {}
    for cell in board.cells if whole else ():
        numbers = each.setdefault(cell.department, [0] * len(FIGURES))
        for place, name in enumerate(FIGURES):
            numbers[place] += getattr(cell, name).value
    lines = ((desk.departments.get(one, one), " · ".join(map(str, numbers))) for one, numbers in each.items())
    return (*sums, *lines)
