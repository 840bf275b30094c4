"""One desk process a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slow.process import DeskProcess


@pytest.fixture
def words_desk(tmp_path: Path) -> Iterator[DeskProcess]:
    """A desk that goes by words alone."""
    yield from _desk(tmp_path, encoder="false")


@pytest.fixture
def whole_desk(tmp_path: Path) -> Iterator[DeskProcess]:
    """A desk with its model, which loads beside the first conversations."""
    yield from _desk(tmp_path, encoder="true")


def _desk(folder: Path, **settings: str) -> Iterator[DeskProcess]:
    data = folder / "data"
    data.mkdir()
    desk = DeskProcess(data, **settings)
    try:
        yield desk
    finally:
        desk.end()
