"""Channels for programs: how they are, and what became of everything that was fetched on them."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from inbox.api.access import requires
from inbox.api.documented import documented
from inbox.api.fields import Number
from inbox.api.problems import Problem
from inbox.api.routes import Routes
from inbox.api.schemas import ChannelSchema, LedgerDaySchema
from inbox.channels.ledger import browse_ledger
from inbox.channels.models import Channel
from inbox.database import LARGEST_ID
from inbox.teams.permissions import Permission
from inbox.web import reading

page = Routes("channels", __doc__ or "")


class ChannelsSchema(ma.Schema):
    """All channels."""

    items = ma.fields.List(ma.fields.Nested(ChannelSchema), required=True)


class LedgerSchema(ma.Schema):
    """The last days of a channel, newest first."""

    items = ma.fields.List(ma.fields.Nested(LedgerDaySchema), required=True)


class LedgerQuery(ma.Schema):
    """How many days."""

    days = Number(lowest=1, highest=400, load_default=30)


@page.get("")
@requires(Permission.CHANNELS_READ)
@documented(page)
@page.response(200, ChannelsSchema)
def index() -> dict[str, Sequence[Channel]]:
    """List channels by name."""
    return {"items": reading().scalars(sa.select(Channel).order_by(Channel.name)).all()}


@page.get("/<int:channel_id>")
@requires(Permission.CHANNELS_READ)
@documented(page, 404)
@page.response(200, ChannelSchema)
def show(channel_id: int) -> Channel:
    """Read one channel."""
    return _find(channel_id)


@page.get("/<int:channel_id>/ledger")
@requires(Permission.CHANNELS_READ)
@documented(page, 404)
@page.arguments(LedgerQuery, location="query")
@page.response(200, LedgerSchema)
def show_ledger(query: dict[str, Any], channel_id: int) -> dict[str, Any]:
    """Read a channel's ledger: every fetched item of a day is counted in exactly one place."""
    return {"items": browse_ledger(reading(), _find(channel_id).id, limit=query["days"])}


def _find(channel_id: int) -> Channel:
    channel = reading().get(Channel, channel_id) if 0 < channel_id <= LARGEST_ID else None
    if channel is None:
        raise Problem(404, "There is no such channel.")
    return channel
