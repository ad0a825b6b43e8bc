"""`trellis migrate`."""

import click

from inbox.config import load_settings
from inbox.migrations.migrate import migrate


@click.command("migrate")
def command() -> None:
    """Bring the database to this version, in one step from any earlier one. Doing it again changes nothing."""
    settings = load_settings()
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate(settings.database)
