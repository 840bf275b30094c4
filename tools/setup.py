"""Make .venv: `python3 tools/setup.py run` for what the desk needs, `... all` with the test and check tools too.

Standard library only: it runs before anything is installed. torch comes first and alone, as a build for the CPU; the
rest follows with uv, which resolves and unpacks several times faster than pip, or with pip where uv cannot. Only what
a start really imports is compiled: all 15,000 files would cost a minute of both cores and save nothing.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
TORCH = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_TIMEOUT_S = 3
PYTHON_MIN = (3, 11)
EXTRAS = {"run": ".", "all": ".[test,check,bench]"}


def main() -> None:
    """Bring .venv up to date for what was asked."""
    if sys.version_info < PYTHON_MIN:
        sys.exit("Nightdesk needs Python 3.11 or newer: apt install python3.11 python3.11-venv")
    chosen = sys.argv[1] if len(sys.argv) > 1 else "all"
    started = time.monotonic()
    if not PYTHON.exists():
        say("making .venv")
        make_venv()
    install_torch()
    say("installing " + ("the desk" if chosen == "run" else "the desk, its tests and its checks"))
    install(EXTRAS[chosen])
    if chosen == "all":
        compile_what_a_start_imports()
    stamp(chosen)
    say(f"done in {time.monotonic() - started:.0f} s, {size_mb()} MB in .venv")


def make_venv() -> None:
    """A virtual environment with pip in it."""
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"Python's venv module is missing. Install it and try again: sudo apt install {package}")
    subprocess.run(["apt-get", "install", "-y", "-q", package], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)


def install_torch() -> None:
    """The CPU build of torch; never CUDA unasked."""
    known = subprocess.run([*PIP, "show", "-q", "torch"], check=False, capture_output=True)
    if known.returncode == 0:
        return
    say(f"installing {TORCH} for the CPU")
    quick = [*PIP, "install", "-q", "--no-compile"]
    if answers(CPU_INDEX + "/torch/"):
        run(*quick, TORCH, "--index-url", CPU_INDEX)
    elif not succeeds(*quick, f"{TORCH}+cpu"):
        refuse_cuda()
        run(*quick, TORCH)


def answers(url: str) -> bool:
    """Whether the address answers within PROBE_TIMEOUT_S."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False


def refuse_cuda() -> None:
    """Stop where the only torch at hand would bring gigabytes for a graphics card."""
    report = subprocess.run(
        [*PIP, "install", "-q", "--dry-run", "--report", "-", TORCH], check=True, capture_output=True, text=True
    )
    names = [item["metadata"]["name"] for item in json.loads(report.stdout)["install"]]
    if any(name.startswith(("nvidia", "cuda", "triton")) for name in names):
        sys.exit(
            f"{CPU_INDEX} does not answer, and the {TORCH} of this package index is for graphics cards (5 GB).\n"
            f"Open the way to that address, or put a wheel of {TORCH}+cpu where pip finds it (PIP_FIND_LINKS), or\n"
            f"install the large one yourself: {PYTHON} -m pip install {TORCH}"
        )


def install(what: str) -> None:
    """The package, editable, with everything it needs."""
    constraint = ["-c", str(ROOT / "constraints.txt")]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(PYTHON), *constraint]
    if succeeds(*PIP, "install", "-q", "--no-compile", "uv") and succeeds(
        *uv, "--reinstall-package", "nightdesk", "-e", what
    ):
        return
    say("uv could not; pip takes a little longer")
    run(*PIP, "install", "-q", "--no-compile", *constraint, "-e", what)


def compile_what_a_start_imports() -> None:
    """Python keeps what it compiled when it imports; the first start of the desk does the same for `run`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([str(PYTHON), "-c", "import app.cli, sentence_transformers"], check=False, cwd=ROOT, env=environment)


def stamp(chosen: str) -> None:
    """Tell `make` what is up to date; everything includes what the desk needs to run."""
    for name in ("run", "all") if chosen == "all" else ("run",):
        (VENV / f".{name}").touch()


def succeeds(*command: str) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def run(*command: str) -> None:
    if not succeeds(*command):
        sys.exit(f"failed: {' '.join(command)}")


def say(words: str) -> None:
    print(f"nightdesk: {words}", flush=True)


def size_mb() -> int:
    return sum(path.stat().st_size for path in VENV.rglob("*") if path.is_file()) // 1_000_000


if __name__ == "__main__":
    main()
