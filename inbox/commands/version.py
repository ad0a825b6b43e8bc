"""`trellis version`."""

import platform
from importlib.metadata import PackageNotFoundError, version

import click


@click.command("version")
def command() -> None:
    """Say which Trellis this is, and on what it runs."""
    click.echo(
        f"Trellis {installed_version()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )


def installed_version() -> str:
    """The version of the installed package; a checkout that is not installed says so."""
    try:
        return version("trellis-inbox")
    except PackageNotFoundError:
        return "from a checkout"
