"""Add what is left at outlets as somebody else wrote it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.String(32)


def upgrade() -> None:
    """Make its table."""
    op.create_table(
        "concession",
        sa.Column("outlet", sa.Text, primary_key=True),
        sa.Column("record_identifier", sa.Text, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("theirs", sa.Text, nullable=False),
        sa.Column("ours", sa.Text, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
    )
