"""Trackers know their host, so that a slow one delays no other."""

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = '2026_11_21_tracker_hosts'
down_revision = '2026_11_21_channel_hosts'
branch_labels = None
depends_on = None

# Where the settings that are not secret name a server; the first that is there counts.
SERVERS = ("url", "api_url")
TRACKERS = sa.table(
    "trackers", sa.column("id"), sa.column("kind"), sa.column("settings", sa.JSON()), sa.column("host")
)


def upgrade() -> None:
    with op.batch_alter_table('trackers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('host', sa.String(length=300), server_default='', nullable=False))
    connection = op.get_bind()
    hosts = [
        {"number": row.id, "named": _host(row.settings or {}) or row.kind}
        for row in connection.execute(sa.select(TRACKERS.c.id, TRACKERS.c.kind, TRACKERS.c.settings))
    ]
    if hosts:
        named = sa.update(TRACKERS).where(TRACKERS.c.id == sa.bindparam("number"))
        connection.execute(named.values(host=sa.bindparam("named")), hosts)


def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")


def _host(settings: dict[str, object]) -> str:
    first = next((str(settings[name]) for name in SERVERS if settings.get(name)), "")
    try:
        return urlsplit(first).netloc.rpartition("@")[2].lower()[:300]
    except ValueError:
        return ""
