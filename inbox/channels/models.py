"""Places we listen to: channels, their streams with cursors, the ledger of every fetched item, and the quarantine."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId, Told


class ChannelState(StrEnum):
    """`broken` means that a person must act; a passing fault leaves a channel active. `waiting` is for its first sign-in."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    BROKEN = "broken"


class Pause(StrEnum):
    """Why a stream is looked at when it is: the word behind "next look"."""

    STEADY = "steady"
    BUSY = "busy"
    QUIET = "quiet"
    ASKED = "asked"
    WEBHOOK = "webhook"
    MORE = "more"
    RATE = "rate"
    FAULT = "fault"


def _kind(context: Any) -> str:
    return str(context.get_current_parameters()["kind"])


class Channel(Base):
    """A configured account we listen to and answer through. `sealed` and `memory` are encrypted for `channel:<id>`.

    `host` is the server it speaks to, or its kind where the platform has but one: streams of one host share its patience.
    `abilities` is what its connector last said about this very connection, so that pages need no credentials to know.
    `turn` names who may use its one-time tokens until `turn_until`. Without `undo_seconds` the house's setting counts.
    """

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[ChannelState] = mapped_column(String(20), default=ChannelState.ACTIVE)
    host: Mapped[str] = mapped_column(String(300), default=_kind, server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[str | None] = mapped_column(Text)
    memory: Mapped[str | None] = mapped_column(Text)
    account_name: Mapped[str] = mapped_column(String(300), default="")
    account_id: Mapped[str] = mapped_column(String(500), default="")
    account_url: Mapped[str] = mapped_column(Text, default="")
    abilities: Mapped[dict[str, Any] | None]
    scopes: Mapped[str] = mapped_column(Text, default="", server_default="")
    signed_in_until: Mapped[datetime | None]
    turn: Mapped[str] = mapped_column(String(40), default="", server_default="")
    turn_until: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(8), default="")
    undo_seconds: Mapped[int | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Told, default="")
    last_error_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    streams: Mapped[list["Stream"]] = relationship(back_populates="channel", order_by="Stream.id", passive_deletes=True)


class Stream(Base):
    """One pollable part of a channel. A worker holds it by `claimed_until`, so that one poll runs at a time.

    `every` is what the connector declares, `pause_seconds` how long the last pause was, between a quarter and eight
    times of it. A row with `past_of` walks the past of that stream once, from `since`, and is removed when it has arrived.
    """

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("channel_id", "name"), Index("ix_streams_due_at", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    past_of: Mapped[str] = mapped_column(String(200), default="", server_default="")
    every: Mapped[int] = mapped_column(default=60)
    pause_seconds: Mapped[float | None]
    pause: Mapped[Pause] = mapped_column(String(20), default=Pause.STEADY, server_default=Pause.STEADY)
    cursor: Mapped[dict[str, Any] | None]
    since: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(default=now)
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str] = mapped_column(String(40), default="")
    failures: Mapped[int] = mapped_column(default=0)
    last_polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Told, default="")
    fetched: Mapped[int] = mapped_column(default=0, server_default="0")
    oldest_at: Mapped[datetime | None]
    newest_at: Mapped[datetime | None]

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
    reason: Mapped[str] = mapped_column(Told)
    raw: Mapped[str] = mapped_column(Text)
    line_number: Mapped[int | None]
    ledger_day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str] = mapped_column(String(20), default="")  # "stored", "dismissed"


class Tombstone(Base):
    """A message that its platform said was deleted before we had ever seen it. An overlapping page cannot bring it back.

    `told_at` is when we heard of it, and so the day of the ledger that counts it.
    """

    __tablename__ = "tombstones"
    __table_args__ = (UniqueConstraint("channel_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    deleted_at: Mapped[datetime] = mapped_column(default=now)
    told_at: Mapped[datetime | None]


class Consent(Base):
    """A sign-in at a platform that somebody has begun: good once, for minutes, in the browser that knows the state."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of what travels
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), index=True)
    teammate_id: Mapped[int] = mapped_column(ForeignKey("teammates.id", ondelete="CASCADE"))
    sealed: Mapped[str] = mapped_column(Text)  # the PKCE verifier
    expires_at: Mapped[datetime]
