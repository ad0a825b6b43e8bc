"""What the tests against a Matrix server can ask for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from inbox.connectors.contract import Surroundings
from inbox.connectors.matrix import Matrix, MatrixSetup
from tests.contract.stage import Remembering
from tests.peers.matrix.synapse import Synapse, running_synapse
from tests.peers.serving import NoPeer
from tests.peers.speaking import speaking


@pytest.fixture(scope="session")
def synapse(peers_cache: Path) -> Iterator[Synapse]:
    """A server for this session; skips with the reason where it cannot run."""
    try:
        with running_synapse(peers_cache) as running:
            yield running
    except NoPeer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def signed_in(synapse: Synapse) -> Iterator[Callable[[str], httpx.Client]]:
    """`signed_in("fan")` speaks to the server as that account, without the connector under test."""

    def client(name: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {synapse.tokens[name]}"}
        return httpx.Client(base_url=f"{synapse.url}/_matrix/client/v3/", headers=headers, timeout=20)

    with speaking(client) as opened:
        yield opened


@pytest.fixture
def matrix(synapse: Synapse) -> Callable[..., Matrix]:
    """`matrix(rooms="…")` is a connector for brand, with its own memory."""

    def connected(rooms: str = "", token: str = "") -> Matrix:
        setup = {"server": synapse.url, "token": token or synapse.tokens["brand"], "rooms": rooms}
        return Matrix(MatrixSetup.model_validate(setup), Surroundings(Remembering(), allow_private_addresses=True))

    return connected
