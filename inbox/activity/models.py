"""Who did what. Rows are added and never edited."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.clock import now
from inbox.database import Base, BigId


class Activity(Base):
    """One act of a teammate (or of Trellis itself, when `actor_id` is empty) on one row."""

    __tablename__ = "activities"
    __table_args__ = (Index("ix_activities_subject", "subject_kind", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[int | None] = mapped_column(BigId)
    actor_name: Mapped[str] = mapped_column(String(200), default="")
    verb: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int] = mapped_column(BigId)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
