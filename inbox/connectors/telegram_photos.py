"""Fetches the photos of messages at once: their address holds the bot's token, so that nobody else may be sent there.

Used by `telegram` alone. A photo that cannot be had is named without its bytes; the words are not kept waiting for it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from inbox.connectors.contract import ConnectorError, IncomingMessage, RateLimited
from inbox.connectors.http import fetch
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import dicts, words
from inbox.connectors.telegram_api import TelegramApi

LARGEST = 5 * 1024 * 1024
AT_ONCE = 20  # of one page of the queue; behind it wait other people's words
# Relative, and without a way up; a Bot API server of one's own may tell a path of its disk instead.
_PATH = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_./-]{0,300}")


def with_photos(api: TelegramApi, messages: Sequence[IncomingMessage]) -> Iterator[IncomingMessage]:
    """The messages, their photos with bytes."""
    left = AT_ONCE
    for message in messages:
        photo = _largest(message.raw) if left else None
        if photo is None:
            yield message
            continue
        left -= 1
        content = _bytes_of(api, words(photo.get("file_id")))
        files = [replace(each, content=content) if each.name == "photo" else each for each in message.attachments]
        yield replace(message, attachments=tuple(files))


def _largest(raw: Any) -> Any:
    # Sizes come smallest first.
    sizes = [size for size in dicts(mapping(raw).get("photo")) if words(size.get("file_id"))]
    small = [size for size in sizes if not isinstance(told := size.get("file_size"), int) or told <= LARGEST]
    return small[-1] if small else None


def _bytes_of(api: TelegramApi, name: str) -> bytes | None:
    try:
        path = words(mapping(api.call("getFile", {"file_id": name})).get("file_path"))
        return fetch(api.client, "GET", f"{api.files}/{path}", limit=LARGEST).content if _PATH.fullmatch(path) else None
    except RateLimited:
        raise
    except ConnectorError:
        return None
