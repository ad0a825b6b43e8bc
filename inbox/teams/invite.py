"""Invites a colleague by a link that works once and for a week, and lets them choose their password."""

import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.teams.models import Role, Teammate
from inbox.teams.sign_in import hash_password, hashed
from inbox.text import one_line

LASTS = timedelta(days=7)


class AlreadyHere(Exception):
    """A teammate with this address has already chosen a password."""


def invite(
    session: Session, *, email: str, name: str, role: Role, language: str, time_zone: str, by: Teammate
) -> tuple[Teammate, str]:
    """The new teammate and the secret of their link. Inviting again makes a fresh link. Raises AlreadyHere."""
    address = email.strip().lower()
    teammate = session.scalar(select(Teammate).where(Teammate.email == address))
    if teammate is None:
        teammate = Teammate(
            email=address, name=one_line(name, 200) or address[:200], role=role, language=language, time_zone=time_zone
        )
        session.add(teammate)
    elif teammate.password_hash:
        raise AlreadyHere
    secret = secrets.token_urlsafe(24)
    teammate.invitation_hash, teammate.invited_at, teammate.role = hashed(secret), now(), role
    session.flush()
    record(session, "teammate.invited", "teammate", teammate.id, by=by, role=role)
    return teammate, secret


def find_invited(session: Session, secret: str) -> Teammate | None:
    """The teammate whose link this is, while it works."""
    invited = session.scalar(select(Teammate).where(Teammate.invitation_hash == hashed(secret), Teammate.is_active))
    return invited if invited and invited.invited_at and now() - invited.invited_at <= LASTS else None


def accept(session: Session, invited: Teammate, *, name: str, password: str) -> None:
    """Use the link up. Raises ValueError for a password that is too short."""
    invited.password_hash = hash_password(password)
    invited.name, invited.invitation_hash = one_line(name, 200) or invited.name, None
    session.flush()
    record(session, "teammate.joined", "teammate", invited.id, by=invited)
