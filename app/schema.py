"""The whole schema: every room's tables on the one metadata."""

from importlib import import_module
from importlib.util import find_spec

import sqlalchemy as sa

from storage.tables import metadata

ROOMS = ("app", "bot", "caseengine", "customers", "knowledge")


def whole_schema() -> sa.MetaData:
    """The metadata with the tables of all rooms on it."""
    for room in ROOMS:
        if find_spec(f"{room}.tables"):
            import_module(f"{room}.tables")
    return metadata
