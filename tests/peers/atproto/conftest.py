"""What the tests against a real AT Protocol network can ask for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inbox.connectors.bluesky import Bluesky, BlueskySetup
from inbox.connectors.contract import Surroundings
from tests.contract.stage import Remembering
from tests.peers.atproto.network import Network, running_network
from tests.peers.atproto.people import PASSWORD, Person
from tests.peers.serving import NoPeer


@pytest.fixture(scope="session")
def network(postgres_server: str, peers_cache: Path) -> Iterator[Network]:
    """PLC, PDS, AppView and Ozone for this session; skips with the reason where they cannot run."""
    try:
        with running_network(postgres_server, peers_cache) as running:
            yield running
    except NoPeer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def brand(network: Network) -> Person:
    """A new account that is ours."""
    return Person.new(network.pds, "brand")


@pytest.fixture
def fan(network: Network) -> Person:
    """A new account of somebody who writes to us."""
    return Person.new(network.pds, "fan")


@pytest.fixture
def bluesky(network: Network) -> Callable[..., Bluesky]:
    """`bluesky(brand)` is a connector for that account, with its own memory."""

    def connected(person: Person, memory: Remembering | None = None, password: str = PASSWORD) -> Bluesky:
        setup = BlueskySetup.model_validate(
            {"identifier": person.handle, "app_password": password, "service": network.pds}
        )
        return Bluesky(setup, Surroundings(memory or Remembering(), allow_private_addresses=True))

    return connected
