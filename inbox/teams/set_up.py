"""The first minute: the workspace and its admin. It can be done once; the row with id 1 decides a race."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.teams.models import Role, Teammate, Workspace
from inbox.teams.sign_in import hash_password


class AlreadySetUp(Exception):
    """Somebody was quicker."""


def find_workspace(session: Session) -> Workspace | None:
    """The workspace, or None before the set-up."""
    return session.get(Workspace, 1)


def set_up(
    session: Session, *, workspace: str, name: str, email: str, password: str, language: str, time_zone: str
) -> Teammate:
    """Make the workspace and its admin. Raises AlreadySetUp, or ValueError for a password that is too short."""
    session.add(Workspace(id=1, name=workspace, language=language, time_zone=time_zone))
    try:
        session.flush()
    except IntegrityError:
        raise AlreadySetUp from None
    admin = Teammate(
        email=email.strip().lower(),
        name=name.strip(),
        password_hash=hash_password(password),
        role=Role.ADMIN,
        language=language,
        time_zone=time_zone,
    )
    session.add(admin)
    session.flush()
    record(session, "workspace.set_up", "workspace", 1, by=admin)
    return admin
