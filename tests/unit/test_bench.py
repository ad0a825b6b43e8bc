"""The measures can be taken, and each stands beside its bound."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_small_measure_prints_one_json_line_each(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bench",
        "--messages",
        "1000",
        "ingest",
        "list",
        "search",
        "training",
        "classify",
        "poll",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    figures = {figure["name"]: figure for figure in map(json.loads, done.stdout.splitlines())}
    assert {
        "ingest",
        "ingest + label + search index",
        "list",
        "list statements",
        "search",
        "training round",
        "ledger",
        "poll quiet streams",
        "poll quiet streams beside a slow platform, against without it",
        "classify",
    } <= set(figures)
    for figure in figures.values():
        assert set(figure) == {"name", "value", "unit", "bound", "ratio"}
        assert figure["value"] > 0
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["bound"], rel=0.05)
    assert figures["list statements"]["ratio"] <= 1
