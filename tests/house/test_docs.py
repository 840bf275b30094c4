"""What the docs name exists: files, headings, commands, settings; and every setting is named."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from app.cli import app
from app.company_file import desk_hours, read_company_file
from app.metrics import REGISTRY
from app.settings import Settings
from app.sites import SiteEntry
from tools.settings_page import settings_page

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[`/(]|(?<!-u)\s)nightdesk((?: [a-z][a-z-]*)+)", re.MULTILINE)
OPTION = re.compile(
    r"nightdesk ([a-z]+(?: articles| company| replay| show| check| set| list| manifest)?)[^`\n|]*?(--[a-z-]+)"
)
MAKE = re.compile(r"(?:^|[`\s])make ([a-z][a-z-]+)")
VARIABLE = re.compile(r"NIGHTDESK_[A-Z_]+")
METRIC = re.compile(r"nightdesk_[a-z_]+")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def pages() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def code_of(text: str) -> str:
    """Fenced and inline code; what stands there is typed."""
    return "\n".join(CODE.findall(text))


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    plain = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = FENCE.sub("", path.read_text("utf-8"))
    return {anchor(match) for match in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def below(command: Any) -> dict[str, Any]:
    """Its commands by name; none where it is one itself."""
    return dict(getattr(command, "commands", {}))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = CODE.sub("", FENCE.sub("", path.read_text("utf-8")))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, fragment = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{path.name} links to {target}"
        if fragment and found.suffix == ".md":
            assert fragment in anchors(found), f"{path.name} links to {target}, which has no such heading"


def test_every_command_exists() -> None:
    commands = below(get_command(app))
    for page, text in pages():
        for words in COMMAND.findall(code_of(text)):
            first, *rest = words.split()
            assert first in commands, f"{page}: nightdesk {first}"
            if rest and below(commands[first]):
                assert rest[0] in below(commands[first]), f"{page}: nightdesk {first} {rest[0]}"


def test_every_option_exists() -> None:
    for page, text in pages():
        for words, option in OPTION.findall(code_of(text)):
            command: Any = get_command(app)
            for word in words.split():
                command = below(command).get(word, command)
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            assert option in {*options, "--help"}, f"{page}: nightdesk {words} {option}"


def test_every_target_of_make_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page, text in pages():
        for target in MAKE.findall(code_of(text)):
            assert target in targets, f"{page}: make {target}"


def test_every_variable_exists_and_is_told_of() -> None:
    known = {f"NIGHTDESK_{name.upper()}" for name in Settings.model_fields}
    for page, text in pages():
        assert set(VARIABLE.findall(text)) <= known, page
    assert known <= set(VARIABLE.findall((ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")))


def test_the_page_of_settings_is_the_one_made_from_them() -> None:
    assert (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8") == settings_page()


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_metric_exists_and_is_told_of() -> None:
    collected = {metric.name for metric in REGISTRY.collect()}
    text = (ROOT / "docs" / "how-to" / "read-the-metrics.md").read_text("utf-8")
    named = {re.sub(r"_total$", "", name) for name in METRIC.findall(text)}
    assert named == collected


def test_the_company_file_of_the_how_to_can_be_read(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "how-to" / "put-your-company-in.md").read_text("utf-8")
    found = re.search(r"```yaml\n(# company.yaml\n.*?)```", text, re.DOTALL)
    assert found is not None
    (tmp_path / "company.yaml").write_text(found[1], "utf-8")
    company = read_company_file(tmp_path / "company.yaml")
    assert company.calendar is not None
    assert desk_hours(company.calendar, at=datetime(2026, 11, 22, tzinfo=UTC)).windows[6] == ()


def test_every_sites_file_can_be_read() -> None:
    for page, text in pages():
        for block in re.findall(r"```yaml\n(shop:.*?)```", text, re.DOTALL):
            for entry in yaml.safe_load(block).values():
                assert SiteEntry.model_validate(entry).origins, page


def test_every_page_is_in_an_index() -> None:
    docs = ROOT / "docs"
    for index, folder in ((docs / "README.md", docs), (docs / "decisions" / "README.md", docs / "decisions")):
        linked = {
            (index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text("utf-8"))
        }
        there = set(folder.glob("*.md")) | (set(folder.glob("[hre]*/*.md")) if folder == docs else set())
        assert sorted(str(path) for path in there - linked - {index}) == []


def test_no_path_of_a_maker_and_no_unknown_figure() -> None:
    """The tutorial works from any folder, and no place-holder is left."""
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for name in tracked.split():
        text = (ROOT / name).read_text("utf-8") if (ROOT / name).exists() else ""
        assert "/work/" not in text, name
        assert "INSTALL_" not in text, name
