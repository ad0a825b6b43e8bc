"""Signing in at a platform for a channel: the way there, and the way back."""

import hmac

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.channels.begin_sign_in import NoSignIn, begin_sign_in
from inbox.channels.edit import OtherAccount
from inbox.channels.finish_sign_in import StaleConsent, finish_sign_in, redeem, take_consent
from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.channels.setup import channel_kinds
from inbox.channels.turn import turn
from inbox.connectors.contract import ConnectorError
from inbox.pages.access import me, requires
from inbox.pages.addresses import return_address
from inbox.pages.rendering import render
from inbox.pages.setup_fields import refused
from inbox.teams.permissions import Permission
from inbox.text import one_line
from inbox.web import house, reading, stop_reading, writing

page = Blueprint("consents", __name__)
COOKIE_KEY = "consent"


@page.post("/channels/<int:channel_id>/sign-in")
@requires(Permission.CHANNELS_MANAGE)
def create(channel_id: int) -> ResponseReturnValue:
    """Lead to the platform's consent page."""
    opened, channel = house(), reading().get(Channel, channel_id) or abort(404)
    try:
        connector = open_connector(channel, opened.database, opened.vault, opened.settings)
        with writing() as writable:
            begun = begin_sign_in(writable, opened.vault, channel, connector, return_to=return_address(), by=me())
    except NoSignIn:
        abort(404)
    except ConnectorError as error:
        return _back(channel_id, refused(error))
    session[COOKIE_KEY] = begun.state
    # Not a redirect: our policy lets no form lead elsewhere.
    return render("channels/leaving.html", channel=channel, label=channel_kinds()[channel.kind], address=begun.address)


@page.get("/channels/sign-in/return")
@requires(Permission.CHANNELS_MANAGE)
def finish() -> ResponseReturnValue:
    """The person comes back, with a code or with a refusal."""
    opened, state = house(), request.args.get("state", "")
    if not state or not hmac.compare_digest(str(session.pop(COOKIE_KEY, "")).encode(), state.encode()):
        return _stale()
    try:
        with writing() as writable:
            channel_id, verifier = take_consent(writable, opened.vault, state, by=me())
    except StaleConsent:
        return _stale()
    code = request.args.get("code", "")
    if not code:
        told = one_line(request.args.get("error_description") or request.args.get("error") or "", 300)
        return _back(channel_id, gettext("The platform gave no permission: %(reason)s", reason=told or "–"))
    channel = reading().get(Channel, channel_id) or abort(404)
    stop_reading()
    try:
        granted = redeem(
            channel,
            opened.database,
            opened.vault,
            opened.settings,
            code=code,
            verifier=verifier,
            return_to=return_address(),
        )
        with turn(channel_id, opened.database), writing() as writable:
            channel = writable.get(Channel, channel_id) or abort(404)
            finish_sign_in(writable, opened.vault, channel, granted, by=me())
    except ConnectorError as error:
        return _back(channel_id, refused(error))
    except OtherAccount:
        return _back(channel_id, gettext("This is another account; connect it as a channel of its own."))
    flash(gettext("%(channel)s is connected.", channel=channel.name), "done")
    return redirect(url_for("channels.show", channel_id=channel_id))


def _stale() -> ResponseReturnValue:
    flash(gettext("This sign-in was not begun in this browser, or it took too long. Please begin again."), "error")
    return redirect(url_for("channels.index"))


def _back(channel_id: int, words: str) -> ResponseReturnValue:
    flash(words, "error")
    return redirect(url_for("channels.show", channel_id=channel_id))
