"""What every test of pages may ask for."""

from typing import Any

import pytest

from inbox.database import Database


@pytest.fixture
def house(app: Any) -> Database:
    """The application's database."""
    opened: Database = app.extensions["trellis"].database
    return opened
