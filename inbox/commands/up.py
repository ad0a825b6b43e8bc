"""`trellis up`: everything in one command, from the first start to Ctrl-C."""

import os
import signal
import sys

import click

from inbox.config import Settings, load_settings
from inbox.embedded import stop_orphan, valkey_command, wait_for_valkey
from inbox.supervise import Child, listen, lock, run_once, supervise


@click.command("up")
def command() -> int:
    """Start everything here and print the address. Ctrl-C stops all of it."""
    settings = load_settings()
    with lock(settings.data), listen(settings.host, settings.port) as door:
        port: int = door.getsockname()[1]
        environment = surroundings(settings, port)
        children = []
        if not settings.redis_url:
            children.append(start_valkey(settings, environment))
        try:
            run_once(own("migrate"), environment)
        except BaseException:
            for child in children:
                child.signal(signal.SIGTERM)
            raise
        children += [
            Child("web", own("web", "--socket", str(door.fileno())), environment, sockets=(door.fileno(),)),
            *(Child(f"worker {number}", own("worker"), environment) for number in range(1, settings.workers + 1)),
            Child("scheduler", own("scheduler"), environment),
        ]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return supervise(children, address=(settings.host, port), ready=f"Trellis is at http://{host}:{port}", say=say)


def start_valkey(settings: Settings, environment: dict[str, str]) -> Child:
    """The embedded Valkey, running and answering."""
    stop_orphan(settings.data)
    valkey = Child("valkey", valkey_command(settings.data), environment, stops_last=True)
    valkey.start()
    try:
        wait_for_valkey(settings.data)
    except BaseException:
        valkey.signal(signal.SIGTERM)
        raise
    return valkey


def surroundings(settings: Settings, port: int) -> dict[str, str]:
    """The environment of the children: the port that was picked, and what keeps them small."""
    return {
        **os.environ,
        "TRELLIS_PORT": str(port),
        "TRELLIS_DATA": str(settings.data.resolve()),
        # Many threads with an arena each would double what the web process takes.
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
        # Each worker has one thread of arithmetic; more processes are the way to use more cores.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def own(*arguments: str) -> list[str]:
    """A `trellis` command with the Python that runs this one."""
    return [sys.executable, "-m", "inbox.cli", *arguments]


def say(words: str) -> None:
    """One line for the terminal, at once."""
    click.echo(words)
    sys.stdout.flush()
