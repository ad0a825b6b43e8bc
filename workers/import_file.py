"""`trellis import`: reads a CSV, JSONL or mbox file into a channel, batch by batch. Doing it again stores nothing twice."""

import logging
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from inbox.channels.connect import connect
from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.channels.open import open_connector
from inbox.channels.setup import keep_setup, read_setup
from inbox.config import load_settings
from inbox.connectors.contract import Batch, ConnectorError, Setup
from inbox.conversations.attach import attach
from inbox.conversations.ingest import ingest
from inbox.conversations.ingest_apart import ingest_apart
from inbox.database import Database
from inbox.setups import BadSetup
from inbox.text import one_line
from workers.opened import open_database, open_vault

KIND = "file"


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--channel", "name", required=True, help="Name of the channel; it is made when there is none.")
@click.option("--map", "columns", default="", help="Which column holds what: text=comment,author=name")
def command(file: Path, name: str, columns: str) -> None:
    """Read FILE into a channel: CSV, JSONL or mbox, in any encoding."""
    # Without Valkey the labels come a little later, which is nothing to interrupt a progress bar for.
    for source in ("inbox.jobs", "inbox.live"):
        logging.getLogger(source).setLevel(logging.ERROR)
    try:
        counts = import_file(open_database(), file, one_line(name, 200), columns)
    except (ConnectorError, BadSetup) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{counts.fetched} read: {counts.stored} stored, {counts.duplicate} known already, {counts.quarantined} in quarantine."
    )


def import_file(database: Database, file: Path, name: str, columns: str = "") -> Counts:
    """Store what is in `file` in the channel called `name`. Raises BadSetup or Refused before anything is stored."""
    if not name:
        raise BadSetup({"channel": {"msg": "The channel needs a name."}})
    given = read_setup(KIND, {"columns": columns})
    with database.reading() as session:
        channel = session.scalar(select(Channel).where(Channel.name == name))
    if channel is not None and channel.kind != KIND:
        raise BadSetup({"channel": {"msg": f"{name} is a channel of the kind {channel.kind}; choose another name."}})
    opened = Channel(
        id=0, kind=KIND, name=name, settings=given.model_dump() if columns or not channel else channel.settings
    )
    batches = open_connector(opened, database, open_vault(), load_settings()).poll(str(file), None, None)
    first = next(batches)
    channel_id = _channel_id(database, name, given, changes=bool(columns))
    counts = Counts()
    with _progress(file) as bar:
        task = bar.add_task(one_line(file.name, 40), total=file.stat().st_size)
        for batch in _chained(first, batches):
            counts += _store(database, channel_id, one_line(file.name, 200), batch)
            bar.update(task, completed=int(batch.cursor.get("bytes") or 0))
    return counts


def _channel_id(database: Database, name: str, setup: Setup, *, changes: bool) -> int:
    with database.writing() as session:
        channel = session.scalar(select(Channel).where(Channel.name == name))
        if channel is None:
            return connect(session, open_vault(), load_settings(), KIND, name, setup).id
        if changes:
            keep_setup(open_vault(), channel, setup)
        return channel.id


def _store(database: Database, channel_id: int, stream_name: str, batch: Batch) -> Counts:
    batch = attach(load_settings().attachments, batch)
    try:
        with database.writing() as session:
            return ingest(session, session.get_one(Channel, channel_id), stream_name, batch)
    except OperationalError:
        raise
    except DBAPIError:
        # The database refused something in it: what that was is found and put into quarantine.
        with database.writing() as session:
            return ingest_apart(session, session.get_one(Channel, channel_id), stream_name, batch)


def _chained(first: Batch, others: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from others


def _progress(file: Path) -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
