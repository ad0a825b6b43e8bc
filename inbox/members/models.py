"""People outside: a member, and their identity on each channel."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId


class Member(Base):
    """A person outside. After a merge `merged_into_id` leads to who they are now."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(300), default="")
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(Text, default="")
    blocked_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    is_sample: Mapped[bool] = mapped_column(default=False)

    identities: Mapped[list["Identity"]] = relationship(back_populates="member", order_by="Identity.id")


class Identity(Base):
    """A member's handle on one channel. `is_us` marks our own accounts."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("channel_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    handle: Mapped[str] = mapped_column(String(300), default="")
    name: Mapped[str] = mapped_column(String(300), default="")
    avatar_url: Mapped[str] = mapped_column(Text, default="")
    profile_url: Mapped[str] = mapped_column(Text, default="")
    is_us: Mapped[bool] = mapped_column(default=False)

    member: Mapped[Member] = relationship(back_populates="identities")
