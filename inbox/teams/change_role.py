"""Gives a teammate another role, or closes their account; one admin always stays."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.teams.models import Role, SignIn, Teammate


class LastAdmin(Exception):
    """Without this teammate nobody could manage the workspace."""


def change_role(session: Session, teammate: Teammate, role: Role | None, *, by: Teammate) -> None:
    """Set the role; None closes the account and signs every browser of theirs out. Raises LastAdmin."""
    if teammate.role == Role.ADMIN and teammate.is_active and role != Role.ADMIN:
        others = select(func.count()).where(Teammate.role == Role.ADMIN, Teammate.is_active, Teammate.id != teammate.id)
        if not session.scalar(others):
            raise LastAdmin
    teammate.is_active = role is not None
    if role is None:
        session.execute(delete(SignIn).where(SignIn.teammate_id == teammate.id))
    else:
        teammate.role = role
    session.flush()
    record(session, "teammate.role_changed", "teammate", teammate.id, by=by, role=role)
