"""The package Teams installs: whole, the same whenever it is made, and refused where Teams would refuse it."""

import json
import re
import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from app.cli import app
from channels.teams.icons import colour_icon, outline_icon
from channels.teams.manifest import PackageFacts, PackageInvalid, manifest_of, package
from channels.teams.manifest_rules import slips
from tests.channels.teams.peer import APP_ID

FACTS = PackageFacts(APP_ID, "Larder & Lane", "https://desk.example", "1.0.0", "Ask us.", "Ask us anything.")


def picture(content: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and pixels of a PNG as RGBA."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    place, data, size = 8, b"", (0, 0)
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        name, chunk = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        assert struct.unpack(">I", content[place + 8 + length : place + 12 + length])[0] == zlib.crc32(name + chunk)
        if name == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
            assert chunk[8:10] == b"\x08\x06"
        data += chunk if name == b"IDAT" else b""
        place += 12 + length
    raw, width = zlib.decompress(data), size[0]
    rows = [raw[row * (4 * width + 1) + 1 : (row + 1) * (4 * width + 1)] for row in range(size[1])]
    return (*size, [row[4 * x : 4 * x + 4] for row in rows for x in range(width)])


def test_it_holds_a_manifest_and_two_icons_of_the_sizes_teams_wants() -> None:
    with ZipFile(BytesIO(package(FACTS))) as packed:
        assert sorted(packed.namelist()) == ["color.png", "manifest.json", "outline.png"]
        manifest = json.loads(packed.read("manifest.json"))
        width, height, _ = picture(packed.read("color.png"))
        assert (width, height) == (192, 192)
        width, height, pixels = picture(packed.read("outline.png"))
    assert (width, height) == (32, 32)
    assert set(pixels) == {b"\xff\xff\xff\xff", b"\0\0\0\0"}, "white on nothing"
    assert manifest == manifest_of(FACTS)


def test_it_says_what_the_bot_can_do() -> None:
    manifest = manifest_of(FACTS)
    [bot] = manifest["bots"]
    assert (bot["botId"], bot["supportsFiles"]) == (APP_ID, True)
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    assert manifest["validDomains"] == ["desk.example"]
    assert manifest["id"] != APP_ID
    assert manifest["$schema"].endswith(f"/v{manifest['manifestVersion']}/MicrosoftTeams.schema.json")


def test_what_is_too_long_for_teams_is_cut() -> None:
    long = PackageFacts(APP_ID, "x" * 200, "https://desk.example", "1.0.0", "y" * 200, "z" * 9_000)
    manifest = manifest_of(long)
    assert len(manifest["name"]["short"]) == 30
    assert len(manifest["name"]["full"]) == 100
    assert len(manifest["description"]["short"]) == 80
    assert len(manifest["description"]["full"]) == 4_000
    assert len(manifest["developer"]["name"]) == 32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"app_id": "my-bot"}, "NIGHTDESK_TEAMS_APP_ID is no GUID"),
        ({"version": "1.0"}, "version is not of the form 1.0.0"),
        ({"version": "v1.0.0"}, "version is not"),
        ({"version": "1.0.01"}, "version is not"),
        ({"company": "  "}, "name.short is empty; name.full is empty; developer.name is empty"),
        ({"about": ""}, "description.short is empty"),
        ({"story": ""}, "description.full is empty"),
        ({"origin": "https://desk.example:8443"}, ""),
        ({"origin": "https://[::1]"}, "validDomains holds what is no host"),
    ],
)
def test_what_the_schema_forbids_is_named_and_not_written(changes: dict[str, str], said: str) -> None:
    facts = replace(FACTS, **changes)
    if not said:
        assert package(facts)
        return
    with pytest.raises(PackageInvalid, match=re.escape(said)):
        package(facts)


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("name", "short", "x" * 31, "name.short has more than 30 characters"),
        ("description", "full", "x" * 4_001, "description.full has more than 4000 characters"),
        ("developer", "privacyUrl", "http://desk.example", "developer.privacyUrl is no https address"),
        ("icons", "outline", "color.png", "icons.outline is no PNG of 32 by 32"),
        ("icons", "color", "lost.png", "icons.color is no PNG of 192 by 192"),
    ],
)
def test_each_rule_can_fail(part: str, name: str, value: str, said: str) -> None:
    manifest = manifest_of(FACTS)
    icons = {"color.png": colour_icon(), "outline.png": outline_icon()}
    assert list(slips(manifest, icons)) == []
    manifest[part][name] = value
    assert list(slips(manifest, icons)) == [said]


def test_it_is_the_same_to_the_byte() -> None:
    assert package(FACTS) == package(FACTS)


@pytest.mark.parametrize(("app_id", "origin"), [("", "https://a.example"), (APP_ID, "http://a.example"), (APP_ID, "")])
def test_what_teams_would_refuse_is_not_written(app_id: str, origin: str) -> None:
    with pytest.raises(PackageInvalid):
        package(PackageFacts(app_id, "x", origin, "1.0.0", "y", "z"))


def test_the_command_writes_it_or_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "desk.zip"
    refused = CliRunner().invoke(app, ["teams", "manifest", "--out", str(out)])
    assert (refused.exit_code, out.exists()) == (1, False)
    monkeypatch.setenv("NIGHTDESK_TEAMS_APP_ID", APP_ID)
    monkeypatch.setenv("NIGHTDESK_PUBLIC_URL", "https://desk.example")
    written = CliRunner().invoke(app, ["teams", "manifest", "--out", str(out), "--version", "1.2.0"])
    assert written.exit_code == 0, written.output
    with ZipFile(out) as packed:
        assert json.loads(packed.read("manifest.json"))["version"] == "1.2.0"
