"""Channels: connect a place to listen to, see how it is doing, and account for everything that was fetched."""

from datetime import UTC, datetime, time

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from inbox.channels import edit as edits
from inbox.channels.backfill import NoPast, backfill, stop_backfill
from inbox.channels.due import poll_now
from inbox.channels.ledger import browse_ledger
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.config import LONGEST_UNDO
from inbox.conversations.list_arrivals import Place, list_arrivals, list_unseen_deletions
from inbox.jobs import Job, after_commit
from inbox.pages.access import me, requires
from inbox.pages.channel_shown import shown
from inbox.pages.found import found_day
from inbox.pages.rendering import render
from inbox.pages.translate import translate
from inbox.teams.permissions import Permission
from inbox.web import reading, writing

page = Blueprint("channels", __name__)


@page.get("/channels")
@requires(Permission.CHANNELS_READ)
def index() -> ResponseReturnValue:
    """All channels and how they are."""
    channels = reading().scalars(
        select(Channel).options(selectinload(Channel.streams)).order_by(Channel.is_sample, Channel.name)
    )
    return render("channels/index.html", channels=channels.all())


@page.get("/channels/<int:channel_id>")
@requires(Permission.CHANNELS_READ)
def show(channel_id: int) -> ResponseReturnValue:
    """One channel: health, what the platform allows, ledger, quarantine."""
    return render("channels/show.html", **shown(reading().get(Channel, channel_id) or abort(404)))


@page.get("/channels/<int:channel_id>/ledger/<day>/<place>")
@requires(Permission.CHANNELS_READ)
def show_arrivals(channel_id: int, day: str, place: str) -> ResponseReturnValue:
    """The messages behind a number of the ledger."""
    channel, chosen = reading().get(Channel, channel_id), found_day(day)
    if channel is None or chosen is None or place not in set(Place):
        abort(404)
    unseen = list_unseen_deletions(reading(), channel_id, chosen) if place == Place.TOMBSTONED else []
    found = list_arrivals(reading(), channel_id, chosen, Place(place))
    counted = next((each for each in browse_ledger(reading(), channel_id, day=chosen)), None)
    return render(
        "channels/arrivals.html",
        channel=channel,
        day=chosen,
        place=place,
        messages=found,
        unseen=unseen,
        count=getattr(counted, place, 0),
    )


@page.post("/channels/<int:channel_id>/backfill")
@requires(Permission.CHANNELS_MANAGE)
def create_backfill(channel_id: int) -> ResponseReturnValue:
    """Fetch the past from a date."""
    since = found_day(request.form.get("since", ""))
    if since is None or since > now().date():
        flash(gettext("Please choose a day in the past."), "error")
        return redirect(url_for("channels.show", channel_id=channel_id))
    with writing() as writable:
        moment, channel = datetime.combine(since, time.min, UTC), writable.get(Channel, channel_id) or abort(404)
        try:
            backfill(writable, channel, moment, by=me())
        except NoPast as refusal:
            flash(translate(str(refusal)), "error")
    return redirect(url_for("channels.show", channel_id=channel_id, _anchor="past"))


@page.post("/channels/<int:channel_id>/backfill/end")
@requires(Permission.CHANNELS_MANAGE)
def end_backfill(channel_id: int) -> ResponseReturnValue:
    """Leave the rest of the past where it is."""
    with writing() as writable:
        stop_backfill(writable, writable.get(Channel, channel_id) or abort(404), by=me())
    return redirect(url_for("channels.show", channel_id=channel_id, _anchor="past"))


@page.post("/channels/<int:channel_id>/name")
@requires(Permission.CHANNELS_MANAGE)
def rename(channel_id: int) -> ResponseReturnValue:
    """Another name for it."""
    try:
        with writing() as writable:
            edits.rename(
                writable, writable.get(Channel, channel_id) or abort(404), request.form.get("name", ""), by=me()
            )
    except ValueError:
        flash(gettext("Another channel has this name."), "error")
    return redirect(url_for("channels.show", channel_id=channel_id))


@page.post("/channels/<int:channel_id>/undo-time")
@requires(Permission.CHANNELS_MANAGE)
def change_undo_time(channel_id: int) -> ResponseReturnValue:
    """Another time in which answers can be taken back; none leaves it to the setting of the house."""
    given = request.form.get("seconds", "").strip()
    try:
        with writing() as writable:
            channel = writable.get(Channel, channel_id) or abort(404)
            edits.change_undo_time(writable, channel, int(given) if given else None, by=me())
    except ValueError:
        flash(gettext("Please give whole seconds, from 0 to %(most)s.", most=LONGEST_UNDO), "error")
    return redirect(url_for("channels.show", channel_id=channel_id))


@page.post("/channels/<int:channel_id>/poll")
@requires(Permission.CONVERSATIONS_WORK)
def poll(channel_id: int) -> ResponseReturnValue:
    """Look now."""
    with writing() as writable:
        poll_now(writable, writable.get(Channel, channel_id) or abort(404))
        after_commit(writable, Job.POLL)
    flash(gettext("Looking now."), "done")
    return redirect(url_for("channels.show", channel_id=channel_id))


@page.post("/channels/<int:channel_id>/pause")
@requires(Permission.CHANNELS_MANAGE)
def pause(channel_id: int) -> ResponseReturnValue:
    """Stop listening for now."""
    with writing() as writable:
        edits.pause(writable, writable.get(Channel, channel_id) or abort(404), by=me())
    return redirect(url_for("channels.show", channel_id=channel_id))


@page.post("/channels/<int:channel_id>/resumption")
@requires(Permission.CHANNELS_MANAGE)
def resume(channel_id: int) -> ResponseReturnValue:
    """Listen again."""
    with writing() as writable:
        edits.resume(writable, writable.get(Channel, channel_id) or abort(404), by=me())
    return redirect(url_for("channels.show", channel_id=channel_id))


@page.post("/channels/<int:channel_id>/removal")
@requires(Permission.CHANNELS_MANAGE)
def remove(channel_id: int) -> ResponseReturnValue:
    """Remove it with all that came by it; the name must be typed, because this cannot be undone."""
    with writing() as writable:
        channel = writable.get(Channel, channel_id) or abort(404)
        if request.form.get("name", "").strip() != channel.name:
            flash(gettext("Nothing was removed: the name does not match."), "error")
            return redirect(url_for("channels.show", channel_id=channel_id))
        edits.remove(writable, channel, by=me())
    flash(gettext("The channel and everything that came by it are gone."), "done")
    return redirect(url_for("channels.index"))
