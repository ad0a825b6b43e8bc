"""What a classifier said about a message, and what people said better. Both need no more than a message's id."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from inbox.clock import now
from inbox.database import Base, BigId


class Tag(StrEnum):
    """What people see. The first four are labels; `other` fits none of them, `unsure` asks a person."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    IDEA = "idea"
    TROLL = "troll"
    OTHER = "other"
    UNSURE = "unsure"


LABELS = (Tag.QUESTION, Tag.COMPLAINT, Tag.IDEA, Tag.TROLL)


class Label(Base):
    """The answer for one message: four calibrated probabilities, the primary tag, and all tags that hold ("question complaint").

    `suggested` are those that a person is asked to accept; where no tag holds, the strongest of them is the primary one
    (but for a troll: that nobody is before a person says so, and the message is *unsure*). `is_doubtful` is the
    classifier's own word that one of the four is possible. After a correction `corrected_by_id` is set and neither a
    model nor a threshold any longer changes `primary`, `tags` and `suggested`.
    """

    __tablename__ = "labels"
    __table_args__ = (Index("ix_labels_primary", "primary", "message_id"),)

    message_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    primary: Mapped[Tag] = mapped_column(String(20))
    tags: Mapped[str] = mapped_column(String(60), default="")
    suggested: Mapped[str] = mapped_column(String(60), default="", server_default="")
    is_doubtful: Mapped[bool] = mapped_column(default=False, server_default=false())
    question: Mapped[float] = mapped_column(default=0.0)
    complaint: Mapped[float] = mapped_column(default=0.0)
    idea: Mapped[float] = mapped_column(default=0.0)
    troll: Mapped[float] = mapped_column(default=0.0)
    language: Mapped[str] = mapped_column(String(8), default="")
    model_version: Mapped[str] = mapped_column(String(60), default="")
    labelled_at: Mapped[datetime] = mapped_column(default=now)
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))


class Correction(Base):
    """A teammate's better tag, with what the model had said. Undoing sets `undone_at`; nothing is deleted."""

    __tablename__ = "corrections"
    __table_args__ = (
        Index("ix_corrections_message_id", "message_id", "id"),
        Index("ix_corrections_at", "at"),
        # The ledger of one teammate or of one model, newest first.
        Index("ix_corrections_teammate_id", "teammate_id", "id"),
        Index("ix_corrections_model_version", "model_version", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    teammate_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    before: Mapped[str] = mapped_column(String(60), default="")  # tags, separated by spaces
    after: Mapped[str] = mapped_column(String(60))
    before_primary: Mapped[str] = mapped_column(String(20), default="")
    after_primary: Mapped[str] = mapped_column(String(20), default="")
    model_version: Mapped[str] = mapped_column(String(60), default="")
    probabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[datetime | None]


class Threshold(Base):
    """From which probability on a tag is set (`automatic`) or proposed (`suggest`) in one language, for the whole team.

    Until somebody moves them they are the model's; `curve` is what it gave on held-out texts, as rising
    [threshold, precision, recall, share of all messages].
    """

    __tablename__ = "thresholds"

    label: Mapped[Tag] = mapped_column(String(20), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    automatic: Mapped[float]
    suggest: Mapped[float]
    model_automatic: Mapped[float]
    model_suggest: Mapped[float]
    model_version: Mapped[str] = mapped_column(String(60))
    curve: Mapped[list[Any]]
    moved_by_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    moved_at: Mapped[datetime | None]


class Reasons(Base):
    """Why a model gave a message its probabilities: per label where in the text stands what spoke for and against it.

    Places and shares only, so that no word of a message is kept a second time.
    """

    __tablename__ = "reasons"

    message_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    model_version: Mapped[str] = mapped_column(String(60))
    shares: Mapped[dict[str, Any]]
    made_at: Mapped[datetime] = mapped_column(default=now, index=True)
