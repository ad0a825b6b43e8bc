"""Job `tidy`: takes away what nobody needs any more. Nothing here is urgent, and all of it may be repeated."""

import logging

from inbox.config import load_settings
from inbox.conversations.forget_files import forget_files
from inbox.conversations.reasons import forget_reasons
from inbox.ideas.refresh import refresh
from inbox.jobs import Job, answered
from inbox.teams.forget_sign_ins import forget_sign_ins
from workers.opened import open_database

log = logging.getLogger(__name__)


def tidy() -> None:
    """Remove sign-ins that have ended, files that belong to no message, old reasons, and from ideas the words of deleted messages."""
    answered(Job.TIDY)
    database = open_database()
    with database.writing() as session:
        ended = forget_sign_ins(session)
    with database.writing() as session:
        forget_reasons(session)
    with database.writing() as session:
        emptied = refresh(session)
    with database.reading() as session:
        files = forget_files(session, load_settings().attachments)
    log.info("tidied", extra={"sign_ins": ended, "files": files, "quotes": emptied})
