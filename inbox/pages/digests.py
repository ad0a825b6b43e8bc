"""The weekly digest: next Monday's from today's data, who reads it, what was sent, and each copy's page in the archive."""

import secrets
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import select

from inbox.clock import now
from inbox.digests.archive import archive, find_digest
from inbox.digests.chart import bars_of, draw_bars
from inbox.digests.collect import collect, is_empty, read
from inbox.digests.due import due_now
from inbox.digests.lost import lost
from inbox.digests.models import Digest, Subscription
from inbox.digests.send import send, send_trial
from inbox.digests.subscribe import subscribe, unsubscribe
from inbox.insights.week import Week, week_at
from inbox.letters.digest import write_digest, write_to_reader
from inbox.outbox.resolve import NothingToResolve, Resolution, resolve
from inbox.pages.access import me, public, requires
from inbox.pages.forms import Form
from inbox.pages.found import found
from inbox.pages.rendering import render
from inbox.pages.sender import find_sender
from inbox.pages.set_up import time_zones
from inbox.pages.telling import tell_refusal
from inbox.pages.translate import translate
from inbox.samples.remove import has_samples
from inbox.teams.permissions import Permission
from inbox.web import house, limiter, reading, writing

page = Blueprint("digests", __name__)


@page.get("/digests")
@requires(Permission.DIGESTS_READ)
def index() -> ResponseReturnValue:
    """This week so far, the readers, the archive."""
    return _index(Form({"language": me().language, "time_zone": me().time_zone, "weekday": "1", "hour": "8"}))


def _index(form: Form, status: int = 200) -> Response:
    week = this_week()
    snapshot = collect(reading(), week, samples=has_samples(reading()))
    readers = reading().scalars(
        select(Subscription).where(Subscription.unsubscribed_at.is_(None)).order_by(Subscription.email)
    )
    return render(
        "digests/index.html",
        status=status,
        form=form,
        issue=read(reading(), snapshot),
        empty=is_empty(snapshot),
        readers=readers.all(),
        lost=lost(reading()),
        archive=archive(reading()),
        sender=find_sender(),
        time_zones=time_zones(),
    )


def this_week() -> Week:
    """The week it is for the signed-in teammate."""
    return week_at(now(), me().time_zone)


@page.post("/digests")
@requires(Permission.DIGESTS_MANAGE)
def create() -> ResponseReturnValue:
    """Send this week's digest to all readers now, instead of at their next appointment."""
    snapshots: dict[Week, dict[str, Any]] = {}
    count = 0
    for reader, week in due_now(reading(), now()):
        if week not in snapshots:
            snapshots[week] = collect(reading(), week)
        if not is_empty(snapshots[week]):
            count += _send(reader, week, snapshots[week])
    flash(
        ngettext("One digest is on its way.", "%(num)d digests are on their way.", count)
        if count
        else gettext("Nothing to send: every reader has this week's digest, or nothing happened."),
        "done" if count else "note",
    )
    return redirect(url_for("digests.index"))


@page.post("/digests/trials")
@limiter.limit("10/hour")
@requires(Permission.DIGESTS_READ)
def trial() -> ResponseReturnValue:
    """Send this week's digest to oneself only."""
    mine, week = me(), this_week()
    issue = read(reading(), collect(reading(), week, samples=has_samples(reading())))
    mail = write_digest(
        issue,
        house().settings,
        to=mine.email,
        language=mine.language,
        time_zone=mine.time_zone,
        secret="",
        reader_secret="",
    )
    with writing() as writable:
        send_trial(writable, mail, mine.id)
    flash(gettext("A copy is on its way to %(address)s.", address=mine.email), "done")
    return redirect(url_for("digests.index"))


@page.get("/digests/read/<secret>")
@public
def show(secret: str) -> ResponseReturnValue:
    """One reader's digest in the browser; the secret in the address is the permission."""
    digest = find_digest(reading(), secret) or abort(404)
    with force_locale(digest.language):
        return render("digests/show.html", issue=read(reading(), digest.snapshot), digest=digest)


@page.get("/digests/read/<secret>/complaints.png")
@public
def chart(secret: str) -> ResponseReturnValue:
    """The chart of that digest."""
    digest = find_digest(reading(), secret) or abort(404)
    return _png(digest.snapshot, digest.language)


@page.get("/digests/complaints.png")
@requires(Permission.DIGESTS_READ)
def preview_chart() -> ResponseReturnValue:
    """The chart of this week so far."""
    return _png(collect(reading(), this_week(), samples=has_samples(reading())), me().language)


def _png(snapshot: dict[str, Any], language: str) -> Response:
    return Response(draw_bars(bars_of(snapshot["complaints"], language)), mimetype="image/png")


def _send(reader: Subscription, week: Week, snapshot: dict[str, Any]) -> bool:
    """Whether it was queued. The mail is written before the transaction begins, so that nobody waits for it."""
    secret = secrets.token_urlsafe(24)
    mail = write_to_reader(reader, read(reading(), snapshot), house().settings, secret=secret)
    with writing() as writable:
        return send(writable, reader, week, snapshot, secret, mail) is not None


@page.post("/digests/<int:digest_id>/resolution")
@requires(Permission.DIGESTS_MANAGE)
def create_resolution(digest_id: int) -> ResponseReturnValue:
    """Say what became of a digest that failed or may have arrived: `answer` is arrived, again or give_up."""
    answer = request.form.get("answer", "")
    if answer not in set(Resolution):
        abort(422)
    with writing() as writable:
        delivery = found(writable, Digest, digest_id).delivery or abort(404)
        try:
            resolve(writable, delivery, Resolution(answer), by=me())
        except NothingToResolve as refusal:
            tell_refusal(translate(str(refusal)))
    return redirect(url_for("digests.index"))


@page.post("/digests/readers")
@requires(Permission.DIGESTS_MANAGE)
def add_reader() -> ResponseReturnValue:
    """Add a reader, or change how they read."""
    form = Form(request.form)
    form.need_email("email")
    form.need_choice("language", ("de", "en"))
    form.need_choice("time_zone", available_timezones())
    weekday, hour = form.need_number("weekday", 1, 7), form.need_number("hour", 0, 23)
    if form.errors:
        return _index(form, 422)
    with writing() as writable:
        subscribe(
            writable,
            email=form["email"],
            name=form["name"][:200],
            language=form["language"],
            time_zone=form["time_zone"],
            weekday=weekday,
            hour=hour,
            by=me(),
        )
    flash(gettext("%(address)s reads the digest now.", address=form["email"]), "done")
    return redirect(url_for("digests.index"))


@page.post("/digests/readers/<int:reader_id>/removal")
@requires(Permission.DIGESTS_MANAGE)
def remove_reader(reader_id: int) -> ResponseReturnValue:
    """Take a reader off the list."""
    with writing() as writable:
        unsubscribe(writable, writable.get(Subscription, reader_id) or abort(404))
    return redirect(url_for("digests.index"))
