"""The ledger: per channel and UTC day, what became of everything that was fetched."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import LedgerDay
from inbox.database import insert

SHOWN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Counts:
    """Items of one batch, one day or all time. Every fetched item is in exactly one of stored … tombstoned."""

    fetched: int = 0
    stored: int = 0
    duplicate: int = 0
    filtered: int = 0
    quarantined: int = 0
    tombstoned: int = 0
    edited: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def balances(self) -> bool:
        """Whether every fetched item is accounted for."""
        places = self.stored + self.duplicate + self.filtered + self.quarantined + self.tombstoned
        return self.fetched == places and self.edited <= self.duplicate


NAMES = tuple(field.name for field in fields(Counts))


def enter(session: Session, channel_id: int, day: date, counts: Counts) -> None:
    """Add `counts` to the channel's row of that day, in one statement."""
    row = {"channel_id": channel_id, "day": day, **{name: getattr(counts, name) for name in NAMES}}
    entry = insert(session, LedgerDay).values(row)
    session.execute(
        entry.on_conflict_do_update(
            index_elements=["channel_id", "day"],
            set_={name: getattr(LedgerDay, name) + entry.excluded[name] for name in NAMES},
        )
    )


def browse_ledger(
    session: Session, channel_id: int, *, limit: int = SHOWN_DAYS, day: date | None = None
) -> Sequence[LedgerDay]:
    """The channel's last days on which something was fetched, newest first; with `day` only that one."""
    query = sa.select(LedgerDay).where(LedgerDay.channel_id == channel_id)
    if day is not None:
        query = query.where(LedgerDay.day == day)
    return session.scalars(query.order_by(LedgerDay.day.desc()).limit(limit)).all()


def totals(session: Session, channel_id: int, *, since: date | None = None) -> Counts:
    """What was fetched on the channel in all, or from the day `since`."""
    sums = (sa.func.coalesce(sa.func.sum(getattr(LedgerDay, name)), 0) for name in NAMES)
    query = sa.select(*sums).where(LedgerDay.channel_id == channel_id)
    if since is not None:
        query = query.where(LedgerDay.day >= since)
    return Counts(*map(int, session.execute(query).one()))
