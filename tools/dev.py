"""`make dev`: the demo desk, started again whenever a file of ours changes, the front end rebuilt when its own do."""

import argparse
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


def files() -> Mapping[Path, float]:
    """When each file that matters was last changed."""
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*"))
    skipped = {"node_modules", "dist", "__pycache__"}
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
