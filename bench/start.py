"""The first start of everything until the first page, and what it takes in memory; bounded by what was promised."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from bench.figure import Figure

START_SECONDS, MEMORY_MB = 5.0, 450.0
PATIENCE = 60.0


def start(data: Path) -> list[Figure]:
    """`trellis up` with an empty data folder."""
    environment = {**os.environ, "TRELLIS_DATA": str(data), "TRELLIS_PORT": "0", "PYTHONUNBUFFERED": "1"}
    begin = time.perf_counter()
    up = subprocess.Popen(
        [sys.executable, "-c", "from inbox.cli import main; main(['up'])"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        urllib.request.urlopen(_address(up), timeout=PATIENCE).read()
        taken = time.perf_counter() - begin
        time.sleep(5)  # until the worker has loaded its model
        return [
            Figure("start", taken, "s", START_SECONDS),
            Figure("memory of everything", _memory_mb(up.pid), "MB", MEMORY_MB),
        ]
    finally:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(up.pid, signal.SIGKILL)


def _address(up: "subprocess.Popen[str]") -> str:
    assert up.stdout
    watch = threading.Timer(PATIENCE, up.kill)
    watch.start()
    said = []
    for line in up.stdout:
        said.append(line)
        if found := re.search(r"https?://[^\s]+", line):
            watch.cancel()
            # The pipe is emptied, so that what is told later does not block its teller.
            threading.Thread(target=up.stdout.read, daemon=True).start()
            return found.group().rstrip(".")
    raise SystemExit("trellis up did not start:\n" + "".join(said[-20:]))


def _memory_mb(parent: int) -> float:
    """Resident memory of the process and all below it; pages that several share are counted once where /proc tells."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    family = {parent}
    while more := {pid for pid, above, _ in rows if above in family} - family:
        family |= more
    return sum(_shared_once(pid) or rss / 1024 for pid, _, rss in rows if pid in family)


def _shared_once(pid: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found.group(1)) / 1024 if found else 0.0
