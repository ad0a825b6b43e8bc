"""`trellis connectors`."""

import click

from inbox.connectors import registry


@click.command("connectors")
def command() -> None:
    """List what Trellis can listen to, and where it can push ideas."""
    click.echo("Channels: " + ", ".join(sorted(registry.CHANNELS)))
    click.echo("Trackers: " + ", ".join(sorted(registry.TRACKERS)))
