"""Empties the outbox: claims what is due, tries it, stores what came of it. No transaction waits for the network."""

import time

from sqlalchemy.orm import Session

from inbox.config import load_settings
from inbox.conversations.settle_reply import settle_reply
from inbox.database import Database
from inbox.jobs import RECIPES, Job, answered
from inbox.moderation.settle_act import settle_act
from inbox.outbox.attempt import attempt
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import claim
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.settle import settle
from inbox.tickets import sync
from workers.opened import open_database, open_vault


def send() -> int:
    """The job: everything that is due, until its time is nearly up; returns how many attempts were made."""
    answered(Job.SEND)
    carriers = open_carriers(load_settings(), open_database(), open_vault())
    return drain(open_database(), carriers, seconds=RECIPES[Job.SEND].seconds / 2)


def drain(database: Database, carriers: Carriers, *, seconds: float) -> int:
    """Claim, attempt and settle one after another until nothing is due or `seconds` have passed."""
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        with database.writing() as session:
            claimed = claim(session)
        if claimed is None:
            break
        outcome = attempt(claimed, carriers)
        with database.writing() as session:
            spread(session, settle(session, claimed, outcome))
        count += 1
    return count


def spread(session: Session, delivery: Delivery | None) -> None:
    """Tell the row that the delivery is about what became of it."""
    if delivery is not None and delivery.kind == DeliveryKind.REPLY:
        settle_reply(session, delivery)
    elif delivery is not None and delivery.kind == DeliveryKind.ACT:
        settle_act(session, delivery)
    elif delivery is not None and delivery.subject_kind == "ticket":
        sync.settle(session, delivery)
