"""What the API answers: conversations, messages, ideas, channels and their ledger, field by field."""

from enum import StrEnum
from typing import Any

import marshmallow as ma
from marshmallow import fields

from inbox.channels.models import ChannelState
from inbox.connectors.contract import Metric
from inbox.conversations.models import ConversationState, Direction
from inbox.ideas.models import IdeaState
from inbox.labels.models import Tag
from inbox.outbox.models import DeliveryState


def one_of(choices: type[StrEnum], **options: Any) -> fields.String:
    """One word of an enum."""
    return fields.String(validate=ma.validate.OneOf([choice.value for choice in choices]), **options)


def moment(**options: Any) -> fields.AwareDateTime:
    """A moment as RFC 3339 with its zone."""
    return fields.AwareDateTime(format="iso", **options)


def proposals() -> fields.Function:
    """Tags that nobody has accepted yet. Where no tag holds, the strongest of them is the primary one."""
    return fields.Function(
        lambda row: row.suggested.split(),
        required=True,
        metadata={
            "type": "array",
            "description": "Proposed by the classifier, not accepted yet. Where no tag holds, the first may be the primary one.",
        },
    )


class ConversationSchema(ma.Schema):
    """A conversation as lists show it."""

    id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    channel_kind = fields.String(required=True)
    channel_name = fields.String(required=True)
    author_name = fields.String(required=True)
    subject = fields.String(required=True)
    preview = fields.String(required=True)
    tag = fields.String(required=True, metadata={"description": "Empty while the newest message is not labelled."})
    tags = fields.Function(lambda row: row.tags.split(), required=True, metadata={"type": "array"})
    suggested = proposals()
    tag_probability = fields.Float(required=True, allow_none=True)
    state = one_of(ConversationState, required=True)
    assignee_id = fields.Integer(required=True, allow_none=True)
    assignee_name = fields.String(required=True, allow_none=True)
    message_count = fields.Integer(required=True)
    waiting_since = moment(required=True, allow_none=True)
    last_message_at = moment(required=True)
    snoozed_until = moment(required=True, allow_none=True)
    is_sample = fields.Boolean(required=True)


class LabelSchema(ma.Schema):
    """What a classifier said, or a person said better."""

    primary = one_of(Tag, required=True)
    tags = fields.Function(lambda label: label.tags.split(), required=True, metadata={"type": "array"})
    suggested = proposals()
    question = fields.Float(required=True)
    complaint = fields.Float(required=True)
    idea = fields.Float(required=True)
    troll = fields.Float(required=True)
    model_version = fields.String(required=True)
    is_corrected = fields.Function(
        lambda label: label.corrected_by_id is not None, required=True, metadata={"type": "boolean"}
    )


class AuthorSchema(ma.Schema):
    """Somebody outside, on one channel."""

    member_id = fields.Integer(required=True)
    handle = fields.String(required=True)
    name = fields.String(required=True)
    profile_url = fields.String(required=True)
    is_us = fields.Boolean(required=True)


class DeliverySchema(ma.Schema):
    """How an answer stands on its way out."""

    id = fields.Integer(required=True)
    state = one_of(DeliveryState, required=True)
    last_error = fields.String(required=True)
    not_before = moment(required=True)
    settled_at = moment(required=True, allow_none=True)


