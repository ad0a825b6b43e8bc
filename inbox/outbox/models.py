"""Everything on its way out. A delivery is one effect on the outside world, with a key and a state."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.clock import now
from inbox.database import Base, BigId, Told


class DeliveryKind(StrEnum):
    """What leaves, and so who carries it."""

    REPLY = "reply"  # through the channel's connector
    ACT = "act"  # a moderation act, through the channel's connector
    TICKET = "ticket"  # an idea, through a tracker's connector
    MAIL = "mail"  # a digest or notice, through the system mailbox


class DeliveryState(StrEnum):
    """queued → sending → sent, failed or unsure; cancelled only from queued."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    CANCELLED = "cancelled"


class Delivery(Base):
    """One effect outside. `key` is unique: asking for the same effect twice makes one delivery.

    `payload` is what the connector gets. `subject_kind` and `subject_id` name the row it is about ("message" 12).
    Deliveries of one `lane` leave one after another, in order; those without one need not wait for each other.
    While `sending`, the worker that holds `claim` owns it until `claimed_until`; after that it is unsure. `look_at` is
    when an unsure one is looked up at its platform; an unsure one without it waits for a person.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "not_before"),
        Index("ix_deliveries_subject", "subject_kind", "subject_id"),
        Index("ix_deliveries_came_back", "channel_id", "external_id"),
        Index("ix_deliveries_lane", "lane", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[DeliveryKind] = mapped_column(String(20))
    state: Mapped[DeliveryState] = mapped_column(String(20), default=DeliveryState.QUEUED)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    tracker_id: Mapped[int | None] = mapped_column(ForeignKey("trackers.id", ondelete="CASCADE"), index=True)
    subject_kind: Mapped[str] = mapped_column(String(30), default="")
    subject_id: Mapped[int | None] = mapped_column(BigId)
    lane: Mapped[str] = mapped_column(String(60), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    not_before: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(40), default="")
    claimed_until: Mapped[datetime | None]
    # True once an attempt may have left the house: then the next step is to look, not to send.
    may_have_left: Mapped[bool] = mapped_column(default=False)
    looks: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None]
    external_id: Mapped[str | None] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(Text, default="")
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_error: Mapped[str] = mapped_column(Told, default="")
    teammate_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]

    @property
    def came_back(self) -> bool:
        """Whether it left, and its platform said later that it did not arrive."""
        return self.state == DeliveryState.FAILED and bool(self.external_id) and not self.may_have_left


class DeliveryReport(Base):
    """What a platform said later of the answer or mail that left under `external_id`: it reached the person, or why it did not.

    It may come before our delivery knows that id, more than once, and in any order; that it arrived outweighs that it did
    not. `settled_at` is when the delivery was told.
    """

    __tablename__ = "delivery_reports"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index(
            "ix_delivery_reports_open",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    has_arrived: Mapped[bool]
    reason: Mapped[str] = mapped_column(Told, default="")
    heard_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]
