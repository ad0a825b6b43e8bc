"""Messages keep the public counts of their platforms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '2026_11_21_message_metrics'
down_revision = '2026_11_21_models'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('messages', schema=None) as batch_op:
        counts = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
        batch_op.add_column(sa.Column('metrics', counts, server_default='{}', nullable=False))


def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")
