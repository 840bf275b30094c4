"""B2: the front that reads mails, fuzzed. FUZZ_S says for how many seconds (20); the bar asks for 1800."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.channels.email.reading.test_broken_mails import SEEDS
from tests.slow.results import write_results

ROOT = Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("FUZZ_S", "20"))
SPARE_S = 120


@pytest.mark.slow
@pytest.mark.bar
@pytest.mark.timeout(SECONDS + 2 * SPARE_S)
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed (extra `test`, Linux only)")
def test_B02_no_bytes_make_the_reader_raise(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    limits = [f"-max_total_time={SECONDS}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=1024"]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.slow.fuzz_mails", str(corpus), *limits, f"-artifact_prefix={tmp_path}/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS + SPARE_S,
        check=False,
    )
    executed = re.findall(r"#(\d+)\s+DONE", ran.stderr)
    write_results("B02-fuzzed-mails", {"seconds": SECONDS, "mails": int(executed[-1]) if executed else 0})

    assert ran.returncode == 0, ran.stderr[-3_000:]
