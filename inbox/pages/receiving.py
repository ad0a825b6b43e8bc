"""Where platforms and programs bring messages themselves. The signature is the permission; the connector checks it."""

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from inbox.channels import fetch
from inbox.channels.abilities import abilities
from inbox.channels.due import poll_soon
from inbox.channels.models import Channel, ChannelState
from inbox.channels.open import open_connector
from inbox.channels.repeats import is_repeat, remember
from inbox.connectors.contract import ConnectorError, Refused
from inbox.conversations.attach import attach
from inbox.conversations.ingest_brought import ingest_brought
from inbox.pages.access import public
from inbox.web import house, limiter, reading, writing

page = Blueprint("receiving", __name__)
# A program has no cookie; its signature is checked instead.
page.signed_elsewhere = True  # type: ignore[attr-defined]
STREAM = "received"
BODY_LIMIT = 8 * 1_048_576


@page.get("/receive/<int:channel_id>")
@limiter.limit("60/minute")
@public
def greet(channel_id: int) -> ResponseReturnValue:
    """Answer the platform that asks whether this address expects it; 400 when the question is not right."""
    opened, channel = house(), find_receiving(reading(), channel_id, also_waiting=True)
    try:
        connector = open_connector(channel, opened.database, opened.vault, opened.settings)
        words = fetch.greet(connector, request.args)
    except ConnectorError:
        return jsonify(error="This is not expected here."), 400
    return Response(words, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"})


@page.post("/receive/<int:channel_id>")
@limiter.limit("600/minute")
@public
def create(channel_id: int) -> ResponseReturnValue:
    """Store what was delivered and say what became of it; 400 with the reason when it is not signed or formed as it should be."""
    opened, channel = house(), find_receiving(reading(), channel_id)
    # Nobody has signed yet: what a stranger sends is not read to any length.
    request.max_content_length = BODY_LIMIT
    try:
        connector = open_connector(channel, opened.database, opened.vault, opened.settings)
        body, name = request.get_data(cache=False), request.headers.get("webhook-id", "")
        batch = fetch.receive(connector, dict(request.headers), body)
    except Refused as error:
        return jsonify(error=str(error)), 400
    except ConnectorError:
        return jsonify(error="This channel cannot take deliveries now; try again later."), 503
    # Only now, when the signature is known to be right.
    if is_repeat(channel_id, name, body):
        if batch.answer:
            return Response(batch.answer, mimetype="text/plain")
        return jsonify(stored=0, duplicate=batch.fetched, quarantined=0), 202
    batch = attach(opened.settings.attachments, batch)
    with writing() as writable:
        remember(writable, channel_id, name, body)
        counts = ingest_brought(writable, find_receiving(writable, channel_id), STREAM, batch)
        poll_soon(writable, channel)
    if batch.answer:
        return Response(batch.answer, mimetype="text/plain")
    return jsonify(stored=counts.stored, duplicate=counts.duplicate, quarantined=counts.quarantined), 202


def find_receiving(session: Session, channel_id: int, *, also_waiting: bool = False) -> Channel:
    """The active channel that takes deliveries; 404 for every other, so that strangers learn nothing.

    Platforms ask for the address while their app is being set up, when nobody may have signed in yet.
    """
    channel = session.get(Channel, channel_id)
    listening = {ChannelState.ACTIVE, ChannelState.WAITING} if also_waiting else {ChannelState.ACTIVE}
    if channel is None or channel.is_sample or channel.state not in listening or not abilities(channel).receives:
        abort(404)
    return channel
