"""News for open browsers: a short stream in Valkey. Losing it costs a reload, never a message."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy.orm import Session

from inbox.config import load_settings
from inbox.jobs import doorbell, when_committed

log = logging.getLogger(__name__)

STREAM = "trellis:live"
KEPT = 2_000


@dataclass(frozen=True)
class News:
    """Something changed: `kind` such as "conversation", and the ids it happened to."""

    event_id: str
    kind: str
    ids: list[int]
    extra: dict[str, Any]


def publish(session: Session, kind: str, *ids: int, **extra: Any) -> None:
    """Tell open browsers after the commit that the rows `ids` of `kind` changed. `extra` holds ids and names, no text."""
    news = {"kind": kind, "ids": list(ids), "extra": extra}
    when_committed(session, lambda: tell(news), key=("live", json.dumps(news, sort_keys=True)))


def tell(news: dict[str, Any]) -> None:
    """Put one piece of news on the stream now; silent when Valkey is away."""
    try:
        doorbell().xadd(STREAM, {"news": json.dumps(news)}, maxlen=KEPT, approximate=True)
    except redis.RedisError as error:
        log.warning("live news not told", extra={"error": type(error).__name__})


def subscribe(since: str = "$", *, wait_ms: int = 15_000) -> Iterator[News | None]:
    """News after the event id `since` as it comes; None after each `wait_ms` of silence. Raises redis.RedisError."""
    # A blocking read must not meet the client's own time-out: redis-py would then retry for a minute.
    connection = redis.Redis.from_url(load_settings().redis, protocol=2, socket_timeout=None, socket_connect_timeout=2)
    last = since
    try:
        while True:
            # In RESP2 [[stream, entries]] (RESP3 answers in other shapes), and nothing at all after the wait.
            answer: Any = connection.xread({STREAM: last}, count=100, block=wait_ms)
            if not answer:
                yield None
                continue
            for event_id, fields in answer[0][1]:
                last = event_id.decode()
                news = json.loads(fields[b"news"])
                yield News(last, news["kind"], news["ids"], news["extra"])
    finally:
        connection.close()
