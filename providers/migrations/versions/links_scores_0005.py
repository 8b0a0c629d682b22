"""Add what is remembered of links, and the quality scores over time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.String(32)


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "link",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("checked_at", INSTANT, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("broken_since", INSTANT),
        sa.Column("good_at", INSTANT),
        sa.Column("moved", sa.Text, nullable=False),
    )
    op.create_table(
        "score",
        sa.Column("dataset_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("points", sa.Integer),
        sa.Column("missing", sa.Text, nullable=False),
    )
