"""Who hears what, and when: readers, and the one digest each got in an ISO week."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId
from inbox.outbox.models import Delivery


class Subscription(Base):
    """A reader, with or without a login. `weekday` is 1 (Monday) to 7 and `hour` 0 to 23, both in `time_zone`."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    weekday: Mapped[int] = mapped_column(default=1)
    hour: Mapped[int] = mapped_column(default=8)
    teammate_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id", ondelete="SET NULL"))
    secret: Mapped[str] = mapped_column(String(64), unique=True)  # in the unsubscribe address
    created_at: Mapped[datetime] = mapped_column(default=now)
    unsubscribed_at: Mapped[datetime | None]


class Digest(Base):
    """What one reader was told about one ISO week ("2026-W47", in their time zone). Unique: crashes and double runs make one.

    `snapshot` is the frozen answer the mail and the archive page are written from. An empty week has a row with
    `is_empty` and no delivery.
    """

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("subscription_id", "iso_week"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"))
    iso_week: Mapped[str] = mapped_column(String(10))
    secret: Mapped[str] = mapped_column(String(64), unique=True)  # in the archive address
    language: Mapped[str] = mapped_column(String(8))
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    subject: Mapped[str] = mapped_column(Text, default="")
    is_empty: Mapped[bool] = mapped_column(default=False)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    subscription: Mapped[Subscription] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
