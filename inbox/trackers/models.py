"""Places we push ideas to: a product team's mailbox, webhook or GitHub repository."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.clock import now
from inbox.database import Base, BigId, Told


def _kind(context: Any) -> str:
    return str(context.get_current_parameters()["kind"])


class Tracker(Base):
    """A configured place. `sealed` is encrypted for `tracker:<id>`.

    `host` is the server it speaks to, or its kind where the settings name none: whoever waits for it delays no other.
    """

    __tablename__ = "trackers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_team_id: Mapped[int] = mapped_column(ForeignKey("product_teams.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200))
    host: Mapped[str] = mapped_column(String(300), default=_kind, server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    last_error: Mapped[str] = mapped_column(Told, default="")
    last_success_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
