"""What messages answer, as a connector is asked for it again by its id. Shared by the connectors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inbox.connectors.contract import IncomingMessage, Known


def parents_of(
    orphans: Sequence[IncomingMessage], handle: Callable[[IncomingMessage], Mapping[str, Any]] = lambda _orphan: {}
) -> list[Known]:
    """The parents of these, each once, to be asked for by `refetch`; `handle` gives what that needs of a parent's place."""
    return list(
        {orphan.parent_id: Known(orphan.parent_id, orphan.thread_id, handle(orphan)) for orphan in orphans}.values()
    )
