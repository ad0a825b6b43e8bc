"""`trellis create-admin`: the way in when nobody can sign in any more, or for a set-up without a browser."""

import click
from sqlalchemy import select

from inbox.activity.record import record
from inbox.config import load_settings
from inbox.database import Database
from inbox.teams.models import Role, Teammate
from inbox.teams.set_up import find_workspace, set_up
from inbox.teams.sign_in import LONGEST_PASSWORD, SHORTEST_PASSWORD, hash_password


@click.command("create-admin")
@click.option("--email", required=True, help="Address to sign in with.")
@click.option("--name", default="", help="Name that colleagues see; by default the part before the @.")
@click.option(
    "--workspace", default="Trellis", show_default=True, help="Name of the workspace, when there is none yet."
)
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--time-zone", default="Europe/Berlin", show_default=True)
@click.password_option(help="Asked for when not given.")
def command(email: str, name: str, workspace: str, language: str, time_zone: str, password: str) -> None:
    """Make an admin; a teammate with this address becomes one, with the new password."""
    address = email.strip().lower()
    if "@" not in address:
        raise click.UsageError(f"{email} is not an e-mail address.")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise click.UsageError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    person = name.strip() or address.partition("@")[0]
    with Database(load_settings().database).writing() as session:
        known = session.scalar(select(Teammate).where(Teammate.email == address))
        if known:
            known.role, known.is_active, known.password_hash = Role.ADMIN, True, hash_password(password)
            record(session, "teammate.made_admin", "teammate", known.id)
        elif find_workspace(session) is None:
            set_up(
                session,
                workspace=workspace,
                name=person,
                email=address,
                password=password,
                language=language,
                time_zone=time_zone,
            )
        else:
            admin = Teammate(
                email=address,
                name=person,
                password_hash=hash_password(password),
                role=Role.ADMIN,
                language=language,
                time_zone=time_zone,
            )
            session.add(admin)
            session.flush()
            record(session, "teammate.made_admin", "teammate", admin.id)
    click.echo(f"{address} can sign in as admin.")
