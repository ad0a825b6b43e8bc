"""Conversations and what they are made of: messages with revisions and tombstones, attachments, drafts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.database import Base, BigId
from inbox.labels.models import Label
from inbox.members.models import Identity, Member
from inbox.outbox.models import Delivery
from inbox.teams.models import Teammate


class ConversationState(StrEnum):
    """Snoozed wakes by itself, or when somebody writes; so does closed."""

    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Direction(StrEnum):
    """`in` from outside, `out` from us, `note` for the team only."""

    IN = "in"
    OUT = "out"
    NOTE = "note"


class Conversation(Base):
    """One thread on one channel. What the list shows and filters by is kept here, written whenever messages change.

    `waiting_since` is when the first message came that nobody has answered yet. `tag`, `tags`, `suggested` and
    `tag_probability` are those of the newest waiting message with one of the four labels, else of the newest from
    outside; empty means not labelled yet. `tag` may stand among `suggested`: then nobody has accepted it. `version` grows
    with every message.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("ix_conversations_list", "state", "last_message_at", "id"),
        Index("ix_conversations_tag", "state", "tag", "last_message_at", "id"),
        Index("ix_conversations_assignee", "state", "assignee_id", "last_message_at", "id"),
        Index("ix_conversations_channel", "channel_id", "state", "last_message_at", "id"),
        Index("ix_conversations_all", "last_message_at", "id"),
        # The numbers beside the views are counted from this index alone.
        Index("ix_conversations_counts", "state", "tag", "channel_id", "assignee_id", "waiting_since"),
        Index(
            "ix_conversations_unassigned",
            "last_message_at",
            "id",
            sqlite_where=text("state = 'open' AND assignee_id IS NULL"),
            postgresql_where=text("state = 'open' AND assignee_id IS NULL"),
        ),
        Index(
            "ix_conversations_waiting",
            "last_message_at",
            "id",
            sqlite_where=text("state = 'open' AND waiting_since IS NOT NULL"),
            postgresql_where=text("state = 'open' AND waiting_since IS NOT NULL"),
        ),
        Index(
            "ix_conversations_snoozed_until",
            "snoozed_until",
            sqlite_where=text("snoozed_until IS NOT NULL"),
            postgresql_where=text("snoozed_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(500), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[ConversationState] = mapped_column(String(20), default=ConversationState.OPEN)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)  # who began it
    author_name: Mapped[str] = mapped_column(String(300), default="")  # of the newest message from outside
    preview: Mapped[str] = mapped_column(String(300), default="")  # of the newest message from outside
    tag: Mapped[str] = mapped_column(String(20), default="")
    tags: Mapped[str] = mapped_column(String(60), default="")
    suggested: Mapped[str] = mapped_column(String(60), default="", server_default="")
    tag_probability: Mapped[float | None]
    message_count: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    last_message_at: Mapped[datetime] = mapped_column(default=now)
    snoozed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)

    channel: Mapped[Channel] = relationship()
    assignee: Mapped[Teammate | None] = relationship()
    member: Mapped[Member | None] = relationship()


class Message(Base):
    """One thing somebody wrote. `text` is plain, without quoted history; `html` is as received and sanitised when shown.

    A tombstone (`deleted_at`) keeps the row and empties text, html, quote and raw; when it comes back, `told_at` stays.
    `labelled_at` is empty until a classifier has spoken about this very text: that is what the classify drain looks for.
    `metrics` are the platform's public counts when it was last asked, by the names of `contract.Metric`.
    `told_at` is when we heard of the deletion. `ask_again_at` is when the platform is asked for it again, after `asked`
    times; `keep_until` is how long its terms let us keep the words, `expired_at` when they were erased for that.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("ix_messages_thread", "conversation_id", "posted_at", "id"),
        Index("ix_messages_identity_id", "identity_id", "posted_at"),
        Index("ix_messages_posted_at", "posted_at"),
        Index(
            "ix_messages_unlabelled",
            "id",
            sqlite_where=text("labelled_at IS NULL AND direction = 'in' AND deleted_at IS NULL"),
            postgresql_where=text("labelled_at IS NULL AND direction = 'in' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_messages_ask_again_at",
            "ask_again_at",
            sqlite_where=text("ask_again_at IS NOT NULL"),
            postgresql_where=text("ask_again_at IS NOT NULL"),
        ),
        Index(
            "ix_messages_keep_until",
            "keep_until",
            sqlite_where=text("keep_until IS NOT NULL"),
            postgresql_where=text("keep_until IS NOT NULL"),
        ),
        # The days of a channel's ledger lead to their rows.
        Index("ix_messages_received", "channel_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    external_id: Mapped[str | None] = mapped_column(String(500))  # none for notes and answers that have not left yet
    parent_external_id: Mapped[str] = mapped_column(String(500), default="")
    direction: Mapped[Direction] = mapped_column(String(10), default=Direction.IN)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id", ondelete="CASCADE"))
    teammate_id: Mapped[int | None] = mapped_column(ForeignKey("teammates.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str | None] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    visibility: Mapped[str] = mapped_column(String(20), default="public")
    is_automatic: Mapped[bool] = mapped_column(default=False)
    reply_handle: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raw: Mapped[str] = mapped_column(Text, default="")
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    posted_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    ask_again_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    keep_until: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    labelled_at: Mapped[datetime | None]

    conversation: Mapped[Conversation] = relationship()
    identity: Mapped[Identity | None] = relationship()
    teammate: Mapped[Teammate | None] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
    label: Mapped[Label | None] = relationship(
        primaryjoin="Message.id == foreign(Label.message_id)", viewonly=True, uselist=False
    )
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id", passive_deletes=True)


class Revision(Base):
    """The text a message had before an edit at its source."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(default=now)


class Attachment(Base):
    """A file of a message. Its bytes lie in the data folder under their SHA-256, or stay at `url` until somebody asks."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(150))
    size_bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    url: Mapped[str] = mapped_column(Text, default="")


class Draft(Base):
    """What a teammate has begun to write. It outlives browsers, assignments and refusals."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("conversation_id", "teammate_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    teammate_id: Mapped[int] = mapped_column(ForeignKey("teammates.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=now)
