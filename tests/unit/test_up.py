"""`trellis up` as an operator meets it: from nothing to a page, refused twice, small, and gone without a trace."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 450
pytestmark = pytest.mark.slow


class Up:
    """A running `trellis up`."""

    def __init__(self, data: Path, code: Path = ROOT, **settings: str) -> None:
        self.data = data
        self.environment = {
            **os.environ,
            "TRELLIS_DATA": str(data),
            "TRELLIS_PORT": "0",
            "PYTHONPATH": str(code),
            **settings,
        }
        self.command = [sys.executable, "-m", "inbox.cli", "up"]
        self.process = subprocess.Popen(
            self.command, env=self.environment, cwd=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def address(self) -> str:
        """Where it is, once it says so."""
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError(self.process.communicate()[1])

    def tree(self) -> list[psutil.Process]:
        """The process and all below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def named(self, word: str) -> psutil.Process:
        """The one whose command has this word."""
        return next(one for one in self.tree() if any(word == part.rpartition("/")[2] for part in one.cmdline()))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(**options: Any) -> Up:
        data = tmp_path / "d"
        data.mkdir(exist_ok=True)
        started.append(Up(data, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
        one.process.communicate(timeout=20)


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.status, response.read().decode()


def test_from_nothing_to_the_set_up_page_and_away_again(up: Callable[..., Up], eventually: Callable[..., Any]) -> None:
    one = up()
    address = one.address()
    status, page = get(address)
    assert status == 200
    assert "<form" in page
    processes = one.tree()
    assert sum(process.memory_info().rss for process in processes) / 2**20 < MOST_MB

    refused = subprocess.run(one.command, check=False, env=one.environment, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "already running" in refused.stderr

    before = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(15) == 0
    assert time.monotonic() - before < 8
    eventually(
        lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
    )


def test_a_second_start_goes_on_where_the_first_one_ended(up: Callable[..., Up]) -> None:
    first = up()
    first.address()
    first.process.terminate()
    assert first.process.wait(15) == 0
    key, database = first.data / "secret.key", first.data / "trellis.db"
    kept = key.read_bytes()
    with closing(sqlite3.connect(database)) as beside, beside:
        beside.execute("CREATE TABLE left_behind (number INTEGER)")
    assert get(up().address())[0] == 200
    assert key.read_bytes() == kept
    with closing(sqlite3.connect(database)) as beside:
        assert beside.execute("SELECT count(*) FROM left_behind").fetchone() == (0,)


@pytest.mark.parametrize("word", ["web", "worker", "scheduler", "valkey-server"])
def test_whatever_is_killed_comes_back(word: str, up: Callable[..., Up], eventually: Callable[..., Any]) -> None:
    one = up()
    address = one.address()
    killed = one.named(word)
    killed.kill()

    def back() -> bool:
        try:
            return one.named(word).pid != killed.pid and get(address + "/healthz")[0] == 200
        except (StopIteration, OSError, psutil.Error):
            return False

    eventually(back, seconds=20)


def test_a_killed_supervisor_takes_all_with_it_and_the_next_start_works(
    up: Callable[..., Up], eventually: Callable[..., Any]
) -> None:
    first = up()
    first.address()
    processes = first.tree()
    first.process.kill()
    if sys.platform == "linux":
        eventually(
            lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
        )
    assert get(up().address())[0] == 200


def test_a_bad_setting_stops_the_start(up: Callable[..., Up]) -> None:
    one = up(TRELLIS_SECRET_KEY="c2hvcnQ=")
    out, err = one.process.communicate(timeout=20)
    assert one.process.returncode == 2
    assert "TRELLIS_SECRET_KEY" in err
    assert "Traceback" not in err + out


def test_the_wheel_holds_everything_and_runs(up: Callable[..., Up], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    for part in (
        r"inbox/_templates/.+\.html",
        r"inbox/static/.+\.css",
        r"inbox/static/.+\.js",
        r"inbox/migrations/versions/.+\.py",
        r"inbox/translations/de/LC_MESSAGES/messages\.po",
        r"classifiers/models/.+",
        r"workers/poll\.py",
    ):
        assert any(re.fullmatch(part, name) for name in names), part
    assert not [name for name in names if name.startswith(("tests/", "bench/")) or name.endswith(".db")]
    assert get(up(code=installed).address())[0] == 200
