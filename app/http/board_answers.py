"""Boards as JSON: each figure with the address of the cases it counts."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

from app.http.board_bodies import (
    AgentBoardAnswer,
    CellAnswer,
    ChannelSatisfactionAnswer,
    ContainmentAnswer,
    NowAnswer,
    NumberAnswer,
    PercentilesAnswer,
    PeriodAnswer,
    SatisfactionAnswer,
    TargetAnswer,
)
from caseengine.reading.boards import AgentLine, Drill, NowBoard, Number, PeriodBoard
from caseengine.reading.boards.containment import Containment
from caseengine.reading.boards.durations import Percentiles
from caseengine.reading.boards.figures import PRESENT
from caseengine.reading.boards.period_board import TargetBoard
from caseengine.reading.boards.satisfaction import ChannelSatisfaction, Satisfaction

CASES = "/api/boards/cases"


def address(drill: Drill) -> str:
    """Where the cases behind a figure are; what the reader may see is decided when it is asked for."""
    whose = drill.whose
    said: dict[str, Any] = {"figure": drill.figure, "department": whose.department, "agent": whose.agent_id}
    said |= {"case_type": whose.case_type, "priority": whose.priority, "policy": whose.policy}
    if drill.figure in PRESENT:
        said |= {"status": drill.status, "bucket": drill.bucket, "within_s": int(drill.within.total_seconds())}
        said |= {"at": drill.at.isoformat() if drill.at else None}
    elif drill.period is not None:
        said |= {"from": drill.period.begins.isoformat(), "to": drill.period.ends.isoformat()}
        said |= {"target": drill.target, "reason": drill.reason, "score": drill.score, "channel": drill.channel}
    return f"{CASES}?{urlencode({name: str(value) for name, value in said.items() if value is not None})}"


def number(one: Number) -> NumberAnswer:
    return NumberAnswer(value=one.value, cases=address(one.drill))


def numbers(board: Any) -> dict[str, Any]:
    """Every field of a board that is a figure, or figures by name."""
    found: dict[str, Any] = {}
    for item in fields(board):
        value = getattr(board, item.name)
        if isinstance(value, Number):
            found[item.name] = number(value)
        elif isinstance(value, Mapping):
            found[item.name] = {name: number(one) for name, one in value.items()}
    return found


def now_answer(board: NowBoard) -> NowAnswer:
    cells = [CellAnswer(department=cell.department, status=cell.status, **numbers(cell)) for cell in board.cells]
    return NowAnswer(at=board.at, cells=cells, **numbers(board))


def period_answer(board: PeriodBoard) -> PeriodAnswer:
    return PeriodAnswer(
        begins=board.period.begins,
        ends=board.period.ends,
        reopen_rate=board.reopen_rate,
        targets=[_target(one) for one in board.targets],
        containment=_containment(board.containment),
        satisfaction=_satisfaction(board.satisfaction),
        **numbers(board),
    )


def agent_board_answer(line: AgentLine) -> AgentBoardAnswer:
    return AgentBoardAnswer(
        agent_id=line.agent_id,
        name=line.name,
        held_s=int(line.held_for.total_seconds()),
        reopen_rate=line.reopen_rate,
        csat=line.csat,
        targets=[_target(one) for one in line.targets],
        **numbers(line),
    )


def _target(board: TargetBoard) -> TargetAnswer:
    return TargetAnswer(
        target=board.target,
        attainment=board.attainment,
        working=_percentiles(board.took.working) if board.took else None,
        wall=_percentiles(board.took.wall) if board.took else None,
        **numbers(board),
    )


def _percentiles(found: Percentiles) -> PercentilesAnswer:
    seconds = {f"{name}_s": int(getattr(found, name).total_seconds()) for name in ("p50", "p90", "p95")}
    return PercentilesAnswer(**seconds)


def _containment(found: Containment | None) -> ContainmentAnswer | None:
    return ContainmentAnswer.model_validate(found) if found else None


def _satisfaction(found: Satisfaction) -> SatisfactionAnswer:
    means = {"response_rate": found.response_rate, "csat": found.csat, "effort": found.effort}
    channels = [_channel(one) for one in found.channels]
    return SatisfactionAnswer(**means, channels=channels, **numbers(found))


def _channel(found: ChannelSatisfaction) -> ChannelSatisfactionAnswer:
    means = {"response_rate": found.response_rate, "csat": found.csat, "effort": found.effort}
    return ChannelSatisfactionAnswer(channel=found.channel, **means, **numbers(found))
