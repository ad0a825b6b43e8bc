"""What every test can ask for: a data folder, settings, a database (on SQLite and PostgreSQL), Valkey, the app, a browser."""

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox import config, jobs
from inbox.config import Settings
from inbox.database import Base, Database, connect
from inbox.embedded import valkey_command, valkey_socket, wait_for_valkey
from tests.network import no_network
from tests.postgres import NoPostgres, fresh_database, running_postgres
from workers import opened, poll, refetch, rescue, send, sync_tickets

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")
KEPT_SETTINGS = {"TRELLIS_SHARED", "TRELLIS_TRAINING_DATA"}

__all__ = ["no_network"]  # a fixture that pytest finds here


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An own data folder; the settings of whoever runs the tests are out of sight."""
    for name in [name for name in os.environ if name.startswith("TRELLIS_") and name not in KEPT_SETTINGS]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("TRELLIS_DATA", str(folder))
    forget_settings()
    # The command keeps what it writes to its owner; servers that a later test starts run as others.
    before = os.umask(0o022)
    yield folder
    os.umask(before)
    forget_settings()


def forget_settings() -> None:
    """Let the next look read the environment again."""
    for recipe in (poll, refetch, rescue, send, sync_tickets):
        recipe.leave(20)
    config.load_settings.cache_clear()
    if jobs.doorbell.cache_info().currsize:
        jobs.doorbell().close()
    jobs.doorbell.cache_clear()
    # What a recipe opened in this process belongs to the settings that are forgotten here.
    if opened.open_database.cache_info().currsize:
        opened.open_database().dispose()
    opened.open_database.cache_clear()
    opened.open_vault.cache_clear()


@pytest.fixture
def settings(request: pytest.FixtureRequest, data_dir: Path) -> Settings:
    """The settings of this test; with Valkey in them when the test asks for `valkey_url`."""
    if "valkey_url" in request.fixturenames:
        request.getfixturevalue("valkey_url")
    # However slow the machine, an answer does not leave before a test has looked at it.
    return config.load_settings().model_copy(update={"undo_seconds": 300})


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL for this session; skips with the reason where there is none."""
    try:
        with running_postgres() as url:
            yield url
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def filled_schema() -> Callable[[sa.Engine], None]:
    """Makes every table in an empty database."""
    from inbox import tables

    return tables.metadata.create_all


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, filled_schema: Callable[[sa.Engine], None]) -> Path:
    """A SQLite file with every table, to be copied."""
    path = tmp_path_factory.mktemp("template") / "trellis.db"
    database = Database(f"sqlite:///{path}")
    filled_schema(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str, filled_schema: Callable[[sa.Engine], None]) -> Iterator[str]:
    """A PostgreSQL database with every table, emptied before each test."""
    with fresh_database(postgres_server) as url:
        database = Database(url)
        filled_schema(database.engine)
        database.dispose()
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, data_dir: Path) -> str:
    """A SQLite database with every table and no rows."""
    path = data_dir / "trellis.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_tables: str) -> str:
    """A PostgreSQL database with every table and no rows."""
    engine = connect(postgres_tables)
    with engine.begin() as connection:
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return postgres_tables


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with every table and no rows, once on SQLite and once on PostgreSQL; it is also the one in the settings."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    if request.param == "postgresql":
        monkeypatch.setenv("TRELLIS_DATABASE_URL", url)
        forget_settings()
    return url


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once on SQLite and once on PostgreSQL; for migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database, on both kinds."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction, on both kinds. Verbs flush into it; it commits when the test has ended."""
    with database.writing() as opened:
        yield opened


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey for the session."""
    folder = tmp_path_factory.mktemp("v")
    server = subprocess.Popen(valkey_command(folder), stdout=subprocess.DEVNULL)
    try:
        wait_for_valkey(folder)
        yield f"unix://{valkey_socket(folder)}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def valkey_url(valkey_server: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty, real Valkey; the settings and the doorbell use it."""
    with redis.Redis.from_url(valkey_server) as connection:
        connection.flushall()
    monkeypatch.setenv("TRELLIS_REDIS_URL", valkey_server)
    forget_settings()
    return valkey_server


@pytest.fixture
def app(sqlite_url: str, settings: Settings, quick_passwords: None) -> Iterator[Any]:
    """The wired application on SQLite. Forms need no token here; limits are off."""
    from inbox.app import create_app
    from inbox.web import limiter

    application = create_app(settings)
    application.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    before, limiter.enabled = limiter.enabled, False
    yield application
    limiter.enabled = before
    application.extensions["trellis"].database.dispose()


@pytest.fixture
def told() -> Iterator[list[logging.LogRecord]]:
    """What our own loggers say from now on. Commands that other tests run here replace the root's handlers, on which caplog hangs."""
    kept: list[logging.LogRecord] = []
    handler, logger = logging.Handler(), logging.getLogger("inbox")
    handler.emit = kept.append  # type: ignore[method-assign]
    level, quiet = logger.level, logging.root.manager.disable
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logging.disable(logging.NOTSET)
    yield kept
    logging.disable(quiet)
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in no time."""
    from argon2 import PasswordHasher

    from inbox.teams import sign_in

    sign_in._nobody.cache_clear()
    monkeypatch.setattr(sign_in, "hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def visitor(app: Any) -> Any:
    """A browser that is not signed in, before the set-up."""
    return app.test_client()


@pytest.fixture
def sign_in_as(app: Any) -> Callable[..., Any]:
    """`sign_in_as("manager")` is a browser of a new teammate with that role, in English or the `language` given."""
    from inbox.pages.access import COOKIE_KEY
    from inbox.teams.models import Role, Teammate, Workspace
    from inbox.teams.sign_in import sign_in

    def opened(role: str = "admin", *, language: str = "en") -> Any:
        with app.extensions["trellis"].database.writing() as session:
            if session.get(Workspace, 1) is None:
                session.add(Workspace(id=1, name="Garden", language="en", time_zone="Europe/Berlin"))
            number = session.scalar(sa.select(sa.func.count()).select_from(Teammate))
            teammate = Teammate(
                email=f"{role}{number}@example.org",
                name=role.title(),
                role=Role(role),
                language=language,
                time_zone="Europe/Berlin",
            )
            session.add(teammate)
            session.flush()
            token = sign_in(session, teammate, "test")
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[COOKIE_KEY] = token
        return client

    return opened


@pytest.fixture
def client(sign_in_as: Callable[..., Any]) -> Any:
    """A browser in which an admin is signed in."""
    return sign_in_as("admin")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; skips with the reason where there is none."""
    names = (
        "chromium",
        "chromium-browser",
        "google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    )
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("no Chromium found: install it or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    """How pytest-playwright starts the Chromium of this machine."""
    quiet = (
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*(f"--{option}" for option in quiet), *sandbox],
    }


@pytest.fixture
def shared() -> Path:
    """The folder of shared samples beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("TRELLIS_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the shared folder is absent; set TRELLIS_SHARED to use it")
    return folder


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(ask)` is the first true answer within `seconds`; fails otherwise."""

    def waited(ask: Callable[[], Any], *, seconds: float = 10, every: float = 0.05) -> Any:
        until = time.monotonic() + seconds
        while not (answer := ask()):
            assert time.monotonic() < until, f"not within {seconds} s"
            time.sleep(every)
        return answer

    return waited
