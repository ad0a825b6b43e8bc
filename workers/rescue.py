"""Finds deliveries that nobody settled and looks up whether they arrived; what surely did not is sent again."""

from inbox.config import load_settings
from inbox.database import Database
from inbox.jobs import Job, answered
from inbox.outbox.carriers import Carriers
from inbox.outbox.look import look
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.rescue import claim_look, settle_look
from inbox.outbox.rescue import rescue as find_lost
from inbox.settlements.spread import spread
from workers.opened import open_database, open_vault


def rescue() -> int:
    """The job; returns how many deliveries were looked up. Safe to run twice: each look is claimed."""
    answered(Job.RESCUE)
    return look_all(open_database(), open_carriers(load_settings(), open_database(), open_vault()))


def look_all(database: Database, carriers: Carriers) -> int:
    """Make abandoned deliveries unsure, then look up each one that is due."""
    with database.writing() as session:
        for delivery in find_lost(session):
            spread(session, delivery)
    count = 0
    while True:
        with database.writing() as session:
            claimed = claim_look(session)
        if claimed is None:
            return count
        outcome = look(claimed, carriers)
        with database.writing() as session:
            spread(session, settle_look(session, claimed, outcome))
        count += 1
