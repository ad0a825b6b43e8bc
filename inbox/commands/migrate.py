"""`trellis migrate`."""

import click

from inbox.config import load_settings
from inbox.migrations.migrate import migrate
from inbox.vault import open_vault


@click.command("migrate")
def command() -> None:
    """Bring the database to this version, in one step from any earlier one. Doing it again changes nothing."""
    settings = load_settings()
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The key is made with the database, and a bad one is refused before anything starts.
    open_vault(settings)
    migrate(settings.database)
