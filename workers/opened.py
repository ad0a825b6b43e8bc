"""What every recipe needs open: the settings, the database and the vault, once per process."""

from functools import lru_cache

from inbox.config import load_settings
from inbox.database import Database
from inbox.vault import Vault
from inbox.vault import open_vault as open_for

# Many threads wait for platforms, and few for the database: PostgreSQL has a hundred connections for all processes, and
# SQLite lets one write at a time, which a queue here shares more fairly than its own knocking.
CONNECTIONS = 8


@lru_cache(maxsize=1)
def open_database() -> Database:
    """This process's database."""
    return Database(load_settings().database, connections=CONNECTIONS)


@lru_cache(maxsize=1)
def open_vault() -> Vault:
    """This process's vault."""
    return open_for(load_settings())
