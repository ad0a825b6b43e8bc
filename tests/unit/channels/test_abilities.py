"""What a channel may do is what its connector last said of this very connection, read without credentials."""

import pytest
from sqlalchemy.orm import Session

from inbox.channels.abilities import abilities, described, keep_described
from inbox.channels.open import NoMemory
from inbox.connectors.contract import ActName, Capabilities, Surroundings, Unit
from inbox.connectors.mastodon import Mastodon, MastodonSetup
from tests.making import make_channel


def test_without_a_word_it_is_what_the_kind_declares(session: Session) -> None:
    assert abilities(make_channel(session)) == Mastodon.capabilities
    assert abilities(make_channel(session, kind="myspace")) == Capabilities(polls=False, allows_training=False)


def test_a_server_with_another_limit_says_so(session: Session) -> None:
    setup = MastodonSetup(server="example.social", access_token="t" * 20)  # type: ignore[arg-type]
    connector = Mastodon(setup, Surroundings(NoMemory({"us": {"limit": 5_000}})))
    channel = make_channel(session)
    keep_described(channel, described(connector), None)
    session.flush()
    session.expire(channel)
    kept = abilities(channel)
    assert (kept.text_limit, kept.text_unit) == (5_000, Unit.GRAPHEMES)
    assert kept.acts == Mastodon.capabilities.acts
    assert kept.because == Mastodon.capabilities.because


@pytest.mark.parametrize(
    "said",
    [
        {"acts": ["hide", "teleport"], "text_unit": "cubits", "from_the_future": 1},
        {"acts": ["hide"]},
    ],
)
def test_what_another_version_said_is_understood_as_far_as_it_is_known(
    session: Session, said: dict[str, object]
) -> None:
    kept = abilities(make_channel(session, abilities=said))
    assert kept.acts == {ActName.HIDE}
    assert kept.text_unit == Mastodon.capabilities.text_unit


def test_no_connection_is_exempt_from_its_platforms_terms(session: Session) -> None:
    said = {"acts": [], "allows_training": False}
    assert abilities(make_channel(session, abilities=said)).allows_training == Mastodon.capabilities.allows_training