class AttachmentSchema(ma.Schema):
    """A file of a message."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size_bytes = fields.Integer(required=True)


class MessageSchema(ma.Schema):
    """One thing somebody wrote. A deleted one keeps its place without its words."""

    id = fields.Integer(required=True)
    conversation_id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    external_id = fields.String(required=True, allow_none=True)
    direction = one_of(Direction, required=True)
    text = fields.String(required=True)
    url = fields.String(required=True)
    language = fields.String(required=True)
    visibility = fields.String(required=True)
    metrics = fields.Dict(
        keys=one_of(Metric),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Public counts at the source, as it told them last."},
    )
    is_automatic = fields.Boolean(required=True)
    posted_at = moment(required=True)
    received_at = moment(required=True)
    edited_at = moment(required=True, allow_none=True)
    deleted_at = moment(required=True, allow_none=True)
    hidden_at = moment(required=True, allow_none=True)
    author = fields.Nested(AuthorSchema, attribute="identity", required=True, allow_none=True)
    teammate_id = fields.Integer(required=True, allow_none=True)
    label = fields.Nested(LabelSchema, required=True, allow_none=True)
    delivery = fields.Nested(DeliverySchema, required=True, allow_none=True)
    attachments = fields.List(fields.Nested(AttachmentSchema), required=True)


class ThreadSchema(ma.Schema):
    """A conversation with its last 200 messages, oldest first. `version` is what a reply has to name."""

    id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    subject = fields.String(required=True)
    url = fields.String(required=True)
    state = one_of(ConversationState, required=True)
    version = fields.Integer(required=True)
    waiting_since = moment(required=True, allow_none=True)
    assignee_id = fields.Integer(required=True, allow_none=True)
    earlier = fields.Integer(required=True, metadata={"description": "How many messages came before these."})
    messages = fields.List(fields.Nested(MessageSchema), required=True)


class QuoteSchema(ma.Schema):
    """What somebody said for an idea; without words once it was deleted at its source."""

    evidence_id = fields.Integer(required=True)
    idea_id = fields.Integer(required=True)
    message_id = fields.Integer(required=True)
    conversation_id = fields.Integer(required=True)
    words = fields.String(required=True)
    author = fields.String(required=True)
    said_at = moment(required=True)
    url = fields.String(required=True)
    channel_id = fields.Integer(required=True)


class IdeaSchema(ma.Schema):
    """Something the product could do."""

    id = fields.Integer(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    state = one_of(IdeaState, required=True)
    state_changed_at = moment(required=True)
    created_at = moment(required=True)
    people = fields.Integer(required=True, metadata={"description": "Distinct members behind the evidence."})
    area = fields.String(required=True)
    language = fields.String(required=True)
    team_id = fields.Integer(required=True, allow_none=True)
    is_sample = fields.Boolean(required=True)


class IdeaWithQuotesSchema(IdeaSchema):
    """An idea with the newest hundred quotes that speak for it."""

    merged_into_id = fields.Integer(required=True, allow_none=True)
    quotes = fields.List(fields.Nested(QuoteSchema), required=True)


class ChannelSchema(ma.Schema):
    """A configured account we listen to. Its settings and secrets are not told."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    state = one_of(ChannelState, required=True)
    account_name = fields.String(required=True)
    account_url = fields.String(required=True)
    language = fields.String(required=True)
    is_sample = fields.Boolean(required=True)
    last_success_at = moment(required=True, allow_none=True)
    last_error = fields.String(required=True)
    last_error_at = moment(required=True, allow_none=True)
    created_at = moment(required=True)


class LedgerDaySchema(ma.Schema):
    """A UTC day: fetched = stored + duplicate + filtered + quarantined + tombstoned."""

    day = fields.Date(required=True)
    fetched = fields.Integer(required=True)
    stored = fields.Integer(required=True)
    duplicate = fields.Integer(required=True)
    filtered = fields.Integer(required=True)
    quarantined = fields.Integer(required=True)
    tombstoned = fields.Integer(required=True)
    edited = fields.Integer(required=True)


class EvidenceSchema(ma.Schema):
    """A quote that was promoted."""

    id = fields.Integer(required=True)
    idea_id = fields.Integer(required=True)
    message_id = fields.Integer(required=True)
    quote = fields.String(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)


def page_of(schema: type[ma.Schema], name: str) -> type[ma.Schema]:
    """A part of a list of `schema`, and where the next part begins."""
    return ma.Schema.from_dict(
        {
            "items": fields.List(fields.Nested(schema), required=True),
            "next": fields.String(
                required=True, allow_none=True, metadata={"description": "Give it as `after`; null at the end."}
            ),
        },
        name=name,
    )
