"""Connecting a channel, and changing its settings: a form drawn from the connector, tried before anything is saved."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from inbox.channels.begin_sign_in import is_other_client, needs_sign_in, signs_in
from inbox.channels.check import Checked, check, look
from inbox.channels.connect import NameTaken, connect
from inbox.channels.edit import OtherAccount, edit
from inbox.channels.models import Channel
from inbox.channels.open import lend
from inbox.channels.setup import channel_kinds, guide_of, kept_setup, manifest_of, read_setup, setup_of
from inbox.clock import now
from inbox.connectors.contract import Account, ConnectorError, Setup
from inbox.pages.access import me, requires
from inbox.pages.addresses import return_address
from inbox.pages.found import row_id
from inbox.pages.kinds import grouped
from inbox.pages.rendering import render
from inbox.pages.setup_fields import draw_fields, kept_secrets, made_secrets, refused, seal, told
from inbox.setups import BadSetup, revealed
from inbox.teams.permissions import Permission
from inbox.text import one_line
from inbox.web import house, reading, stop_reading, writing

page = Blueprint("connections", __name__)
BACKFILL_DAYS = 30


@page.get("/channels/new")
@requires(Permission.CHANNELS_MANAGE)
def new() -> ResponseReturnValue:
    """The choice of kinds, or the form of one."""
    kind = request.args.get("kind", "")
    if kind not in channel_kinds():
        words = one_line(request.args.get("q", ""), 100)
        return render("channels/kinds.html", groups=grouped(words), words=words)
    since = (now() - timedelta(days=BACKFILL_DAYS)).date().isoformat()
    return _form(kind, {"since": since, **made_secrets(setup_of(kind))})


@page.post("/channels/checks")
@requires(Permission.CHANNELS_MANAGE)
def try_out() -> ResponseReturnValue:
    """Test the connection: whose account it is, and its last three messages. Nothing is saved."""
    kind, channel = _kind(), _channel()
    setup, checked, problem = _tried(kind, channel)
    if isinstance(setup, dict):
        return _form(kind, request.form, setup, channel=channel, status=422)
    if checked is None and not problem:
        problem = gettext("There is nothing to test before somebody has signed in there. Save, then sign in.")
    return _form(
        kind,
        request.form,
        channel=channel,
        account=checked.account if checked else None,
        problem=problem,
        setup=setup,
        status=200 if checked else 422,
    )


@page.post("/channels")
@requires(Permission.CHANNELS_MANAGE)
def create() -> ResponseReturnValue:
    """Try it, then save it; where the platform wants a person's consent, that comes next."""
    kind = _kind()
    setup, checked, problem = _tried(kind, None)
    if isinstance(setup, dict):
        return _form(kind, request.form, setup, status=422)
    if problem:
        return _form(kind, request.form, problem=problem, setup=setup, status=422)
    try:
        with writing() as writable:
            channel = _connect(writable, kind, setup, checked)
    except NameTaken:
        taken = {"name": gettext("Another channel has this name.")}
        account = checked.account if checked else None
        return _form(kind, request.form, taken, account=account, setup=setup, status=422)
    if checked:
        flash(gettext("%(channel)s is connected.", channel=channel.name), "done")
    return redirect(url_for("channels.show", channel_id=channel.id))


@page.get("/channels/<int:channel_id>/settings")
@requires(Permission.CHANNELS_MANAGE)
def show(channel_id: int) -> ResponseReturnValue:
    """The settings of a channel; secrets stay where they are."""
    channel = reading().get(Channel, channel_id) or abort(404)
    if channel.is_sample or channel.kind not in channel_kinds():
        abort(404)
    return _form(channel.kind, channel.settings, channel=channel)


@page.post("/channels/<int:channel_id>/settings")
@requires(Permission.CHANNELS_MANAGE)
def update(channel_id: int) -> ResponseReturnValue:
    """Try the new settings, then reconnect; history and cursors stay."""
    channel = reading().get(Channel, channel_id) or abort(404)
    setup, checked, problem = _tried(channel.kind, channel)
    if isinstance(setup, dict):
        return _form(channel.kind, request.form, setup, channel=channel, status=422)
    if problem:
        return _form(channel.kind, request.form, channel=channel, problem=problem, setup=setup, status=422)
    try:
        with writing() as writable:
            opened, row = house(), writable.get(Channel, channel_id) or abort(404)
            edit(writable, opened.vault, opened.settings, row, setup, checked, is_waiting=checked is None, by=me())
    except OtherAccount:
        problem = gettext("This is another account; connect it as a channel of its own.")
        return _form(channel.kind, request.form, channel=channel, problem=problem, setup=setup, status=422)
    if checked:
        flash(gettext("%(channel)s is connected.", channel=channel.name), "done")
    return redirect(url_for("channels.show", channel_id=channel.id))


def _kind() -> str:
    kind = request.form.get("kind", "")
    return kind if kind in channel_kinds() else abort(404)


def _channel() -> Channel | None:
    channel_id = row_id(request.form.get("channel_id"))
    return reading().get(Channel, channel_id) if channel_id else None


def _connect(writable: Session, kind: str, setup: Setup, checked: Checked | None) -> Channel:
    opened = house()
    return connect(
        writable,
        opened.vault,
        opened.settings,
        kind,
        request.form.get("name", ""),
        setup,
        checked,
        since=_since(),
        language=request.form.get("language", "")[:2],
        is_waiting=checked is None,
        by=me(),
    )


def _tried(kind: str, channel: Channel | None) -> tuple[Setup | dict[str, str], Checked | None, str]:
    """The settings (or what is wrong with them, by field), what is behind them, or why there is nothing.

    Neither of the two: somebody has to sign in at the platform first.
    """
    opened = house()
    stored = kept_setup(opened.vault, channel) if channel else {}
    try:
        setup = read_setup(kind, request.form, kept=kept_secrets(setup_of(kind), stored))
    except BadSetup as bad:
        return told(bad), None, ""
    signs_in_there = needs_sign_in(kind, setup, opened.settings)
    if signs_in_there and (channel is None or is_other_client(setup, stored) or not channel.account_id):
        return setup, None, ""
    # Neither a look at the database nor a write waits for a stranger.
    stop_reading()
    try:
        if signs_in_there and channel:
            return setup, look(lend(channel, setup, opened.database, opened.vault, opened.settings)), ""
        return setup, check(kind, setup, opened.settings, is_polled=channel is not None), ""
    except ConnectorError as error:
        return setup, None, refused(error)


def _since() -> datetime | None:
    try:
        return datetime.fromisoformat(request.form.get("since", "")).replace(tzinfo=UTC)
    except ValueError:
        return None


def _form(
    kind: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    *,
    channel: Channel | None = None,
    status: int = 200,
    account: Account | None = None,
    problem: str = "",
    setup: Setup | None = None,
) -> Response:
    stored = kept_setup(house().vault, channel) if channel else {}
    return render(
        "channels/form.html",
        status=status,
        kind=kind,
        label=channel_kinds()[kind],
        fields=draw_fields(
            setup_of(kind),
            values,
            errors,
            kept=revealed(setup) if setup else stored,
            visible=() if channel else made_secrets(setup_of(kind)),
        ),
        values=values,
        errors=errors or {},
        channel=channel,
        account=account,
        problem=problem,
        sealed=seal(setup) if setup else "",
        guide=guide_of(kind),
        manifest=manifest_of(kind, house().settings.base_url),
        signs_in=signs_in(kind),
        return_address=return_address(),
    )
