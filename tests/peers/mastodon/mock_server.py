"""Installs (once, into a cache) and runs mastodon_mock: a stateful server of the Mastodon API, written by others."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.serving import answers, free_ports, installed, python_with, running, wait_until

PACKAGE, VERSION = "mastodon_mock", "0.6.1"
START_SECONDS = 60.0
CONFIGURATION = """\
[database]
path = ":memory:"

[auth]
permissive = false
enforce_scopes = true

[[seed.accounts]]
username = "brand"
access_token = "token-of-brand"
role = "user"

[[seed.accounts]]
username = "fan"
access_token = "token-of-fan"

[[seed.accounts]]
username = "other"
access_token = "token-of-other"

[[seed.accounts]]
username = "moderator"
access_token = "token-of-moderator"
role = "admin"
"""


@dataclass(frozen=True)
class MockServer:
    """Where it listens; the tokens are `token-of-brand`, `token-of-fan`, `token-of-other` and `token-of-moderator`."""

    url: str


@contextmanager
def running_mock_server(cache: Path) -> Iterator[MockServer]:
    """A server with four accounts and no posts, forgotten at the end. Raises NoPeer."""
    programs = installed(cache, f"{PACKAGE}-{VERSION}", python_with(f"{PACKAGE}=={VERSION}")) / "bin"
    with tempfile.TemporaryDirectory(prefix="trellis-mastodon-") as name:
        folder, (port,) = Path(name), free_ports(1)
        configuration, log = folder / "mock.toml", folder / "log"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        command = [str(programs / PACKAGE), "serve", "--config", str(configuration), "--host", "127.0.0.1"]
        with running([*command, "--port", str(port)], folder=folder, log=log) as child:
            url = f"http://127.0.0.1:{port}"
            wait_until(child, answers(f"{url}/api/v2/instance"), log=log, seconds=START_SECONDS)
            yield MockServer(url)
