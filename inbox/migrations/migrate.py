"""Brings a database to the tables of this version, in one step from any earlier one. Called by `trellis migrate` and `up`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError

from inbox.config import BadSetting
from inbox.database import connect

HERE = Path(__file__).parent
# Any number will do, as long as nobody else on the server means something else by it.
ONE_AT_A_TIME = 0x7E111
VERSIONS_TABLE = "alembic_version"


def migrate(url: str) -> bool:
    """Upgrade the database at `url` in one transaction; False when there was nothing to do. Two at once do it once.

    Raises BadSetting when it cannot be reached, was made by a newer version, or does not keep its text in UTF-8.
    """
    with prepared(url) as connection:
        before = current_revision(connection)
        config = configuration(connection)
        if before == head():
            return False
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise BadSetting(
                f"The database stands at {before}, which this version of Trellis does not know;"
                " start the newer version that made it, or put a backup back."
            ) from error
        if connection.dialect.name == "sqlite":
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if orphans:
                raise RuntimeError(
                    f"the migration would leave {len(orphans)} rows without their parent; nothing was changed"
                )
        return True


def is_current(connection: Connection) -> bool:
    """Whether the database has the tables of this version."""
    return current_revision(connection) == head()


def current_revision(connection: Connection) -> str | None:
    """The name of the last migration that the database has seen, None for an empty one."""
    if not sa.inspect(connection).has_table(VERSIONS_TABLE):
        return None
    found: str | None = connection.execute(sa.text(f"SELECT version_num FROM {VERSIONS_TABLE}")).scalar()  # noqa: S608
    return found


def head() -> str:
    """The name of the newest migration."""
    newest = ScriptDirectory(str(HERE)).get_current_head()
    assert newest is not None
    return newest


def configuration(connection: Connection) -> Config:
    """Alembic's settings, without a file, for work on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def prepared(url: str) -> Iterator[Connection]:
    """A connection in one transaction that nobody else migrates beside; it commits at the end."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = connect(url, pool_size=1)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # Rebuilding a table drops the old one, which would otherwise take the rows of its children along.
                # Only outside of a transaction is this heard.
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    _prepare_postgresql(connection)
                yield connection
    except OperationalError as error:
        place = make_url(url).render_as_string(hide_password=True)
        raise BadSetting(
            f"The database {place} cannot be reached: {str(error.orig).strip().splitlines()[0]}."
        ) from error
    finally:
        engine.dispose()


def _prepare_postgresql(connection: Connection) -> None:
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise BadSetting(f"The PostgreSQL database keeps its text in {encoding}; make one with ENCODING 'UTF8'.")
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
