"""Ideas: something the product could do, and the quotes that speak for it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Base, BigId
from inbox.members.models import Member
from inbox.teams.models import ProductTeam


class IdeaState(StrEnum):
    """The board's columns, in order; declined stands apart."""

    NEW = "new"
    REVIEWING = "reviewing"
    PLANNED = "planned"
    BUILDING = "building"
    SHIPPED = "shipped"
    DECLINED = "declined"


class Idea(Base):
    """Something the product could do. `people` counts the distinct members behind the evidence, kept by ideas/support."""

    __tablename__ = "ideas"
    __table_args__ = (
        Index("ix_ideas_board", "state", "people", "id"),
        Index("ix_ideas_product_team_id", "product_team_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[IdeaState] = mapped_column(String(20), default=IdeaState.NEW)
    state_changed_at: Mapped[datetime] = mapped_column(default=now)
    area: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    product_team_id: Mapped[int | None] = mapped_column(ForeignKey("product_teams.id"))
    people: Mapped[int] = mapped_column(default=0)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ideas.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    product_team: Mapped[ProductTeam | None] = relationship()
    evidence: Mapped[list["Evidence"]] = relationship(
        back_populates="idea", order_by="Evidence.id", passive_deletes=True
    )


class Evidence(Base):
    """A quote that speaks for an idea: characters `start` to `end` of the message's text, and who said it."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("idea_id", "message_id", "start"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    idea_id: Mapped[int] = mapped_column(ForeignKey("ideas.id", ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    quote: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column(default=0)
    end: Mapped[int] = mapped_column(default=0)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    idea: Mapped[Idea] = relationship(back_populates="evidence")
    message: Mapped[Message] = relationship()
    member: Mapped[Member | None] = relationship()
