"""A channel may have its own time in which answers can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_channel_undo'
down_revision = '2026_11_21_delivery_reports'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('channels', schema=None) as batch_op:
        batch_op.add_column(sa.Column('undo_seconds', sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")
