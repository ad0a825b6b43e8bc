"""What the tests against a server of the Mastodon API can ask for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from inbox.connectors.contract import Surroundings
from inbox.connectors.mastodon import Mastodon, MastodonSetup
from tests.contract.stage import Remembering
from tests.peers.mastodon.mock_server import MockServer, running_mock_server
from tests.peers.serving import NoPeer
from tests.peers.speaking import speaking


@pytest.fixture(scope="session")
def mastodon_server(peers_cache: Path) -> Iterator[MockServer]:
    """A server for this session; skips with the reason where it cannot run."""
    try:
        with running_mock_server(peers_cache) as running:
            yield running
    except NoPeer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def signed_in(mastodon_server: MockServer) -> Iterator[Callable[[str], httpx.Client]]:
    """`signed_in("fan")` speaks to the server as that account, without the connector under test."""

    def client(name: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer token-of-{name}"}
        return httpx.Client(base_url=mastodon_server.url, headers=headers, timeout=20)

    with speaking(client) as opened:
        yield opened


@pytest.fixture
def mastodon(mastodon_server: MockServer) -> Callable[..., Mastodon]:
    """`mastodon()` is a connector for brand, with its own memory."""

    def connected(token: str = "token-of-brand") -> Mastodon:
        setup = MastodonSetup.model_validate({"server": mastodon_server.url, "access_token": token})
        return Mastodon(setup, Surroundings(Remembering(), allow_private_addresses=True))

    return connected
