"""`trellis doctor`: one line per part, and what to do about each that is ill."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click
import redis
from rq import Worker
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox.channels.mailbox import find_mailbox
from inbox.clock import now
from inbox.config import Settings, load_settings
from inbox.conversations.models import Direction, Message
from inbox.database import Database
from inbox.jobs import doorbell
from inbox.vault import open_vault

ROOM_MB = 500
TAGGED_WITHIN = timedelta(minutes=5)


class Ill(Exception):
    """What is wrong and what to do about it."""


@click.command("doctor")
def command() -> int:
    """Look at every part. Exit code 1 when something needs a person."""
    settings = load_settings()
    checks: dict[str, Callable[[Settings], str]] = {
        "data folder": _data_folder,
        "key": _key,
        "database": _database,
        "Valkey": _valkey,
        "workers": _workers,
        "tags": _tags,
        "mail": _mail,
    }
    ill = 0
    for name, check in checks.items():
        try:
            click.echo(f"ok    {name}: {check(settings)}")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one part, the others are looked at too
            ill += 1
            click.echo(f"ILL   {name}: {error}")
    return 1 if ill else 0


def _data_folder(settings: Settings) -> str:
    if not settings.data.is_dir():
        raise Ill(f"{settings.data} is not there; `trellis up` makes it.")
    free_mb = shutil.disk_usage(settings.data).free // 2**20
    if free_mb < ROOM_MB:
        raise Ill(f"only {free_mb} MB are free below {settings.data}; make room.")
    return f"{settings.data.resolve()}, {free_mb // 1024} GB free"


def _key(settings: Settings) -> str:
    open_vault(settings)
    return (
        "opens the stored credentials"
        if settings.secret_key.get_secret_value()
        else "in the data folder, readable by you only"
    )


def _database(settings: Settings) -> str:
    with _reading(settings) as session:
        version = session.scalar(text("SELECT version_num FROM alembic_version"))
    return f"{urlsplit(settings.database).scheme}, version {version}"


def _valkey(_settings: Settings) -> str:
    try:
        server: Any = doorbell().info("server")
    except redis.RedisError:
        raise Ill("does not answer; start `trellis up`, or look at TRELLIS_REDIS_URL.") from None
    return f"answers, version {server.get('valkey_version') or server['redis_version']}"


def _workers(_settings: Settings) -> str:
    try:
        workers = Worker.all(connection=doorbell())
    except redis.RedisError:
        raise Ill("cannot be asked while Valkey does not answer.") from None
    if not workers:
        raise Ill("none is at work; start `trellis up` or `trellis worker`.")
    return f"{len(workers)} at work"


def _tags(settings: Settings) -> str:
    query = select(func.count()).where(
        Message.labelled_at.is_(None),
        Message.direction == Direction.IN,
        Message.deleted_at.is_(None),
        Message.received_at < now() - TAGGED_WITHIN,
    )
    with _reading(settings) as session:
        waiting = session.scalar(query)
    if waiting:
        raise Ill(f"messages without a tag: {waiting}; the worker's log says why, often a model that was refused.")
    return "no message waits"


def _mail(settings: Settings) -> str:
    if settings.smtp_url.get_secret_value():
        return f"digests and notices leave through {urlsplit(settings.smtp_url.get_secret_value()).hostname}"
    with _reading(settings) as session:
        mailbox = find_mailbox(session)
    if mailbox is None:
        return "nothing leaves yet; connect an e-mail channel, or set TRELLIS_SMTP_URL and TRELLIS_MAIL_FROM"
    return f"digests and notices leave through {mailbox.name}"


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
    database = Database(settings.database)
    try:
        with database.reading() as session:
            yield session
    except SQLAlchemyError as error:
        raise Ill(f"the database cannot be read ({type(error).__name__}); run `trellis migrate`.") from error
    finally:
        database.dispose()
