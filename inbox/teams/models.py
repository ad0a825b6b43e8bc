"""People inside: teammates and their sign-ins, product teams, tokens for programs, and the workspace they share."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.database import Base, BigId


class Role(StrEnum):
    """What a teammate mainly does; permissions.py says what each may."""

    ADMIN = "admin"
    MANAGER = "manager"
    PRODUCT = "product"
    READER = "reader"


class Workspace(Base):
    """The one row of choices that all share. It appears with the first set-up."""

    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Teammate(Base):
    """A person inside."""

    __tablename__ = "teammates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(String(20), default=Role.MANAGER)
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    is_active: Mapped[bool] = mapped_column(default=True)
    invitation_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime | None]


class SignIn(Base):
    """One signed-in browser; deleting the row signs it out."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    teammate_id: Mapped[int] = mapped_column(ForeignKey("teammates.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)

    teammate: Mapped[Teammate] = relationship()


class ProductTeam(Base):
    """Owns ideas and hears about them."""

    __tablename__ = "product_teams"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    area: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    archived_at: Mapped[datetime | None]

    members: Mapped[list[Teammate]] = relationship(secondary="product_team_members")


class ProductTeamMember(Base):
    """A teammate in a product team."""

    __tablename__ = "product_team_members"
    __table_args__ = (UniqueConstraint("product_team_id", "teammate_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_team_id: Mapped[int] = mapped_column(ForeignKey("product_teams.id", ondelete="CASCADE"))
    teammate_id: Mapped[int] = mapped_column(ForeignKey("teammates.id", ondelete="CASCADE"), index=True)


class ApiToken(Base):
    """A program's way in: only the SHA-256 of the token is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(String(20), default=Role.READER)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
