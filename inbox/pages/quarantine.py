"""What could not be read: why, what came, and trying it again."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.channels.quarantine import bring_back, browse_quarantine, count_quarantined, dismiss, find_quarantined
from inbox.channels.redact import redact
from inbox.channels.setup import reads_again
from inbox.connectors.contract import ConnectorError
from inbox.conversations.retry import retry
from inbox.pages.access import me, requires
from inbox.pages.found import found_day, row_id
from inbox.pages.rendering import render
from inbox.pages.stream_words import stream_words
from inbox.pages.telling import tell
from inbox.pages.translate import translate
from inbox.teams.permissions import Permission
from inbox.web import house, reading, writing

page = Blueprint("quarantine", __name__)


@page.get("/channels/<int:channel_id>/quarantine")
@requires(Permission.CHANNELS_READ)
def index(channel_id: int) -> ResponseReturnValue:
    """The items of a channel, newest first; with `day` those that its ledger counts on that day."""
    channel = reading().get(Channel, channel_id) or abort(404)
    day = found_day(request.args.get("day", ""))
    items = browse_quarantine(reading(), channel_id, before=request.args.get("before", type=row_id), day=day)
    return render(
        "channels/quarantine.html",
        channel=channel,
        items=[(item, redact(item.raw)) for item in items],
        count=count_quarantined(reading(), channel_id),
        can_retry=reads_again(channel.kind),
        day=day,
        stream_words=stream_words,
    )


@page.post("/quarantine/<int:item_id>/retry")
@requires(Permission.CHANNELS_MANAGE)
def create_retry(item_id: int) -> ResponseReturnValue:
    """Read it again; a version that knows better stores it now."""
    item = find_quarantined(reading(), item_id) or abort(404)
    opened, channel = house(), reading().get_one(Channel, item.channel_id)
    try:
        connector = open_connector(channel, opened.database, opened.vault, opened.settings)
    except ConnectorError as error:
        flash(translate(error.sentence), "error")
        return redirect(url_for("quarantine.index", channel_id=channel.id))
    with writing() as writable:
        row = find_quarantined(writable, item_id) or abort(404)
        stored = reads_again(channel.kind) and retry(writable, row, connector, opened.settings.attachments)
    flash(
        gettext("It is in the inbox now.") if stored else gettext("It still cannot be read."),
        "done" if stored else "error",
    )
    return redirect(url_for("quarantine.index", channel_id=channel.id))


@page.post("/quarantine/<int:item_id>/dismissal")
@requires(Permission.CHANNELS_MANAGE)
def create_dismissal(item_id: int) -> ResponseReturnValue:
    """Set it aside; its payload stays in the database."""
    with writing() as writable:
        item = find_quarantined(writable, item_id) or abort(404)
        is_new = dismiss(writable, item, by=me())
    if is_new:
        tell(gettext("Set aside; it stays counted."), undo=url_for("quarantine.create_return", item_id=item_id))
    return redirect(url_for("quarantine.index", channel_id=item.channel_id))


@page.post("/quarantine/<int:item_id>/return")
@requires(Permission.CHANNELS_MANAGE)
def create_return(item_id: int) -> ResponseReturnValue:
    """What was set aside waits again."""
    with writing() as writable:
        item = find_quarantined(writable, item_id) or abort(404)
        bring_back(writable, item, by=me())
    return redirect(url_for("quarantine.index", channel_id=item.channel_id))
