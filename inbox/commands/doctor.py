"""`trellis doctor`: one line per part, and what to do about each that is ill."""

import shutil
from collections.abc import Callable
from urllib.parse import urlsplit

import click
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inbox.config import Settings, load_settings
from inbox.database import Database
from inbox.vault import open_vault

ROOM_MB = 500


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
    database = Database(settings.database)
    try:
        with database.reading() as session:
            version = session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        raise Ill(f"it cannot be read ({type(error).__name__}); run `trellis migrate`.") from error
    finally:
        database.dispose()
    return f"{urlsplit(settings.database).scheme}, version {version}"


def _valkey(settings: Settings) -> str:
    try:
        with _connection(settings) as connection:
            return f"answers, version {connection.info('server').get('valkey_version') or connection.info('server')['redis_version']}"
    except redis.RedisError:
        raise Ill("does not answer; start `trellis up`, or look at TRELLIS_REDIS_URL.") from None


def _workers(settings: Settings) -> str:
    try:
        with _connection(settings) as connection:
            workers = Worker.all(connection=connection)
    except redis.RedisError:
        raise Ill("cannot be asked while Valkey does not answer.") from None
    if not workers:
        raise Ill("none is at work; start `trellis up` or `trellis worker`.")
    return f"{len(workers)} at work"


def _mail(settings: Settings) -> str:
    if settings.smtp_url.get_secret_value():
        return f"digests and notices leave through {urlsplit(settings.smtp_url.get_secret_value()).hostname}"
    return "digests and notices leave through the first e-mail channel"


def _connection(settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(settings.redis, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2, socket_timeout=2)
