"""Removes sign-ins that have ended. Their cookies open nothing any more."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.teams.models import SignIn
from inbox.teams.sign_in import LASTS


def forget_sign_ins(session: Session) -> int:
    """Delete them and return how many."""
    ended = delete(SignIn).where(SignIn.last_seen_at < now() - LASTS).returning(SignIn.id)
    return len(session.execute(ended).all())
