"""An answer is as long as its platform says."""

from sqlalchemy.orm import Session

from inbox.channels.measure import measure
from inbox.channels.setup import keep_setup, read_setup
from inbox.config import Settings
from inbox.database import Database
from inbox.vault import open_vault
from tests.making import make_channel

FAMILY = "👩‍👩‍👧"
ADDRESS = "https://example.org/" + "x" * 400


def test_an_address_counts_as_its_platform_counts_it(session: Session, database: Database, settings: Settings) -> None:
    vault, channel = open_vault(settings), make_channel(session)
    keep_setup(vault, channel, read_setup("mastodon", {"server": "example.social", "access_token": "t" * 40}))
    assert measure(channel, f"See {ADDRESS} {FAMILY}", database, vault, settings) == len("See ") + 23 + 2


def test_a_channel_that_does_not_open_is_measured_by_its_unit(
    session: Session, database: Database, settings: Settings
) -> None:
    vault = open_vault(settings)
    assert measure(make_channel(session), FAMILY, database, vault, settings) == 1
    assert measure(make_channel(session, kind="email"), FAMILY, database, vault, settings) == len(FAMILY)
