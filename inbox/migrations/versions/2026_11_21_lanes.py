"""Lanes: tags that are only proposed, the thresholds of each label, and why a message got its tag."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '2026_11_21_lanes'
down_revision = '2026_11_21_first_tables'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('thresholds',
    sa.Column('label', sa.String(length=20), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('automatic', sa.Double(), nullable=False),
    sa.Column('suggest', sa.Double(), nullable=False),
    sa.Column('model_automatic', sa.Double(), nullable=False),
    sa.Column('model_suggest', sa.Double(), nullable=False),
    sa.Column('model_version', sa.String(length=60), nullable=False),
    sa.Column('curve', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('moved_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['moved_by_id'], ['teammates.id'], name=op.f('fk_thresholds_moved_by_id_teammates')),
    sa.PrimaryKeyConstraint('label', 'language', name=op.f('pk_thresholds'))
    )
    op.create_table('reasons',
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('model_version', sa.String(length=60), nullable=False),
    sa.Column('shares', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_reasons_message_id_messages'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_reasons'))
    )
    with op.batch_alter_table('reasons', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reasons_made_at'), ['made_at'], unique=False)

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('suggested', sa.String(length=60), server_default='', nullable=False))

    with op.batch_alter_table('labels', schema=None) as batch_op:
        batch_op.add_column(sa.Column('suggested', sa.String(length=60), server_default='', nullable=False))
        batch_op.add_column(sa.Column('is_doubtful', sa.Boolean(), server_default=sa.false(), nullable=False))

    # What a model said before there were lanes: other was a clear answer, everything else left room.
    op.execute("UPDATE labels SET is_doubtful = true WHERE \"primary\" <> 'other'")


def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")
