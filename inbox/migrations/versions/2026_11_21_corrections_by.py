"""The ledger of corrections is found by teammate and by model."""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_21_corrections_by'
down_revision = '2026_11_21_channels'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('corrections', schema=None) as batch_op:
        batch_op.create_index('ix_corrections_model_version', ['model_version', 'id'], unique=False)
        batch_op.create_index('ix_corrections_teammate_id', ['teammate_id', 'id'], unique=False)



def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")
