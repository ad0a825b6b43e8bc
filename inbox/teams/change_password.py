"""Gives a teammate another password and signs their other browsers out."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.teams.models import SignIn, Teammate
from inbox.teams.sign_in import hashed


def change_password(session: Session, teammate: Teammate, password_hash: str, *, kept_token: str) -> None:
    """Store the hash (made before the transaction, since that takes a while); the browser with `kept_token` stays signed in."""
    teammate.password_hash = password_hash
    session.execute(delete(SignIn).where(SignIn.teammate_id == teammate.id, SignIn.token_hash != hashed(kept_token)))
    session.flush()
    record(session, "teammate.password_changed", "teammate", teammate.id, by=teammate)
