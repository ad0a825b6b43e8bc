"""What the tests against a real WordPress can ask for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.peers.serving import NoPeer
from tests.peers.speaking import speaking
from tests.peers.wordpress.site import Site, running_site


@pytest.fixture(scope="session")
def site(peers_cache: Path) -> Iterator[Site]:
    """A site for this session; skips with the reason where it cannot run."""
    try:
        with running_site(peers_cache) as running:
            yield running
    except NoPeer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def signed_in(site: Site) -> Iterator[Callable[[str], httpx.Client]]:
    """`signed_in("fan")` speaks to the site's API as that account, `signed_in("")` as anybody who reads."""

    def client(name: str) -> httpx.Client:
        auth = (name, site.passwords[name]) if name else None
        return httpx.Client(base_url=f"{site.url}/wp-json/wp/v2/", auth=auth, timeout=20)

    with speaking(client) as opened:
        yield opened
