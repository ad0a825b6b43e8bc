"""Whatever happens in whatever order, nothing arrives twice, nothing is lost, and nothing cancelled arrives."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from inbox.clock import now
from inbox.connectors.contract import N_, IncomingReport, OutcomeUnknown, OutgoingReply, Passing
from inbox.database import Database
from inbox.outbox.attempt import attempt
from inbox.outbox.cancel import cancel
from inbox.outbox.confirm import confirm
from inbox.outbox.hear import hear
from inbox.outbox.look import look
from inbox.outbox.models import Delivery, DeliveryKind, DeliveryState
from inbox.outbox.parcels import payload_of
from inbox.outbox.queue import queue_delivery
from inbox.outbox.rescue import rescue, settle_look
from inbox.outbox.settle import settle
from tests.making import make_channel
from tests.outgoing import claim_next, claim_next_look
from tests.unit.outbox.platform import Platform

STEPS = 60


class World:
    """Workers that may die at any point, a platform in any mood, and a clock that only goes on."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.chance, self.platform = database, random.Random(seed), Platform()
        self.platform.mood, self.platform.lose, self.platform.look = self.mood, self.lose, self.mood
        self.calm = False
        self.verdicts: dict[str, bool] = {}
        with database.writing() as session:
            self.channel = make_channel(session)

    def mood(self, _key: str) -> None:
        if not self.calm and self.chance.random() < 0.3:
            raise self.chance.choice([Passing("Down."), OutcomeUnknown("Silence.")])

    def lose(self, _key: str) -> None:
        if not self.calm and self.chance.random() < 0.3:
            raise self.chance.choice([OutcomeUnknown("Silence."), KeyError("shape")])

    def dies(self) -> bool:
        return not self.calm and self.chance.random() < 0.2

    def write(self) -> None:
        key = f"reply-{self.chance.randrange(8)}"
        parcel = OutgoingReply(key, "Hi", "t", "p", {})
        with self.database.writing() as session:
            queue_delivery(
                session,
                key=key,
                kind=DeliveryKind.REPLY,
                payload=payload_of(parcel),
                channel=self.channel,
                lane=f"lane-{int(key[-1]) % 3}",
            )

    def take_back(self) -> None:
        with self.database.writing() as session:
            found = session.scalars(sa.select(Delivery)).all()
            if found and self.chance.random() < 0.3:
                cancel(session, self.chance.choice(found), by=None)

    def send(self) -> None:
        with self.database.writing() as session:
            claimed = claim_next(session)
        if claimed is None or self.dies():
            return
        outcome = attempt(claimed, self.platform.carriers())
        if not self.dies():
            with self.database.writing() as session:
                settle(session, claimed, outcome)

    def mend(self) -> None:
        with self.database.writing() as session:
            rescue(session)
        with self.database.writing() as session:
            claimed = claim_next_look(session)
        if claimed is None or self.dies():
            return
        outcome = look(claimed, self.platform.carriers())
        if not self.dies():
            with self.database.writing() as session:
                settle_look(session, claimed, outcome)

    def tell(self) -> None:
        """The platform says later what became of something it took, sooner or later than we know its id, and repeatedly."""
        if not self.platform.arrived:
            return
        key = self.chance.choice(self.platform.arrived)
        has_arrived = self.verdicts.setdefault(key, self.chance.random() < 0.5)
        with self.database.writing() as session:
            hear(session, self.channel.id, [IncomingReport(f"external-{key}", has_arrived, N_("Full."))])
        self.believe()

    def believe(self) -> None:
        with self.database.writing() as session:
            confirm(session)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_or_doubled(database: Database, seed: int) -> None:
    world, moment = World(database, seed), now()
    for _ in range(STEPS):
        moment += timedelta(seconds=world.chance.choice([1, 20, 90, 400, 4000]))
        with time_machine.travel(moment):
            world.chance.choice([world.write, world.send, world.send, world.mend, world.take_back, world.tell])()
    world.calm = True
    for _ in range(40):
        moment += timedelta(hours=6)
        with time_machine.travel(moment):
            world.mend()
            world.send()
            world.believe()
    with database.reading() as session:
        states = {each.key: each.state for each in session.scalars(sa.select(Delivery))}
    arrived = world.platform.arrived
    assert len(arrived) == len(set(arrived))
    for key, state in states.items():
        if state == DeliveryState.SENT:
            assert key in arrived
            assert world.verdicts.get(key, True)
        elif state == DeliveryState.UNSURE:
            # Looked up in vain too often, so a person decides.
            continue
        else:
            assert state in (DeliveryState.CANCELLED, DeliveryState.FAILED)
            assert key not in arrived or not world.verdicts.get(key, True)
    assert DeliveryState.SENT in states.values()
