"""Fetches the pictures of messages at once: Discord's addresses of files end after a day. Used by `discord` alone.

A picture that cannot be had keeps its address; the words are not kept waiting for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import httpx

from inbox.connectors.contract import ConnectorError, IncomingAttachment, IncomingMessage, Surroundings
from inbox.connectors.http import fetch, open_client

HOST = "cdn.discordapp.com"
LARGEST = 5 * 1024 * 1024
AT_ONCE = 20  # of one page; behind it wait other people's words


def with_pictures(messages: Sequence[IncomingMessage], surroundings: Surroundings) -> Iterator[IncomingMessage]:
    """The messages, their pictures with bytes. The bot's token is not shown to the host of the files."""
    left = AT_ONCE
    if not any(_is_wanted(file) for message in messages for file in message.attachments):
        yield from messages
        return
    with open_client(
        allow_private=surroundings.allow_private_addresses, timeout_seconds=surroundings.timeout_seconds
    ) as client:
        for message in messages:
            wanted = [file for file in message.attachments if _is_wanted(file)][:left]
            left -= len(wanted)
            had = {file: replace(file, content=_bytes_of(client, file.url)) for file in wanted}
            yield replace(message, attachments=tuple(had.get(file, file) for file in message.attachments))


def _is_wanted(file: IncomingAttachment) -> bool:
    return (
        file.url.startswith(f"https://{HOST}/") and file.media_type.startswith("image/") and file.size_bytes <= LARGEST
    )


def _bytes_of(client: httpx.Client, address: str) -> bytes | None:
    try:
        return fetch(client, "GET", address, limit=LARGEST).content
    except ConnectorError:
        return None
