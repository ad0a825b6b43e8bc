"""Product teams: who owns ideas. Listing, making, renaming, archiving them, and who is in each."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from inbox.activity.record import record
from inbox.clock import now
from inbox.database import insert_new
from inbox.teams.models import ProductTeam, ProductTeamMember, Teammate
from inbox.text import one_line

NAME_LIMIT = 200


class NameNeeded(ValueError):
    """A product team without a name."""


class NameTaken(ValueError):
    """Another product team has this name, perhaps an archived one."""


def browse_teams(session: Session, *, archived: bool = False, members: bool = False) -> Sequence[ProductTeam]:
    """The product teams by name; the archived ones only when asked for, and so their members."""
    query = select(ProductTeam).order_by(func.lower(ProductTeam.name))
    if members:
        query = query.options(selectinload(ProductTeam.members))
    if not archived:
        query = query.where(ProductTeam.archived_at.is_(None))
    return session.scalars(query).all()


def find_team(session: Session, team_id: int) -> ProductTeam | None:
    """The product team with its members, also an archived one; or None."""
    return session.scalar(
        select(ProductTeam).options(selectinload(ProductTeam.members)).where(ProductTeam.id == team_id)
    )


def create_team(session: Session, name: str, *, area: str = "", by: Teammate | None) -> ProductTeam:
    """A new product team. Raises NameNeeded or NameTaken."""
    team = ProductTeam(name=_free_name(session, name), area=one_line(area, NAME_LIMIT))
    session.add(team)
    session.flush()
    record(session, "product_team.created", "product_team", team.id, by=by)
    return team


def rename_team(session: Session, team: ProductTeam, name: str, *, area: str = "", by: Teammate | None) -> None:
    """Give it another name and area. Raises NameNeeded or NameTaken."""
    team.name, team.area = _free_name(session, name, but=team.id), one_line(area, NAME_LIMIT)
    session.flush()
    record(session, "product_team.renamed", "product_team", team.id, by=by)


def archive_team(session: Session, team: ProductTeam, *, by: Teammate | None) -> None:
    """Take it out of the lists. Its ideas keep it; nothing new is routed to it."""
    if team.archived_at is None:
        team.archived_at = now()
        session.flush()
        record(session, "product_team.archived", "product_team", team.id, by=by)


def restore_team(session: Session, team: ProductTeam, *, by: Teammate | None) -> None:
    """Undo archiving."""
    if team.archived_at is not None:
        team.archived_at = None
        session.flush()
        record(session, "product_team.restored", "product_team", team.id, by=by)


def add_member(session: Session, team: ProductTeam, teammate: Teammate, *, by: Teammate | None) -> None:
    """Put a teammate into the team; doing it twice changes nothing."""
    insert_new(
        session,
        ProductTeamMember,
        [{"product_team_id": team.id, "teammate_id": teammate.id}],
        ["product_team_id", "teammate_id"],
    )
    session.expire(team, ["members"])
    record(session, "product_team.joined", "product_team", team.id, by=by, teammate=teammate.id)


def remove_member(session: Session, team: ProductTeam, teammate: Teammate, *, by: Teammate | None) -> None:
    """Take a teammate out of the team; doing it twice changes nothing."""
    session.execute(
        delete(ProductTeamMember).where(
            ProductTeamMember.product_team_id == team.id, ProductTeamMember.teammate_id == teammate.id
        )
    )
    session.expire(team, ["members"])
    record(session, "product_team.left", "product_team", team.id, by=by, teammate=teammate.id)


def _free_name(session: Session, name: str, but: int | None = None) -> str:
    name = one_line(name, NAME_LIMIT)
    if not name:
        raise NameNeeded
    taken = select(ProductTeam.id).where(func.lower(ProductTeam.name) == func.lower(name), ProductTeam.id != (but or 0))
    if session.scalars(taken).first() is not None:
        raise NameTaken(name)
    return name
