"""The agents' API as a file for the front end: as the desk serves it, and never stale unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.engine import Database
from tests.app.house import served_office
from tools import openapi
from tools.openapi import FILE, document, is_fresh, write


async def test_it_is_what_a_running_desk_serves(database: Database, tmp_path: Path) -> None:
    async with served_office(database, tmp_path) as served:
        answered = await served.peer().asks("GET", "/api/openapi.json")
    assert document() == answered.raw + b"\n"


def test_it_is_the_same_each_time() -> None:
    assert document() == document()


def test_the_file_is_fresh() -> None:
    assert is_fresh(FILE), openapi.MEND


def test_writing_makes_the_folder_and_mends_the_file(tmp_path: Path) -> None:
    file = tmp_path / "api" / "openapi.json"
    assert not is_fresh(file)
    write(file)
    assert is_fresh(file)
    file.write_bytes(file.read_bytes().replace(b"contact_name", b"contact"))
    assert not is_fresh(file)


def test_a_stale_file_is_told_in_one_line_with_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "ROOT", tmp_path)
    monkeypatch.setattr(openapi, "FILE", tmp_path / "openapi.json")
    monkeypatch.setattr(sys, "argv", ["openapi", "--check"])
    with pytest.raises(SystemExit) as ended:
        openapi.main()
    assert ended.value.code == "openapi.json is not what the routes say now: python -m tools.openapi"
    assert not (tmp_path / "openapi.json").exists()


def test_no_model_is_loaded_for_it() -> None:
    looked = "import sys, tools.openapi; tools.openapi.document(); print({'torch', 'onnxruntime'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", looked], cwd=openapi.ROOT, capture_output=True, check=False)
    assert ended.stdout == b"set()\n", ended.stderr
