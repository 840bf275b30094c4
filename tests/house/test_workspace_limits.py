"""The workspace refuses what is too large before it leaves, by the desk's own limits."""

import re
from math import prod

import pytest

from app.http.bodies import TEXT_MAX
from caseengine.operations import enclosing
from tools.openapi import ROOT

WORKSPACE = ROOT / "web" / "workspace"


@pytest.mark.parametrize(
    ("file", "name", "limit"),
    [
        ("api/upload.ts", "FILES_MAX", enclosing.FILES_MAX),
        ("api/upload.ts", "FILE_BYTES_MAX", enclosing.FILE_BYTES_MAX),
        ("api/upload.ts", "TOGETHER_BYTES_MAX", enclosing.TOGETHER_BYTES_MAX),
        ("case/Composer.tsx", "CHARACTERS_MAX", TEXT_MAX),
    ],
)
def test_workspace_and_desk_have_the_same_limits(file: str, name: str, limit: int) -> None:
    found = re.search(rf"const {name} = ([\d_ *]+);", (WORKSPACE / file).read_text("utf-8"))
    assert found is not None
    assert prod(int(factor.replace("_", "")) for factor in found[1].split("*")) == limit
