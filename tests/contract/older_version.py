"""A version of Trellis that cannot read yet what this one reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from inbox.connectors import rss_parse
from inbox.connectors.contract import IncomingMessage


@contextmanager
def older_version(*cannot_read: str) -> Iterator[None]:
    """A version that makes no message of these names of anything, and no entry of a feed."""
    message, entry = IncomingMessage.__init__, rss_parse._entry

    def refuse(self: IncomingMessage, external_id: str, *rest: Any, **more: Any) -> None:
        if external_id in cannot_read:
            raise ValueError("not known yet")
        message(self, external_id, *rest, **more)

    def see_nothing(*given: Any) -> rss_parse.Entry | None:
        found = entry(*given)
        return None if found and found.external_id in cannot_read else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IncomingMessage, "__init__", refuse)
        patch.setattr(rss_parse, "_entry", see_nothing)
        yield
