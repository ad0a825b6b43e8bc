"""An idea's twin in a tracker."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId, Told
from inbox.ideas.models import Idea
from inbox.outbox.models import Delivery
from inbox.trackers.models import Tracker


class TicketStatus(StrEnum):
    """How it stands at the tracker, as far as we have read."""

    PENDING = "pending"  # its delivery has not been sent yet
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    UNREADABLE = "unreadable"  # delivered to a place that tells no state


class Ticket(Base):
    """One idea at one tracker. `read_due_at` is when its state is looked at again; empty when it tells none."""

    __tablename__ = "tickets"
    __table_args__ = (UniqueConstraint("idea_id", "tracker_id"), Index("ix_tickets_read_due_at", "read_due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    idea_id: Mapped[int] = mapped_column(ForeignKey("ideas.id", ondelete="CASCADE"))
    tracker_id: Mapped[int] = mapped_column(ForeignKey("trackers.id", ondelete="CASCADE"), index=True)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(500), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[TicketStatus] = mapped_column(String(20), default=TicketStatus.PENDING)
    read_at: Mapped[datetime | None]
    read_due_at: Mapped[datetime | None]
    read_error: Mapped[str] = mapped_column(Told, default="")
    read_failures: Mapped[int] = mapped_column(default=0)  # in a row
    created_at: Mapped[datetime] = mapped_column(default=now)

    idea: Mapped[Idea] = relationship()
    tracker: Mapped[Tracker] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
