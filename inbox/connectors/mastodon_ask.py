"""Asks a Mastodon server for messages again, and for what stands above a message. Used by `mastodon` alone."""

from collections.abc import Sequence
from typing import Any

from inbox.connectors.contract import (
    Batch,
    ConnectorError,
    Deletion,
    Gone,
    IncomingMessage,
    Known,
    NeedsPerson,
    RateLimited,
)
from inbox.connectors.json_api import mapping, own_words, segment
from inbox.connectors.mastodon_api import MastodonApi, Us
from inbox.connectors.mastodon_read import message_of, read_placed
from inbox.connectors.mastodon_watch import statuses_by_id
from inbox.connectors.read_each import Place, name_of, read_each


def ask_again(api: MastodonApi, us: Us, known: Sequence[Known]) -> Batch:
    """These as they are now. Not being listed is no proof of being gone; being asked for and not there is."""
    threads = {each.external_id: each.thread_id for each in known}
    found = statuses_by_id(api, list(threads)) or {}
    gone: list[Deletion] = []
    failure: ConnectorError | None = None
    for name in [name for name in threads if name not in found]:
        try:
            with own_words():
                found[name] = api.get(f"/api/v1/statuses/{segment(name)}")
        except Gone:
            gone.append(Deletion(name))
        except (RateLimited, NeedsPerson):
            raise
        except ConnectorError as error:
            failure = error
    if failure and not found and not gone:
        # Not one answer: it is the server, not the message.
        raise failure

    def place(raw: Any) -> Place:
        return {"thread": threads.get(name_of(raw), "")}

    harvest = read_each(found.values(), lambda raw: read_placed(raw, place(raw), domain=us.domain, our_id=us.id), place)
    return Batch(harvest.messages, gone, harvest.bad)


def ask_above(api: MastodonApi, us: Us, orphans: Sequence[IncomingMessage]) -> Batch:
    """All that stands above each; its conversation is named after the first of them."""
    messages: dict[str, IncomingMessage] = {}
    missing: dict[str, Deletion] = {}
    for orphan in orphans:
        if orphan.parent_id in messages or orphan.parent_id in missing:
            continue
        try:
            context = mapping(api.get(f"/api/v1/statuses/{segment(orphan.external_id)}/context"))
        except (RateLimited, NeedsPerson):
            raise
        except ConnectorError:
            # Servers give up on the context of very large threads; a conversation in two is better than none.
            continue
        above = context.get("ancestors")
        if not isinstance(above, list):
            continue
        root = name_of(above[0]) if above else ""

        def read(raw: Any, root: str = root) -> Sequence[IncomingMessage]:
            return [message_of(raw, domain=us.domain, our_id=us.id, thread_id=root)]

        # What stands above is not what came in: if it cannot be read, the message itself still can.
        told = read_each(above, read)
        messages |= {message.external_id: message for message in told.messages}
        if orphan.parent_id not in messages:
            missing[orphan.parent_id] = Deletion(orphan.parent_id)
    return Batch(list(messages.values()), list(missing.values()))
