"""Channels: what each connection may do, its turn and sign-in; rhythms, walks into the past, and how long words are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '2026_11_21_channels'
down_revision = '2026_11_21_lanes'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('consents',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('channel_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('teammate_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['channel_id'], ['channels.id'], name=op.f('fk_consents_channel_id_channels'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['teammate_id'], ['teammates.id'], name=op.f('fk_consents_teammate_id_teammates'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')),
    sa.UniqueConstraint('state', name=op.f('uq_consents_state'))
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consents_channel_id'), ['channel_id'], unique=False)

    with op.batch_alter_table('channels', schema=None) as batch_op:
        batch_op.add_column(sa.Column('abilities', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=True))
        batch_op.add_column(sa.Column('scopes', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('signed_in_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('turn', sa.String(length=40), server_default='', nullable=False))
        batch_op.add_column(sa.Column('turn_until', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('ask_again_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('asked', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('keep_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('expired_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_messages_ask_again_at', ['ask_again_at'], unique=False, sqlite_where=sa.text('ask_again_at IS NOT NULL'), postgresql_where=sa.text('ask_again_at IS NOT NULL'))
        batch_op.create_index('ix_messages_keep_until', ['keep_until'], unique=False, sqlite_where=sa.text('keep_until IS NOT NULL'), postgresql_where=sa.text('keep_until IS NOT NULL'))
        batch_op.create_index('ix_messages_received', ['channel_id', 'received_at'], unique=False)

    with op.batch_alter_table('streams', schema=None) as batch_op:
        batch_op.add_column(sa.Column('past_of', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('pause_seconds', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('pause', sa.String(length=20), server_default='steady', nullable=False))
        batch_op.add_column(sa.Column('fetched', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('oldest_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('newest_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('tombstones', schema=None) as batch_op:
        batch_op.add_column(sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))



def downgrade() -> None:
    raise RuntimeError("Put the backup back that was made before the upgrade.")
