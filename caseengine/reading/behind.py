"""A list of cases in the order of an instant, read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Due:
    """A place in such a list: the instant, and the case."""

    at: datetime
    case_id: UUID


def behind(after: Due | None, at: sa.Column[Any], case_id: sa.Column[Any]) -> list[sa.ColumnElement[bool]]:
    """What stands behind a place, in the order of these two columns; everything where there is none."""
    if after is None:
        return []
    return [at >= after.at, sa.or_(at > after.at, case_id > after.case_id)]


def beyond(columns: Sequence[sa.ColumnElement[Any]], place: Sequence[Any]) -> sa.ColumnElement[bool]:
    """What comes after a place in the order of these columns."""
    told = [sa.literal(value, column.type) for column, value in zip(columns, place, strict=True)]
    return sa.tuple_(*columns) > sa.tuple_(*told)
