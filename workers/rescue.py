"""Job `rescue`: finds deliveries that nobody settled and looks up whether they arrived; what surely did not is sent again.
Answers of which a platform said later whether they arrived are settled by that.

Like `send`, it waits for nobody, and a slow platform delays the looks at no other.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from inbox.config import load_settings
from inbox.database import Database
from inbox.jobs import Job, answered
from inbox.outbox.carriers import Carriers
from inbox.outbox.claim import Claimed
from inbox.outbox.confirm import confirm
from inbox.outbox.due import find_looks
from inbox.outbox.look import look
from inbox.outbox.open_carriers import open_carriers
from inbox.outbox.rescue import claim_looks, settle_look
from inbox.outbox.rescue import rescue as find_lost
from inbox.settlements.spread import spread
from workers.lanes import Lanes
from workers.opened import open_database, open_vault

LANES, PER_HOST = 16, 2


def rescue(patience: float = 0.0) -> None:
    """Make abandoned deliveries unsure, believe reports, then look up what is due; returns when all is known, or after `patience` seconds."""
    answered(Job.RESCUE)
    with open_database().writing() as session:
        for delivery in (*find_lost(session), *confirm(session)):
            spread(session, delivery)
    _lanes().run(patience)


def go_on() -> None:
    """Look up what is due by now, beside whatever job is done."""
    _lanes().run(0)


def leave(patience: float) -> None:
    """Called when the process ends. What is not known by then is looked up again when its claim has run out."""
    if _lanes.cache_info().currsize:
        _lanes().close(patience)
        _lanes.cache_clear()


def looks(database: Database, carriers: Carriers) -> Lanes[Claimed]:
    """The lanes in which this database's unsure deliveries are looked up by these carriers."""

    def find(besides: Collection[int], without: Collection[str]) -> Iterable[tuple[int, str]]:
        with database.reading() as session:
            return find_looks(session, besides=besides, without=without)

    def take(ids: Collection[int]) -> Mapping[int, Claimed]:
        with database.writing() as session:
            return {claimed.delivery.id: claimed for claimed in claim_looks(session, ids)}

    def know(claimed: Claimed) -> None:
        outcome = look(claimed, carriers)
        with database.writing() as session:
            spread(session, settle_look(session, claimed, outcome))

    return Lanes(find, take, know, lanes=LANES, per_host=PER_HOST)


@lru_cache(maxsize=1)
def _lanes() -> Lanes[Claimed]:
    return looks(open_database(), open_carriers(load_settings(), open_database(), open_vault()))
