"""House rules that no other tool checks, read from the syntax trees: `python -m tools.rules [FILE...]`.

Each rule is a function from a parsed file to the lines that break it. tests/house/test_rules.py plants a violation of
each. A line that must break one says so and why:  # house: <rule>, <reason>
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "channels", "bot", "caseengine", "customers", "knowledge", "storage", "web")
COMMITTERS = ("storage/",)
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
SPEAKING = {"Ask", "Say", "Done"}
FORBIDDEN_NAMES = ("Manager", "Service", "Handler", "Helper")
FORBIDDEN_MODULES = {"utils", "common", "core", "base", "helpers"}
EXEMPT = re.compile(r"#\s*house:\s*(?P<rule>[a-z-]+),\s*\S+")


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file; `path` is relative to the repository, with slashes."""

    path: str
    tree: ast.Module
    lines: list[str]

    def under(self, *folders: str) -> bool:
        return self.path.startswith(folders)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and where."""

    path: str
    line: int
    rule: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.remedy}"


def status_outside_model(source: Source) -> Iterator[int]:
    """A status is set by a verb of the case, which makes the event too."""
    if source.under("caseengine/model/"):
        return
    for node in ast.walk(source.tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets):
            yield _line(node)


def commit_outside_unit_of_work(source: Source) -> Iterator[int]:
    """Only the unit of work commits."""
    if not source.under(*COMMITTERS):
        yield from (call.lineno for call in _calls(source) if _called(call)[-1] == "commit")


def clock_below_app(source: Source) -> Iterator[int]:
    """`at=` is passed in; the clock is read in app/ alone."""
    if source.under("app/"):
        return
    for call in _calls(source):
        name = _called(call)
        if name[-1] in ("now", "utcnow") or name[-2:] in CLOCKS:
            yield call.lineno


def environment_outside_settings(source: Source) -> Iterator[int]:
    """The environment is read once, by app/settings.py."""
    if source.path == "app/settings.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and _name(node.value) == "os":
            yield node.lineno
        imported = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        if {"environ", "getenv"} & imported:
            yield _line(node)


def words_in_steps(source: Source) -> Iterator[int]:
    """A step answers with the key of a message; the words are in the catalogue."""
    for call in _calls(source):
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        if _called(call)[-1] in SPEAKING and any(map(_has_words, values)):
            yield call.lineno


def botbuilder_outside_teams(source: Source) -> Iterator[int]:
    """Bot Framework's packages live in channels/teams alone."""
    if source.under("channels/teams/"):
        return
    for node in ast.walk(source.tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.partition(".")[0] in ("botbuilder", "botframework") for name in names):
            yield _line(node)


def names_that_say_nothing(source: Source) -> Iterator[int]:
    """No class called Manager, Service, Handler or Helper; no module called utils, common, core, base or helpers."""
    if FORBIDDEN_MODULES & set(Path(source.path).with_suffix("").parts):
        yield 1
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_NAMES):
            yield node.lineno


Rule = Callable[[Source], Iterable[int]]
RULES: Mapping[str, tuple[Rule, str]] = {
    "status": (status_outside_model, "call a verb of the case; it sets the status and makes the event"),
    "commit": (commit_outside_unit_of_work, "leave the `async with unit_of_work()` block; that commits"),
    "clock": (clock_below_app, "take `at=` as a parameter; the clock is read in app/"),
    "environment": (environment_outside_settings, "add a field to app.settings.Settings"),
    "words": (words_in_steps, "put the text into the catalogue and pass its key"),
    "botbuilder": (botbuilder_outside_teams, "move it to channels/teams"),
    "names": (names_that_say_nothing, "name it for what it does"),
}


def violations(path: str, text: str) -> list[Violation]:
    """What a file breaks; `path` relative to the repository."""
    source = Source(path, ast.parse(text, path), text.splitlines())
    found = [
        Violation(path, line, rule, remedy)
        for rule, (check, remedy) in RULES.items()
        for line in sorted(set(check(source)))
        if not _exempt(source, line, rule)
    ]
    return sorted(found, key=lambda violation: violation.line)


def main() -> None:
    """Check the files named, or all of the rooms; end with 1 when a rule is broken."""
    named = [Path(name).resolve() for name in sys.argv[1:]]
    paths = named or [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    kept = [path for path in paths if "node_modules" not in path.parts]
    broken = [item for path in kept for item in violations(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]
    for violation in broken:
        print(violation)
    print(f"house rules: {len(kept)} files, {len(broken)} broken" if broken else f"house rules: {len(kept)} files kept")
    sys.exit(1 if broken else 0)


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> tuple[str, ...]:
    """The dotted name that is called: ("datetime", "datetime", "now")."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(parts))


def _has_words(value: ast.expr) -> bool:
    if isinstance(value, ast.JoinedStr):
        return any(map(_has_words, value.values))
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def _exempt(source: Source, line: int, rule: str) -> bool:
    found = EXEMPT.search(source.lines[line - 1]) if line <= len(source.lines) else None
    return found is not None and found["rule"] == rule


if __name__ == "__main__":
    main()
