"""`trellis token`: tokens by which programs use the API."""

import click
from sqlalchemy import select

from inbox.config import load_settings
from inbox.database import Database
from inbox.teams.models import ApiToken, Role
from inbox.teams.tokens import create_token, revoke_token


@click.group("token")
def command() -> None:
    """Make, list and revoke tokens for programs."""


@command.command("create")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.READER.value, show_default=True)
def create(name: str, role: str) -> None:
    """Make a token and print it, alone on standard output. It cannot be shown again."""
    with Database(load_settings().database).writing() as session:
        _, plain = create_token(session, name, Role(role))
    click.echo("Keep this token; it is shown only once:", err=True)
    click.echo(plain)


@command.command("list")
def show() -> None:
    """List the tokens that work: number, role, name."""
    with Database(load_settings().database).reading() as session:
        for token in session.scalars(select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.id)):
            used = f"{token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never"
            click.echo(f"{token.id}\t{token.role}\t{token.name}\tlast used {used}")


@command.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Make the token with this NUMBER useless from now on."""
    with Database(load_settings().database).writing() as session:
        token = session.get(ApiToken, number)
        if token is None:
            raise click.UsageError(f"There is no token {number}; see `trellis token list`.")
        revoke_token(session, token)
    click.echo(f"Token {number} is revoked.")
