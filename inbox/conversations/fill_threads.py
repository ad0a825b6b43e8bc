"""Puts what stands above the messages of a batch into it: our own words as messages, a stranger's as what is quoted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from inbox.connectors.contract import Batch, IncomingMessage

QUOTED = 2_000


def fill_threads(batch: Batch, told: Sequence[IncomingMessage], since: datetime | None) -> Batch:
    """The batch with what a platform `told` of its parents; nothing older than `since` becomes a message.

    What a stranger wrote to strangers was not said to us, so it is shown with its answer but neither stored, counted nor
    labelled by itself. An answer belongs into the conversation of what it answers.
    """
    above = {message.external_id: message for message in told}
    here = {message.external_id for message in batch.messages}
    ours = [m for name, m in above.items() if name not in here and _is_ours(m) and not _is_before(m, since)]
    stored = {message.external_id for message in ours}
    return replace(batch, messages=[*ours, *(_filled(message, above, stored) for message in batch.messages)])


def _filled(message: IncomingMessage, above: Mapping[str, IncomingMessage], stored: set[str]) -> IncomingMessage:
    parent = above.get(message.parent_id)
    if parent is None:
        return message
    quote = message.quote if message.quote or parent.external_id in stored else _quoted(parent)
    return replace(message, thread_id=parent.thread_id or message.thread_id, quote=quote)


def _quoted(parent: IncomingMessage) -> str:
    name = (parent.author.name or parent.author.handle) if parent.author else ""
    return f"{name or '?'}: {parent.text[:QUOTED]}"


def _is_ours(message: IncomingMessage) -> bool:
    return message.author is not None and message.author.is_us


def _is_before(message: IncomingMessage, since: datetime | None) -> bool:
    return since is not None and message.posted_at is not None and message.posted_at < since
