"""The application with the API alone, on both databases, and programs that call it with a token."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from inbox import app as wiring
from inbox.config import Settings
from inbox.database import Database
from inbox.teams.models import Role
from inbox.teams.tokens import create_token
from inbox.web import limiter


@pytest.fixture
def api(database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The wired application; pages that people look at are left out."""
    monkeypatch.setattr(wiring, "PAGES", ("static_files",))
    monkeypatch.setattr(limiter, "enabled", False)
    made = wiring.create_app(settings)
    made.config.update(TESTING=True)
    yield made
    made.extensions["trellis"].database.dispose()


@pytest.fixture
def house_database(api: Flask) -> Database:
    """The application's database."""
    opened: Database = api.extensions["trellis"].database
    return opened


@pytest.fixture
def program(api: Flask, house_database: Database) -> Callable[..., Any]:
    """`program("manager")("GET", "/channels")` is the answer to a program whose token has that role."""

    def opened(role: str = "admin") -> Callable[..., Any]:
        with house_database.writing() as session:
            _, plain = create_token(session, f"{role} program", Role(role))

        def ask(method: str, path: str, **options: Any) -> Any:
            headers = {"Authorization": f"Bearer {plain}"}
            return api.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

        return ask

    return opened
