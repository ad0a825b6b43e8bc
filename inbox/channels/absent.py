"""Knows what a platform said it does not have (any more), so that not every answer to it asks again.

Kept for a week in Valkey. Without Valkey it is asked for again, and nothing else is lost.
"""

import hashlib
import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import redis

from inbox.jobs import doorbell

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)


def find_absent(channel_id: int, names: Sequence[str]) -> set[str]:
    """Which of these messages the channel's platform has not, as far as it is remembered."""
    if not names:
        return set()
    try:
        marks: Any = doorbell().mget([_key(channel_id, name) for name in names])
    except redis.RedisError as error:
        log.warning("absent unknown", extra={"error": type(error).__name__})
        return set()
    return {name for name, mark in zip(names, marks, strict=True) if mark is not None}


def remember_absent(channel_id: int, names: Collection[str]) -> None:
    """Know for a week that the channel's platform has none of these."""
    if not names:
        return
    try:
        with doorbell().pipeline() as pipe:
            for name in names:
                pipe.set(_key(channel_id, name), "1", ex=KEPT)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("absent not remembered", extra={"error": type(error).__name__})


def _key(channel_id: int, name: str) -> str:
    return f"trellis:absent:{channel_id}:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"
