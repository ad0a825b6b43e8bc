"""`trellis up`: everything in one command, from the first start to Ctrl-C."""

import os

import click

from inbox.config import load_settings
from inbox.supervise import Plan


@click.command("up")
def command() -> None:
    """Start everything here and print the address. Ctrl-C stops all of it."""
    settings = load_settings()
    plan = Plan(
        data=str(settings.data.resolve()),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        embeds_valkey=not settings.redis_url,
    )
    environment = {
        # Many threads with an arena each would double what the web process takes.
        "MALLOC_ARENA_MAX": "2",
        # Each worker has one thread of arithmetic; more processes are the way to use more cores.
        "OMP_NUM_THREADS": "1",
        **os.environ,
        "TRELLIS_DATA": plan.data,
    }
    # This process has loaded what reading settings takes; the one that stays is a small one in its place.
    command_line = plan.command()
    os.execve(command_line[0], command_line, environment)  # noqa: S606 - the command is ours
