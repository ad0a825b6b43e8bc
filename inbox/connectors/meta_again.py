"""Asks Meta for messages again, and whether what they stand on is still seen. Used by Facebook pages and Instagram."""

from collections.abc import Callable, Sequence

from inbox.connectors.contract import Batch, Deletion, Gone, IncomingMessage, Known
from inbox.connectors.meta_api import MetaApi

Read = Callable[[Known], Sequence[IncomingMessage]]


def one_by_one(known: Sequence[Known], read: Read) -> Batch:
    """Among several at once, a single one that is gone would spoil the answer for all."""
    messages: list[IncomingMessage] = []
    gone: list[Deletion] = []
    for each in known:
        try:
            messages += read(each)
        except Gone:
            gone.append(Deletion(each.external_id))
    return Batch(messages, gone)


def see_place(api: MetaApi, known: Sequence[Known], *, posts: str, talks: str, platform: str) -> None:
    """Look at the comments below `posts`, and at the `talks`, as far as messages of both kinds are asked for.

    Meta gives one answer (100, 33) for what is not there and for what a right is missing for; these lists need that right.
    """
    if any(not each.handle.get("person_id") for each in known):
        api.page(posts, {"fields": "id,comments.limit(1){id}", "limit": 1})
    if any(each.handle.get("person_id") for each in known):
        api.page(talks, {"platform": platform, "fields": "id", "limit": 1})
