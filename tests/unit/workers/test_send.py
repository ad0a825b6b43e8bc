"""The outbox in lanes: a slow platform delays no other, order is kept where it matters, nothing leaves twice."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import OutgoingReply, Passing, Receipt
from inbox.connectors.http import open_client, submit
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.carriers import Carriers
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.rescue import rescue
from inbox.trackers.models import Tracker
from tests.making import make_channel
from tests.outgoing import claim_next
from tests.unit.connectors.drip import dripping
from workers import rescue as rescuing
from workers import send as sending
from workers.lanes import LANES
from workers.opened import open_database
from workers.send import PER_HOST, outgoing

# Nothing here takes as long; who waits for less says so.
LONG = 20.0


@dataclass
class Line:
    """The connector of one host; `accept` decides about every key, and what it lets through has `arrived`."""

    host: str
    accept: Callable[[str, str], None]
    arrived: list[tuple[str, str]]

    def send(self, reply: OutgoingReply) -> Receipt:
        self.accept(self.host, reply.key)
        self.arrived.append((self.host, reply.key))
        return Receipt(f"external-{reply.key}")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        self.accept(self.host, reply.key)
        return None


class World:
    """A database with channels at hosts, and a platform at each that behaves as the test asks for."""

    def __init__(self, database: Database) -> None:
        self.database, self.arrived = database, list[tuple[str, str]]()
        self.accept: Callable[[str, str], None] = lambda _host, _key: None
        self.channels = dict[str, Channel]()

    def write(self, host: str, key: str, *, lane: str = "") -> int:
        """Queue one reply."""
        parcel = OutgoingReply(key, "Hi", "t", "p", {}, created_at=now())
        with self.database.writing() as session:
            if host not in self.channels:
                self.channels[host] = make_channel(session, host=host)
            kept = {"kind": DeliveryKind.REPLY, "payload": payload_of(parcel), "channel": self.channels[host]}
            return queue_delivery(session, key=key, lane=lane, **kept).id  # type: ignore[arg-type]

    def carriers(self) -> Carriers:
        def accept(host: str, key: str) -> None:
            self.accept(host, key)

        def open_channel(channel: Channel) -> Any:
            return Line(channel.host, accept, self.arrived)

        def create(tracker: Tracker) -> Any:
            return Ticketing(Line(tracker.host, accept, self.arrived))

        def mail(key: str, *_: Any) -> Receipt:
            return Line("mail", accept, self.arrived).send(OutgoingReply(key, "", "", "", {}))

        return Carriers(channel=open_channel, tracker=create, mail=mail)

    def run(self, **options: Any) -> None:
        outgoing(self.database, self.carriers(), **options).run(LONG)

    def states(self) -> Counter[str]:
        with self.database.reading() as session:
            return Counter(session.scalars(sa.select(Delivery.state)))


@dataclass
class Ticketing:
    line: Line

    def create(self, card: Any) -> Receipt:
        return self.line.send(OutgoingReply(card.key, "", "", "", {}))


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    """With as few connections to the database as a worker has."""
    return World(open_database())


def test_a_platform_that_accepts_only_when_all_others_have_delays_none(world: World) -> None:
    opened, quick_left = threading.Event(), {f"quick-{each}" for each in range(40)}

    def accept(host: str, key: str) -> None:
        quick_left.discard(key)
        if not quick_left:
            opened.set()
        if host == "slow.example" and not opened.wait(LONG):
            raise Passing("The others never left.")

    world.accept = accept
    for each in range(40):
        world.write("slow.example", f"slow-{each}")
    for each in range(40):
        world.write(f"quick{each % 3}.example", f"quick-{each}")
    world.run()
    assert world.states() == {DeliveryState.SENT: 80}
    assert len(set(world.arrived)) == len(world.arrived) == 80


def test_no_host_is_spoken_to_by_more_than_its_lanes(world: World) -> None:
    speaking, most, lock = Counter[str](), Counter[str](), threading.Lock()
    meeting = {host: threading.Barrier(PER_HOST) for host in ("one.example", "two.example")}

    def accept(host: str, _key: str) -> None:
        with lock:
            speaking[host] += 1
            most[host] = max(most[host], speaking[host])
        meeting[host].wait(LONG)
        with lock:
            speaking[host] -= 1

    world.accept = accept
    for each in range(PER_HOST * 4):
        world.write("one.example", f"one-{each}")
        world.write("two.example", f"two-{each}")
    world.run()
    assert world.states() == {DeliveryState.SENT: PER_HOST * 8}
    assert most == {"one.example": PER_HOST, "two.example": PER_HOST}


def test_of_one_lane_one_leaves_after_another_whatever_else_leaves_meanwhile(world: World) -> None:
    together = list[int]()

    def accept(_host: str, key: str) -> None:
        same = sa.select(sa.func.count()).where(Delivery.lane == key[0], Delivery.state == DeliveryState.SENDING)
        with world.database.reading() as session:
            together.append(session.scalar(same) or 0)

    world.accept = accept
    for each in range(12):
        for lane in ("a", "b", "c"):
            world.write(f"{lane}.example" if each % 2 else "shared.example", f"{lane}-{each:02}", lane=lane)
    world.run()
    keys = [key for _host, key in world.arrived]
    for lane in ("a", "b", "c"):
        assert [key for key in keys if key.startswith(lane)] == [f"{lane}-{each:02}" for each in range(12)]
    assert together == [1] * 36


def test_hosts_that_hang_leave_lanes_for_those_who_come_later(world: World, eventually: Callable[..., Any]) -> None:
    opened = threading.Event()

    def accept(host: str, _key: str) -> None:
        assert not host.startswith("hangs") or opened.wait(LONG)

    world.accept = accept
    for each in range(LANES - 1):
        for number in range(2):
            world.write(f"hangs{each}.example", f"{each}-{number}")
    lanes = outgoing(world.database, world.carriers())
    lanes.run(0)
    for number in range(5):
        world.write("late.example", f"late-{number}")
    lanes.run(0)
    eventually(lambda: world.states()[DeliveryState.SENT] == 5, seconds=LONG)
    assert world.states()[DeliveryState.SENDING] == LANES - 1
    opened.set()
    lanes.run(LONG)
    assert world.states() == {DeliveryState.SENT: 2 * (LANES - 1) + 5}


def test_two_workers_at_once_send_everything_once(world: World) -> None:
    for each in range(60):
        world.write(f"host{each % 4}.example", f"{each:02}", lane=f"lane-{each % 7}")
    workers = [threading.Thread(target=world.run) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONG)
    assert world.states() == {DeliveryState.SENT: 60}
    assert sorted(key for _host, key in world.arrived) == [f"{each:02}" for each in range(60)]


def test_a_drip_that_outlasts_the_lease_is_given_up_before_it_ends(world: World) -> None:
    """Meanwhile another worker looks for claims that have run out, and never finds this one."""
    lost, ended = list[Delivery](), threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            with world.database.writing() as session:
                lost.extend(rescue(session))

    with dripping(b"HTTP/1.1 200 OK\r\nX: a") as server, open_client(allow_private=True) as client:
        address = f"http://127.0.0.1:{server.port}/"
        world.accept = lambda _host, key: (submit(client, "POST", address, content=key.encode()), None)[1]
        world.write("drip.example", "the reply")
        watcher = threading.Thread(target=watch)
        watcher.start()
        world.run(lease=timedelta(seconds=5))
        ended.set()
        watcher.join(LONG)
        assert server.left.wait(LONG)
    with world.database.reading() as session:
        delivery = session.scalars(sa.select(Delivery)).one()
    assert lost == []
    assert (delivery.state, delivery.attempts) == (DeliveryState.UNSURE, 1)
    assert "The answer was lost" in delivery.last_error
    assert b"".join(server.heard).count(b"the reply") == 1


def test_a_worker_that_slept_over_its_claim_sends_nothing(world: World) -> None:
    with dripping(b"\n", said=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        address = f"http://127.0.0.1:{server.port}/"

        def accept(_host: str, key: str) -> None:
            with open_client(allow_private=True) as client:
                submit(client, "POST", address, content=key.encode())

        world.accept = accept
        world.write("one.example", "the reply")
        with world.database.writing() as session:
            claimed = claim_next(session)
        assert claimed
        late = replace(claimed, ends_at=now() - timedelta(seconds=1))
        assert attempt(late, world.carriers()).result != "sent"
        assert server.heard == []
        assert attempt(claimed, world.carriers()).result == "sent"
        # It answers before it has listened.
        assert server.left.wait(5)
        assert b"".join(server.heard).count(b"the reply") == 1


def test_an_outcome_outlives_a_database_that_is_away_for_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults, settle = [1, 2], sending.settle

    def shaky(*arguments: Any) -> Any:
        if faults:
            raise OperationalError("UPDATE", {}, ValueError(faults.pop()))
        return settle(*arguments)

    monkeypatch.setattr(sending, "settle", shaky)
    monkeypatch.setattr(sending, "SETTLE_PAUSES", (0.0, 0.0))
    number = world.write("one.example", "the reply")
    world.run()
    assert world.states() == {DeliveryState.SENT: 1}
    with world.database.reading() as session:
        assert session.get_one(Delivery, number).attempts == 1


def test_an_outcome_that_cannot_be_kept_is_looked_up_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise OperationalError("UPDATE", {}, ValueError("disk full"))

    with monkeypatch.context() as broken:
        broken.setattr(sending, "settle", gone)
        broken.setattr(sending, "SETTLE_PAUSES", (0.0,))
        world.write("one.example", "the reply")
        world.run(lease=timedelta(0))
    assert world.states() == {DeliveryState.SENDING: 1}
    with world.database.writing() as session:
        assert len(rescue(session)) == 1
    assert world.states() == {DeliveryState.UNSURE: 1}


def test_a_look_that_hangs_delays_the_looks_at_no_other(world: World, eventually: Callable[..., Any]) -> None:
    opened = threading.Event()
    for host in ("hangs.example", "quick.example"):
        for each in range(5):
            world.write(host, f"{host}-{each}")
    with world.database.writing() as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.UNSURE, look_at=now()))

    def accept(host: str, _key: str) -> None:
        assert host == "quick.example" or opened.wait(LONG)

    world.accept = accept
    lanes = rescuing.looks(world.database, world.carriers())
    lanes.run(0)
    eventually(lambda: world.states()[DeliveryState.QUEUED] == 5, seconds=LONG)
    opened.set()
    lanes.run(LONG)
    assert world.states() == {DeliveryState.QUEUED: 10}
