"""Who has a conversation open, and who is typing in it. Kept for seconds in Valkey; without Valkey nobody is seen."""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

import redis

from inbox.jobs import doorbell
from inbox.live import tell
from inbox.teams.models import Teammate

log = logging.getLogger(__name__)

SEEN_SECONDS = 30
TYPING_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Viewer:
    """A teammate who is looking now."""

    teammate_id: int
    name: str
    is_typing: bool


def look_in(conversation_id: int, teammate: Teammate, *, typing: bool = False) -> None:
    """Say that `teammate` has it open; browsers repeat this every 15 seconds and while typing.

    The others are told when somebody comes or begins to type, so that the repetitions cause no news.
    """
    key = _key(conversation_id)
    seen = json.dumps({"name": teammate.name, "at": time.time(), "typing": time.time() if typing else 0})
    try:
        with doorbell().pipeline(transaction=False) as pipe:
            pipe.hget(key, str(teammate.id))
            pipe.hset(key, str(teammate.id), seen)
            pipe.expire(key, SEEN_SECONDS * 2)
            before = pipe.execute()[0]
    except redis.RedisError as error:
        log.warning("viewer not noted", extra={"error": type(error).__name__})
        return
    known = json.loads(before) if before else {"at": 0, "typing": 0}
    has_come = known["at"] < time.time() - SEEN_SECONDS
    if has_come or (typing and known["typing"] < time.time() - TYPING_SECONDS):
        tell({"kind": "viewers", "ids": [conversation_id], "extra": {}})


def leave(conversation_id: int, teammate: Teammate) -> None:
    """Say that `teammate` has closed it."""
    try:
        was_here = doorbell().hdel(_key(conversation_id), str(teammate.id))
    except redis.RedisError as error:
        log.warning("viewer not removed", extra={"error": type(error).__name__})
        return
    if was_here:
        tell({"kind": "viewers", "ids": [conversation_id], "extra": {}})


def viewers(conversation_ids: Iterable[int], *, but: int | None = None) -> dict[int, list[Viewer]]:
    """Who looks at each of these conversations, without the teammate `but`; conversations nobody looks at are left out."""
    ids = list(conversation_ids)
    if not ids:
        return {}
    try:
        with doorbell().pipeline(transaction=False) as pipe:
            for number in ids:
                pipe.hgetall(_key(number))
            answers = pipe.execute()
    except redis.RedisError as error:
        log.warning("viewers unknown", extra={"error": type(error).__name__})
        return {}
    oldest = time.time() - SEEN_SECONDS
    found: dict[int, list[Viewer]] = {}
    for number, hashes in zip(ids, answers, strict=True):
        for field, value in hashes.items():
            seen = json.loads(value)
            if seen["at"] >= oldest and int(field) != but:
                is_typing = seen["typing"] >= time.time() - TYPING_SECONDS
                found.setdefault(number, []).append(Viewer(int(field), seen["name"], is_typing))
    return found


def _key(conversation_id: int) -> str:
    return f"trellis:viewers:{conversation_id}"
