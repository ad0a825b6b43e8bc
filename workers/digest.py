"""Writes the weekly digest to every reader whose own Monday morning has come. Safe to run at any time, twice, or late."""

import secrets
from typing import Any

from inbox.clock import now
from inbox.config import load_settings
from inbox.database import Database
from inbox.digests.collect import collect, is_empty, read
from inbox.digests.due import due
from inbox.digests.models import Subscription
from inbox.digests.send import send
from inbox.insights.week import Week
from inbox.jobs import Job, answered
from inbox.letters.digest import write_to_reader
from workers.opened import open_database


def digest() -> int:
    """The job: every due reader gets theirs; returns how many mails were queued."""
    answered(Job.DIGEST)
    database, at, queued = open_database(), now(), 0
    snapshots: dict[Week, dict[str, Any]] = {}
    next_id: int | None = 0
    while next_id is not None:
        with database.reading() as session:
            readers = due(session, at, after_id=next_id)
            next_id = readers.last_id
            for _, week in readers.found:
                if week not in snapshots:
                    snapshots[week] = collect(session, week)
        for reader, week in readers.found:
            queued += send_digest(database, reader, week, snapshots[week])
    return queued


def send_digest(database: Database, reader: Subscription, week: Week, snapshot: dict[str, Any]) -> bool:
    """One reader's digest, written and queued; False when there was nothing to tell or it had been done."""
    secret, mail = secrets.token_urlsafe(24), None
    if not is_empty(snapshot):
        with database.reading() as session:
            issue = read(session, snapshot)
        mail = write_to_reader(reader, issue, load_settings(), secret=secret)
    with database.writing() as session:
        return send(session, reader, week, snapshot, secret, mail) is not None and mail is not None
