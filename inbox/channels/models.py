"""Places we listen to: channels, their streams with cursors, the ledger of every fetched item, and the quarantine."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId


class ChannelState(StrEnum):
    """`broken` means that a person must act; a passing fault leaves a channel active."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"


class Channel(Base):
    """A configured account we listen to and answer through. `sealed` and `memory` are encrypted for `channel:<id>`."""

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[ChannelState] = mapped_column(String(20), default=ChannelState.ACTIVE)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[str | None] = mapped_column(Text)
    memory: Mapped[str | None] = mapped_column(Text)
    account_name: Mapped[str] = mapped_column(String(300), default="")
    account_id: Mapped[str] = mapped_column(String(500), default="")
    account_url: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    last_error_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    streams: Mapped[list["Stream"]] = relationship(back_populates="channel", order_by="Stream.id", passive_deletes=True)


class Stream(Base):
    """One pollable part of a channel. A worker holds it by `claimed_until`, so that one poll runs at a time."""

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("channel_id", "name"), Index("ix_streams_due_at", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    every: Mapped[int] = mapped_column(default=60)
    cursor: Mapped[dict[str, Any] | None]
    since: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(default=now)
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str] = mapped_column(String(40), default="")
    failures: Mapped[int] = mapped_column(default=0)
    last_polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")

    channel: Mapped[Channel] = relationship(back_populates="streams")


class LedgerDay(Base):
    """What became of everything fetched on a channel on one UTC day: fetched = stored + duplicate + filtered + quarantined + tombstoned.

    `edited` counts those duplicates that brought a new text. A retried quarantine item moves to where it went.
    """

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("channel_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    day: Mapped[date]
    fetched: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    filtered: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    tombstoned: Mapped[int] = mapped_column(default=0)
    edited: Mapped[int] = mapped_column(default=0)


class QuarantinedItem(Base):
    """An item that could not be read, with what came, so that it can be looked at and tried again."""

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("channel_id", "fingerprint"),
        Index("ix_quarantine_open", "channel_id", "resolved_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    stream_name: Mapped[str] = mapped_column(String(200), default="")
    external_id: Mapped[str] = mapped_column(String(500), default="")
    fingerprint: Mapped[str] = mapped_column(
        String(64)
    )  # SHA-256 of id and payload: the same bad item again is not a new row
    reason: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)
    line_number: Mapped[int | None]
    ledger_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str] = mapped_column(String(20), default="")  # "stored", "dismissed"


class Tombstone(Base):
    """A message that its platform said was deleted before we had ever seen it. An overlapping page cannot bring it back."""

    __tablename__ = "tombstones"
    __table_args__ = (UniqueConstraint("channel_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    deleted_at: Mapped[datetime] = mapped_column(default=now)
