"""Empties the outbox: claims what is due, tries it, stores what came of it. No transaction waits for the network."""

import time

from inbox.config import load_settings
from inbox.database import Database
from inbox.jobs import RECIPES, Job, answered
from inbox.outbox.attempt import attempt
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import claim
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.settle import settle
from inbox.settlements.spread import spread
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
