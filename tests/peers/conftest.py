"""What every full circle can ask for: a house of our own, and the folder in which servers are kept between runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from inbox.database import Database
from tests.conftest import forget_settings
from tests.peers.house import House


@pytest.fixture(scope="session")
def peers_cache() -> Path:
    """Where installed servers stay, outside of the checkout."""
    return Path(os.environ.get("TRELLIS_PEERS_CACHE") or Path.home() / ".cache" / "trellis-peers")


@pytest.fixture
def processes(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The recipes of this test, in this process; private addresses are allowed, as in an intranet."""
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "true")
    forget_settings()
    yield
    forget_settings()


@pytest.fixture
def house(sqlite_url: str, valkey_url: str, processes: None) -> Iterator[House]:
    """An inbox without a channel, in which recipes and verbs run as they do every day."""
    database = Database(sqlite_url)
    yield House(database)
    database.dispose()


@pytest.fixture
def lost_answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], AbstractContextManager[None]]:
    """`with lost_answers("POST", "/path"):` what is sent to such paths arrives, and its answer does not."""
    original = httpx.HTTPTransport.handle_request

    @contextmanager
    def lost(method: str, path: str) -> Iterator[None]:
        def cut(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            answer = original(self, request)
            if request.method == method and path in request.url.path:
                answer.close()
                raise httpx.ReadTimeout("cut", request=request)
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(httpx.HTTPTransport, "handle_request", cut)
            yield

    return lost
