"""The worker and the scheduler against a real Valkey: jobs are done, and both outlive a Valkey that goes away."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from rq import Queue

from inbox import jobs
from inbox.channels.models import Channel, Stream
from inbox.config import load_settings
from inbox.connectors.tracker_contract import IdeaCard
from inbox.database import Database
from inbox.embedded import stop_orphan, valkey_command, valkey_socket, wait_for_valkey
from inbox.jobs import Job, QueueName, Recipe, ring
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.trackers.connect import connect, read_setup
from inbox.trackers.models import Tracker
from inbox.vault import open_vault
from tests.garden import a_team
from tests.unit.connectors.drip import dripping
from workers import schedule as scheduling

ROOT = Path(__file__).resolve().parents[3]
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SECRET = "whsec_" + "c2VjcmV0" * 4
# A job that leaves a trace, in a module that the worker's process finds beside its data.
TRACE = """
import pathlib, time
def leave(*ids):
    with open(pathlib.Path(__file__).with_name("trace"), "a") as trace:
        trace.write("x")
def dawdle():
    leave()
    time.sleep(60)
def fail():
    raise ValueError("on purpose\\nDETAIL: what Mi" + "a wrote")
"""


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    (tmp_path / "traced.py").write_text(TRACE)
    recipes = {Job.POLL: Recipe("traced.leave", every=1), Job.SEND: Recipe("traced.fail", QueueName.URGENT)}
    monkeypatch.setattr(jobs, "RECIPES", recipes)
    monkeypatch.setattr(scheduling, "RECIPES", recipes)
    path = tmp_path / "trace"
    return lambda: path.stat().st_size if path.exists() else 0


@pytest.fixture
def worker(tmp_path: Path, valkey_url: str) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str, url: str = valkey_url) -> "subprocess.Popen[bytes]":
        allowed = {"TRELLIS_REDIS_URL": url, "TRELLIS_ALLOW_PRIVATE_ADDRESSES": "true"}
        environment = {**os.environ, **allowed, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
        started.append(subprocess.Popen([sys.executable, "-m", "inbox.cli", "worker", *options], env=environment))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_a_job_is_done_and_a_failing_one_stops_nobody(trace: Callable[[], int], worker: Callable[..., Any]) -> None:
    assert ring(Job.SEND)
    assert ring(Job.POLL)
    assert worker("--burst").wait(30) == 0
    assert trace() == 1


def test_what_somebody_wrote_stands_in_no_line_of_a_failed_job(
    trace: Callable[[], int], worker: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    ring(Job.SEND)
    assert worker("--burst").wait(30) == 0
    told = capfd.readouterr().err
    assert "ValueError: on purpose" in told
    assert '"job": "send"' in told
    assert "Mia" not in told
    kept: Any = [jobs.doorbell().hgetall(key) for key in jobs.doorbell().keys("rq:job:*")]  # type: ignore[union-attr]
    results: Any = [jobs.doorbell().xrange(key) for key in jobs.doorbell().keys("rq:results:*")]  # type: ignore[union-attr]
    assert b"Mia" not in repr((kept, results)).encode()


def test_jobs_that_fail_for_days_do_not_fill_valkey(trace: Callable[[], int], worker: Callable[..., Any]) -> None:
    ring(Job.SEND)
    assert worker("--burst").wait(30) == 0
    kept: Any = jobs.doorbell().keys("rq:job:*") + jobs.doorbell().keys("rq:results:*")
    assert kept, "the last hour's can be looked at"
    # Of all that fails every five seconds, 5 KB each.
    assert all(0 < jobs.doorbell().ttl(key) <= 3_600 for key in kept)


def test_a_second_ring_for_a_waiting_job_is_dropped(trace: Callable[[], int], worker: Callable[..., Any]) -> None:
    for _ in range(5):
        ring(Job.POLL)
    worker("--burst").wait(30)
    assert trace() == 1


def test_an_idle_worker_stops_at_once(
    trace: Callable[[], int], worker: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    ring(Job.POLL)
    one = worker()
    eventually(trace, seconds=20)
    one.send_signal(signal.SIGTERM)
    assert one.wait(10) == 0


@pytest.fixture
def feed(sqlite_url: str) -> Iterator[Callable[[], Stream]]:
    """How the one stream stands now; its platform takes the question and never answers."""
    database = Database(sqlite_url)

    def stream() -> Stream:
        with database.reading() as session:
            return session.scalars(sa.select(Stream)).one()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/feed"}
        with database.writing() as session:
            session.add(Channel(kind="rss", name="Feed", settings=settings, streams=[Stream(name="entries")]))
        yield stream
    database.dispose()


def test_a_platform_that_never_answers_holds_up_no_job_and_its_stream_is_given_back_at_the_end(
    valkey_url: str, feed: Callable[[], Stream], worker: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    ring(Job.POLL)
    one = worker()
    eventually(lambda: feed().claim, seconds=30)
    ring(Job.WAKE_SNOOZED)
    eventually(lambda: Queue(QueueName.DEFAULT, connection=jobs.doorbell()).count == 0, seconds=10)
    assert feed().claim
    one.send_signal(signal.SIGTERM)
    assert one.wait(10) == 0
    assert feed().claim == ""


@pytest.fixture
def trackers(sqlite_url: str, data_dir: Path) -> Iterator[Callable[[str], Counter[str]]]:
    """How the deliveries at "slow" and "quick" stand now: one takes every call and never answers, the other does."""
    database = Database(sqlite_url)
    vault = open_vault(load_settings())

    def states(name: str) -> Counter[str]:
        at = sa.select(Delivery.state).join(Tracker, Tracker.id == Delivery.tracker_id).where(Tracker.name == name)
        with database.reading() as session:
            return Counter(session.scalars(at))

    with socket.create_server(("127.0.0.1", 0)) as slow, dripping(b"\n", said=TAKEN) as quick:
        servers = {"slow": slow.getsockname()[1], "quick": quick.port}
        with database.writing() as session:
            team = a_team(session)
            for name, port in servers.items():
                setup = read_setup("webhook", {"url": f"http://127.0.0.1:{port}/", "secret": SECRET})
                tracker = connect(session, vault, team, "webhook", name, setup, by=None)
                for each in range(5):
                    card = IdeaCard(f"{name}-{each}", "Fly", "", "", "")
                    kept = {"kind": DeliveryKind.TICKET, "payload": payload_of(card), "tracker": tracker}
                    queue_delivery(session, key=card.key, **kept)  # type: ignore[arg-type]
        yield states
    database.dispose()


def test_what_never_arrives_holds_up_nothing_else_and_a_second_signal_leaves_it(
    valkey_url: str,
    trackers: Callable[[str], Counter[str]],
    worker: Callable[..., Any],
    eventually: Callable[..., Any],
) -> None:
    ring(Job.SEND)
    one = worker()
    eventually(lambda: trackers("quick") == {DeliveryState.SENT: 5}, seconds=30)
    assert trackers("slow") == {DeliveryState.SENDING: 3, DeliveryState.QUEUED: 2}
    ring(Job.WAKE_SNOOZED)
    eventually(lambda: Queue(QueueName.DEFAULT, connection=jobs.doorbell()).count == 0, seconds=10)
    one.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(1.5)
    one.send_signal(signal.SIGTERM)
    assert one.wait(5) == 0
    assert trackers("slow") == {DeliveryState.SENDING: 3, DeliveryState.QUEUED: 2}


def test_a_long_job_holds_up_no_stream(
    feed: Callable[[], Stream],
    trace: Callable[[], int],
    worker: Callable[..., Any],
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(jobs.RECIPES, Job.POLL, Recipe("traced.dawdle"))
    ring(Job.POLL)
    worker()
    eventually(trace, seconds=30)
    eventually(lambda: feed().claim, seconds=30)


def test_worker_and_scheduler_outlive_valkey(
    trace: Callable[[], int],
    worker: Callable[..., Any],
    eventually: Callable[..., Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"unix://{valkey_socket(data_dir)}"
    monkeypatch.setenv("TRELLIS_REDIS_URL", url)
    monkeypatch.setattr(scheduling, "PAUSE_WITHOUT_VALKEY", 0.2)
    jobs.load_settings.cache_clear()
    jobs.doorbell.cache_clear()
    command = valkey_command(data_dir)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        wait_for_valkey(data_dir)
        one = worker(url=url)
        ended = threading.Event()
        clock = threading.Thread(target=scheduling.schedule, args=(ended,))
        clock.start()
        try:
            eventually(trace, seconds=20)
            first.kill()
            first.wait()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as second:
                wait_for_valkey(data_dir)
                redis.Redis.from_url(url).flushall()
                before = trace()
                eventually(lambda: trace() > before, seconds=30)
                assert one.poll() is None
                second.terminate()
        finally:
            ended.set()
            clock.join()


def test_valkey_keeps_what_it_was_told_and_an_orphan_can_be_stopped(data_dir: Path) -> None:
    command, url = valkey_command(data_dir), f"unix://{valkey_socket(data_dir)}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as orphan:
        wait_for_valkey(data_dir)
        with redis.Redis.from_url(url) as connection:
            connection.set("kept", "1")
        stop_orphan(data_dir)
        assert orphan.wait(5) == 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as again:
        wait_for_valkey(data_dir)
        with redis.Redis.from_url(url) as connection:
            assert connection.get("kept") == b"1"
        again.terminate()


def test_whoever_does_jobs_shows_it(valkey_url: str, trace: Callable[[], int], worker: Callable[..., Any]) -> None:
    assert not jobs.is_working()
    assert ring(Job.POLL)
    assert worker("--burst").wait(30) == 0
    assert trace() == 1
    assert jobs.is_working()
    assert 0 < jobs.doorbell().ttl(jobs.WORKING) <= jobs.REST_SECONDS
