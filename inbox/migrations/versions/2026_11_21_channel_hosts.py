"""Channels know their host; messages from before `2026_11_21_channels` are asked for again as well."""

from datetime import timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from inbox.clock import now
from inbox.database import UtcDateTime

revision = '2026_11_21_channel_hosts'
down_revision = '2026_11_21_message_metrics'
branch_labels = None
depends_on = None

# Where the settings that are not secret name a server; the first that is there counts.
SERVERS = ("server", "service", "site", "url", "api_url", "imap_host")
CHANNELS = sa.table(
    "channels",
    sa.column("id"),
    sa.column("kind"),
    sa.column("settings", sa.JSON()),
    sa.column("is_sample", sa.Boolean()),
    sa.column("host"),
)
MESSAGES = sa.table(
    "messages",
    sa.column("channel_id"),
    sa.column("external_id"),
    sa.column("posted_at", UtcDateTime()),
    sa.column("deleted_at"),
    sa.column("asked"),
    sa.column("ask_again_at", UtcDateTime()),
)
# The kinds of that time that give single messages again.
KINDS = ("mastodon", "bluesky")
# Younger than so many days: asked for within so many hours, so that an old inbox does not use up a day's budget at once.
TURNS = ((1, 0), (3, 1), (7, 6), (30, 24))


def upgrade() -> None:
    with op.batch_alter_table('channels', schema=None) as batch_op:
        batch_op.add_column(sa.Column('host', sa.String(length=300), server_default='', nullable=False))
    connection = op.get_bind()
    hosts = [
        {"number": row.id, "named": _host(row.settings or {}) or row.kind}
        for row in connection.execute(sa.select(CHANNELS.c.id, CHANNELS.c.kind, CHANNELS.c.settings))
    ]
    if hosts:
        named = sa.update(CHANNELS).where(CHANNELS.c.id == sa.bindparam("number"))
        connection.execute(named.values(host=sa.bindparam("named")), hosts)
    moment = now()
    asked = sa.select(CHANNELS.c.id).where(CHANNELS.c.kind.in_(KINDS), CHANNELS.c.is_sample.is_(False))
    never = (MESSAGES.c.ask_again_at.is_(None), MESSAGES.c.asked == 0, MESSAGES.c.deleted_at.is_(None))
    for days, hours in TURNS:
        connection.execute(
            sa.update(MESSAGES)
            .where(*never, MESSAGES.c.external_id.is_not(None), MESSAGES.c.channel_id.in_(asked))
            .where(MESSAGES.c.posted_at > moment - timedelta(days=days))
            .values(ask_again_at=moment + timedelta(hours=hours))
        )


def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")


def _host(settings: dict[str, object]) -> str:
    first = next((str(settings[name]) for name in SERVERS if settings.get(name)), "")
    try:
        netloc = urlsplit(first if "://" in first else f"//{first}").netloc
    except ValueError:
        return ""
    return netloc.rpartition("@")[2].lower()[:300]
