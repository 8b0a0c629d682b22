"""Add what was sent where and when; the last orders are in the ledger already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.String(32)
_LAST_ORDERS = """
INSERT INTO sending (
  outlet, record_identifier, at, operation, fingerprint, dataset_id, kind, state,
  settled_at, message_fr, message_en
)
SELECT
  outlet, record_identifier, intended_at, operation, fingerprint, dataset_id, kind,
  state, settled_at, message_fr, message_en
FROM ledger
"""


def upgrade() -> None:
    """Make its table, and take over what the ledger knows."""
    op.create_table(
        "sending",
        sa.Column("outlet", sa.Text, primary_key=True),
        sa.Column("record_identifier", sa.Text, primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.Column("message_fr", sa.Text, nullable=False),
        sa.Column("message_en", sa.Text, nullable=False),
    )
    op.execute(_LAST_ORDERS)
