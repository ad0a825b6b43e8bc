"""The five steps of the first days, for an admin whose inbox has no conversation open, until all are done or put away."""

from dataclasses import dataclass
from threading import Lock

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.digests.models import Subscription
from inbox.ideas.models import Evidence
from inbox.labels.models import Correction
from inbox.outbox.models import Delivery, DeliveryKind
from inbox.pages.access import can, me, requires
from inbox.pages.telling import tell
from inbox.teams.models import Teammate
from inbox.teams.permissions import Permission
from inbox.web import house, reading, writing

page = Blueprint("first_steps", __name__)
PUT_AWAY = "first_steps.put_away"

_lock = Lock()
_over: set[str] = set()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list; without an address it is done in a conversation."""

    words: str
    how: str
    is_done: bool
    address: str = ""


@page.post("/first-steps/dismissal")
@requires(Permission.WORKSPACE_MANAGE)
def dismiss() -> ResponseReturnValue:
    """Put the list away for everybody; it does not come back."""
    with writing() as writable:
        record(writable, PUT_AWAY, "workspace", 1, by=me())
    tell(gettext("The list is put away."))
    return redirect(url_for("conversations.index"), 303)


def first_steps() -> list[Step]:
    """What is shown: nothing for others than admins, and nothing once it is over. One statement, later none."""
    database = house().settings.database
    if not can(Permission.WORKSPACE_MANAGE) or database in _over:
        return []
    *done, is_put_away = _look(reading())
    if is_put_away or all(done):
        with _lock:
            _over.add(database)
        return []
    lines = (
        (gettext("Connect a channel"), gettext("A mailbox or a feed is the easiest."), url_for("connections.new")),
        (gettext("Correct a tag"), gettext("Open a conversation and press 1 to 4, or choose beside it."), ""),
        (gettext("Answer somebody"), gettext("r writes, Ctrl Enter sends; for some seconds it can be undone."), ""),
        (gettext("Make an idea of a sentence"), gettext("Mark it in a message and press i."), ""),
        (gettext("Invite a colleague"), gettext("Or add somebody who reads the digest."), url_for("teammates.index")),
    )
    return [Step(words, how, is_done, address) for (words, how, address), is_done in zip(lines, done, strict=True)]


def _look(session: Session) -> tuple[bool, ...]:
    """What has been done, step by step, and at last whether the list was put away; sample data alone counts for none."""
    row = session.execute(
        select(
            exists().where(Channel.is_sample.is_(False)),
            exists().where(Correction.teammate_id.is_not(None)),
            exists().where(Delivery.kind == DeliveryKind.REPLY),
            exists().where(Evidence.added_by_id.is_not(None)),
            exists().where(Subscription.id.is_not(None))
            | (select(func.count()).select_from(Teammate).scalar_subquery() > 1),
            exists().where(Activity.subject_kind == "workspace", Activity.subject_id == 1, Activity.verb == PUT_AWAY),
        )
    ).one()
    return tuple(bool(found) for found in row)
