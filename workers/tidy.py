"""Job `tidy`: takes away what nobody needs any more. Nothing here is urgent, and all of it may be repeated."""

import logging

from inbox.channels.quarantine import forget_payloads
from inbox.config import load_settings
from inbox.conversations.expire import expire, forget_authors
from inbox.conversations.forget_files import forget_files
from inbox.conversations.reasons import forget_reasons
from inbox.database import Database
from inbox.ideas.refresh import refresh
from inbox.jobs import Job, answered
from inbox.moderation.lapse import lapse
from inbox.outbox.confirm import forget_reports
from inbox.teams.forget_sign_ins import forget_sign_ins
from workers.opened import open_database

log = logging.getLogger(__name__)


def tidy() -> None:
    """Remove what has had its time: ended sign-ins, old reasons, what terms forbid to keep, words of deleted messages, lost files."""
    answered(Job.TIDY)
    database = open_database()
    with database.writing() as session:
        ended = forget_sign_ins(session)
    with database.writing() as session:
        forget_reasons(session)
    with database.writing() as session:
        reports = forget_reports(session)
    gone = erase(database)
    with database.writing() as session:
        lapse(session)
    with database.writing() as session:
        emptied = refresh(session)
    with database.reading() as session:
        files = forget_files(session, load_settings().attachments)
    log.info("tidied", extra={"sign_ins": ended, "reports": reports, "files": files, "quotes": emptied} | gone)


def erase(database: Database) -> dict[str, int]:
    """Erase what terms no longer let us keep, some at a time; returns how many words, payloads and names."""
    expired, some = 0, 1
    while some:
        with database.writing() as session:
            some = expire(session)
        expired += some
    with database.writing() as session:
        payloads = forget_payloads(session)
    with database.writing() as session:
        return {"expired": expired, "payloads": payloads, "names": forget_authors(session)}
