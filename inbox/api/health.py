"""Two questions of whoever runs Trellis: does the process live, and is all that it needs in place?"""

from typing import Any

import redis
import sqlalchemy as sa
from flask import Blueprint, jsonify

from inbox.api.access import public
from inbox.jobs import doorbell
from inbox.web import reading

page = Blueprint("health", __name__)
WORKERS = "rq:workers"


@page.get("/healthz")
@public
def show_health() -> Any:
    """The process lives."""
    return jsonify({"status": "ok"})


@page.get("/readyz")
@public
def show_readiness() -> Any:
    """Database, migrations, Valkey and worker are in place; 503 names what is not."""
    parts = {"database": _database(), "migrations": _migrations(), "valkey": _valkey(), "worker": _worker()}
    ready = all(parts.values())
    return jsonify({"status": "ok" if ready else "not ready", "parts": parts}), 200 if ready else 503


def _database() -> bool:
    try:
        return bool(reading().scalar(sa.select(1)) == 1)
    except sa.exc.SQLAlchemyError:
        return False


def _migrations() -> bool:
    # Alembic takes ten megabytes that no other page needs.
    from inbox.migrations.migrate import is_current

    try:
        return is_current(reading().connection())
    except sa.exc.SQLAlchemyError:
        return False


def _valkey() -> bool:
    try:
        return bool(doorbell().ping())
    except redis.RedisError:
        return False


def _worker() -> bool:
    """A worker's entry runs out soon after its last sign of life."""
    try:
        names: Any = doorbell().smembers(WORKERS)
        return bool(names) and bool(doorbell().exists(*names))
    except redis.RedisError:
        return False
