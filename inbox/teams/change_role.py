"""Gives a teammate another role, or closes their account; one admin always stays."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.teams.models import Role, SignIn, Teammate


class LastAdmin(Exception):
    """Without this teammate nobody could manage the workspace."""


def change_role(session: Session, teammate: Teammate, role: Role | None, *, by: Teammate) -> None:
    """Set the role; None closes the account and signs every browser of theirs out. Raises LastAdmin."""
    if teammate.role == Role.ADMIN and teammate.is_active and role != Role.ADMIN:
        # Locked in one order: two admins who demote each other at once must not both find the other one there.
        admins = select(Teammate.id).where(Teammate.role == Role.ADMIN, Teammate.is_active).order_by(Teammate.id)
        if not set(session.scalars(admins.with_for_update())) - {teammate.id}:
            raise LastAdmin
    teammate.is_active = role is not None
    if role is None:
        session.execute(delete(SignIn).where(SignIn.teammate_id == teammate.id))
    else:
        teammate.role = role
    session.flush()
    record(session, "teammate.role_changed", "teammate", teammate.id, by=by, role=role)
