"""What the supervisor promises: children come back, stop in time, leave no orphan, and a second instance is refused."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inbox.child import Child, stop
from inbox.supervise import CannotStart, listen, lock


def child(code: str, **options: Any) -> Child:
    return Child("child", [sys.executable, "-c", textwrap.dedent(code)], dict(os.environ), **options)


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{number}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_child_that_ends_comes_back(eventually: Callable[..., Any]) -> None:
    said: list[str] = []
    one = child("import time; time.sleep(60)")
    one.start()
    assert one.process
    first = one.process.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: one.look_after(said.append) is not None)
    eventually(lambda: one.look_after(said.append) is None and one.process is not None)
    assert one.process.pid != first
    assert "SIGKILL" in said[0]
    stop([one])


def test_pauses_grow_while_a_child_keeps_failing(eventually: Callable[..., Any]) -> None:
    one = child("raise SystemExit(1)")
    pauses = []
    for _ in range(3):
        one.next_start_at = 0
        one.look_after(lambda _: None)
        eventually(lambda: one.look_after(lambda _: None) is not None)
        pauses.append(one.next_start_at - time.monotonic())
    assert pauses[0] < pauses[1] < pauses[2] < 30


def test_a_child_that_ignores_sigterm_is_gone_within_seconds(tmp_path: Path, eventually: Callable[..., Any]) -> None:
    ready = tmp_path / "ready"
    one = child(
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    )
    one.start()
    eventually(ready.exists)
    before = time.monotonic()
    stop([one], patience=2.5)
    assert one.process
    assert one.process.poll() is not None
    assert time.monotonic() - before < 6


def test_what_the_others_need_stops_last(tmp_path: Path) -> None:
    code = """
        import pathlib, signal, sys, time
        def end(*_):
            with open({log!r}, "a") as log:
                log.write({name!r})
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        pathlib.Path({log!r} + {name!r}).touch()
        time.sleep(60)
    """
    log = str(tmp_path / "log")
    children = [child(code.format(log=log, name="v"), stops_last=True), child(code.format(log=log, name="w"))]
    for one in children:
        one.start()
    while not all(Path(log + name).exists() for name in "vw"):
        time.sleep(0.02)
    stop(children)
    assert Path(log).read_text() == "wv"


def test_a_second_instance_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with lock(tmp_path / "data"), pytest.raises(CannotStart, match=f"process {os.getpid()}"):
        lock(tmp_path / "data")
    lock(tmp_path / "data").close()


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="cannot be written"):
        lock(tmp_path / "file")


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"{port}.*TRELLIS_PORT"):
            listen("127.0.0.1", port)


def test_an_unknown_host_is_a_sentence() -> None:
    with pytest.raises(CannotStart, match="cannot be listened on"):
        listen("127.0.0.1.5", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_a_killed_supervisor_leaves_no_orphan(eventually: Callable[..., Any]) -> None:
    code = """
        import os, sys, time
        from inbox.child import Child
        one = Child("child", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
        one.start()
        print(one.process.pid, flush=True)
        time.sleep(60)
    """
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert parent.stdout
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not alive(orphan))
