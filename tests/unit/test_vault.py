"""The vault's key: made once, by whoever comes first, and never seen half made."""

import threading
from concurrent.futures import ThreadPoolExecutor

from inbox.config import Settings
from inbox.vault import Vault, open_vault


def test_threads_that_open_it_first_share_one_key(settings: Settings) -> None:
    together = threading.Barrier(16)

    def opened(_number: int) -> Vault:
        together.wait(10)
        return open_vault(settings)

    with ThreadPoolExecutor(16) as threads:
        vaults = list(threads.map(opened, range(16)))
    sealed = vaults[0].seal({"token": "abc"}, row="channel:1")
    assert [vault.open(sealed, row="channel:1") for vault in vaults] == [{"token": "abc"}] * 16
    assert [path.name for path in settings.data.iterdir()] == ["secret.key"]
