"""The `trellis` command. Each command is named here by its place and loaded when it is called, so that all start quickly."""

import os
import sys
from importlib import import_module

import click

# Commands that belong to workers and classifiers are named, never imported: the product knows neither.
COMMANDS = {
    "up": ("inbox.commands.up", "Start everything: database, Valkey, web, workers, scheduler."),
    "web": ("inbox.commands.web", "Serve the pages and the API."),
    "worker": ("workers.run", "Do the jobs: poll, classify, send."),
    "scheduler": ("workers.schedule", "Ring for jobs that are due."),
    "migrate": ("inbox.commands.migrate", "Bring the database to this version."),
    "import": ("workers.import_file", "Read a CSV, JSONL or mbox file into a channel."),
    "classify": ("classifiers.classify", "Tag JSON lines from standard input."),
    "evaluate": ("classifiers.evaluate", "Say how right the tagger is about a labelled file."),
    "train": ("classifiers.train", "Train the tagger."),
    "retrain": ("workers.retrain", "Learn from the corrections now."),
    "create-admin": ("inbox.commands.create_admin", "Make an admin, or give one a new password."),
    "token": ("inbox.commands.token", "Make, list and revoke tokens for programs."),
    "connectors": ("inbox.commands.connectors", "List what Trellis can connect to."),
    "doctor": ("inbox.commands.doctor", "Look at every part and say what is wrong."),
    "version": ("inbox.commands.version", "Say which Trellis this is."),
}
EXPECTED = 2


class Commands(click.Group):
    """Lists commands without loading them."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(cls=Commands)
def group() -> None:
    """Trellis: one inbox for everything people say to you, and the path from there to the product."""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 done with something to look at, 2 refused with one sentence on standard error."""
    # What people wrote, passwords as hashes and the keys of channels: all files are their owner's alone.
    os.umask(0o077)
    try:
        code = group.main(arguments, prog_name="trellis", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXPECTED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has enough, as with `trellis classify | head`.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        sentence = expected(error)
        if sentence is None:
            raise
        click.echo(sentence, err=True)
        sys.exit(EXPECTED)
    sys.exit(code if isinstance(code, int) else 0)


def expected(error: Exception) -> str | None:
    """One sentence for an error that the operator can mend, else None."""
    # Asked by name among what is loaded already, because importing these to ask would take longer than most commands.
    settings = sys.modules.get("inbox.config")
    if settings and isinstance(error, settings.BadSetting):
        return str(error)
    databases, valkey = sys.modules.get("sqlalchemy.exc"), sys.modules.get("redis")
    if databases and isinstance(error, databases.OperationalError):
        return f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}"
    if valkey and isinstance(error, valkey.ConnectionError):
        return "Valkey does not answer; start `trellis up`, or look at TRELLIS_REDIS_URL."
    return None


if __name__ == "__main__":
    main()
