"""Polling quiet streams through the real worker, bounded by bare HTTP requests to the same server; and what a slow platform
costs the others.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import httpx
import sqlalchemy as sa

from bench.figure import Figure
from inbox.channels.connect import add_new_streams
from inbox.channels.models import Channel, Stream
from inbox.channels.setup import keep_setup, read_setup
from inbox.clock import now
from inbox.connectors.contract import StreamSpec
from inbox.database import Database
from workers.lanes import PER_HOST
from workers.opened import open_vault
from workers.poll import leave, poll

STREAMS, SLOW_STREAMS, SLOW_SECONDS = 300, 100, 6.0
ROUNDS = 5
LONGEST = 300.0
PROMISED = 500.0  # streams a minute
FEED = {"If-None-Match": '"one"', "Accept": "application/rss+xml"}
NOTIFICATIONS: tuple[str, dict[str, str | int]] = ("/api/v1/notifications", {"types[]": "mention", "limit": 40})
STATUSES: tuple[str, dict[str, str | int]] = ("/api/v1/accounts/1/statuses", {"limit": 40})


def poll_quiet(database: Database, streams: int = STREAMS) -> list[Figure]:
    """A third of the streams are feeds, the others two each of Mastodon accounts; all are read already and bring nothing new."""
    alone, beside = [], []
    with local_platform() as address, local_platform(SLOW_SECONDS) as slow_address:
        connect_quiet(database, address, streams)
        slow = connect_slow(database, slow_address)
        poll_all(database, slow, besides_slow=False)  # the first look signs in and remembers
        # In turns, so that what else the machine does meets both alike.
        for _ in range(ROUNDS):
            alone.append(poll_all(database, slow, besides_slow=False))
            beside.append(poll_all(database, slow, besides_slow=True))
        bare = ask_bare(address, streams)
    rate = streams / statistics.median(alone) * 60
    # Each round against the one just before it: from minute to minute the machine differs more than the two do.
    kept = statistics.median(without / with_slow for without, with_slow in zip(alone, beside, strict=True))
    return [
        Figure("poll quiet streams", rate, "streams/min", streams / bare * 60),
        Figure("poll quiet streams, against what is promised", rate, "streams/min", PROMISED),
        Figure("poll quiet streams beside a slow platform, against without it", rate * kept, "streams/min", rate),
    ]


@contextmanager
def local_platform(slow_seconds: float = 0.0) -> Iterator[str]:
    """The address of a platform in a process of its own, so that it takes nothing from the worker but the machine."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.platform", str(slow_seconds)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.terminate()
        server.wait(10)


def connect_quiet(database: Database, address: str, number: int) -> None:
    """Connections that have so many streams together."""
    for each in range(number // 3):
        _connect(database, "rss", f"Feed {each}", {"url": f"{address}/feed/{each}"}, "entries")
        settings = {"server": address, "access_token": f"token-{each}"}
        _connect(database, "mastodon", f"Account {each}", settings, "mentions", "threads")


def connect_slow(database: Database, address: str) -> list[int]:
    """Feeds of a platform that takes its time; the ids of their streams."""
    for each in range(SLOW_STREAMS):
        _connect(database, "rss", f"Slow {each}", {"url": f"{address}/feed/{each}"}, "entries")
    with database.reading() as session:
        slow = sa.select(Stream.id).join(Channel).where(Channel.name.like("Slow %"))
        return list(session.scalars(slow))


def _connect(database: Database, kind: str, name: str, settings: dict[str, str], *streams: str) -> None:
    with database.writing() as session:
        channel = Channel(kind=kind, name=name)
        session.add(channel)
        session.flush()
        keep_setup(open_vault(), channel, read_setup(kind, settings))
        add_new_streams(session, channel, [StreamSpec(stream, every=60) for stream in streams])


def poll_all(database: Database, slow: list[int], *, besides_slow: bool) -> float:
    """Make every stream due, the slow ones long ago or not at all, and poll until all others were read; the seconds."""
    leave(patience=0)  # what was slow in the last round
    moment = now()
    waited = moment + (-timedelta(minutes=1) if besides_slow else timedelta(hours=1))
    with database.writing() as session:
        session.execute(sa.update(Stream).values(due_at=moment, claimed_until=None, last_success_at=None))
        session.execute(sa.update(Stream).where(Stream.id.in_(slow)).values(due_at=waited))
    read_at = Stream.last_success_at
    query = sa.select(sa.func.count(), sa.func.count(read_at), sa.func.max(read_at)).where(Stream.id.not_in(slow))
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        poll(patience=0.5)
        with database.reading() as session:
            all_of_them, read, last = session.execute(query).one()
        if last and read == all_of_them:
            return float((last - moment).total_seconds())
    raise SystemExit(f"not all streams were read within {LONGEST:.0f} s")


def ask_bare(address: str, number: int) -> float:
    """The same requests without anything around them, as many at once; seconds."""

    trusted = httpx.create_ssl_context(trust_env=False)

    def ask(each: int) -> None:
        with httpx.Client(base_url=address, trust_env=False, verify=trusted) as client:
            if each % 3 == 0:
                client.get(f"/feed/{each}", headers=FEED)
            else:
                path, query = (NOTIFICATIONS, STATUSES)[each % 3 - 1]
                client.get(path, params=query, headers={"Authorization": f"Bearer {each}"})

    begin = time.perf_counter()
    with ThreadPoolExecutor(PER_HOST) as pool:
        list(pool.map(ask, range(number)))
    return time.perf_counter() - begin


def allow_local() -> None:
    """The platform is on this machine; settings are read once, so this is said before."""
    os.environ["TRELLIS_ALLOW_PRIVATE_ADDRESSES"] = "true"
