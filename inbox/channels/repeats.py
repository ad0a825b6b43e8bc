"""Knows a signed delivery that comes again while its signature is still good, so that an old one cannot undo a newer one.

Kept for minutes in Valkey. Without Valkey the database still stores nothing twice.
"""

import hashlib
import logging
from datetime import timedelta

import redis
from sqlalchemy.orm import Session

from inbox.jobs import doorbell, when_committed

log = logging.getLogger(__name__)

# Signatures are good for five minutes before and after the time in them.
KEPT = timedelta(minutes=11)


def is_repeat(channel_id: int, name: str, body: bytes) -> bool:
    """Whether the delivery `name` with this very body has been stored already in the last minutes."""
    try:
        return bool(doorbell().exists(_key(channel_id, name, body)))
    except redis.RedisError as error:
        log.warning("repeats unknown", extra={"error": type(error).__name__})
        return False


def remember(session: Session, channel_id: int, name: str, body: bytes) -> None:
    """Know it again once the session's transaction has been committed: what was not stored may come again."""
    when_committed(session, lambda: _keep(_key(channel_id, name, body)), key=("delivery", channel_id, name))


def _keep(key: str) -> None:
    try:
        doorbell().set(key, "1", ex=KEPT)
    except redis.RedisError as error:
        log.warning("delivery not remembered", extra={"error": type(error).__name__})


def _key(channel_id: int, name: str, body: bytes) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "replace") + b"\0" + body).hexdigest()
    return f"trellis:delivery:{channel_id}:{digest}"
