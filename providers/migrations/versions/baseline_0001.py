"""Make the store of version 1.

Written out rather than taken from `providers.store_tables`: those will change,
and this must not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.String(32)


def upgrade() -> None:
    """Make every table."""
    _ledger()
    _records()
    op.create_table(
        "survey",
        sa.Column("silo", sa.Text, primary_key=True),
        sa.Column("container", sa.Text, primary_key=True),
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("surveyed_at", INSTANT, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )


def _ledger() -> None:
    """One line per outlet and record."""
    op.create_table(
        "ledger",
        sa.Column("outlet", sa.Text, primary_key=True),
        sa.Column("record_identifier", sa.Text, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("published_fingerprint", sa.Text, nullable=False),
        sa.Column("remote_id", sa.Text, nullable=False),
        sa.Column("intended_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.Column("message_fr", sa.Text, nullable=False),
        sa.Column("message_en", sa.Text, nullable=False),
    )


def _records() -> None:
    """Revisions, which of them are published, and what was deleted."""
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("record_identifier", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("date_stamp", sa.Date, nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("record_identifier", "number", name="revision_number"),
    )
    op.create_table(
        "applied",
        sa.Column("record_identifier", sa.Text, primary_key=True),
        sa.Column(
            "revision_id", sa.Integer, sa.ForeignKey("revision.id"), nullable=False
        ),
        sa.Column("applied_at", INSTANT, nullable=False),
    )
    op.create_table(
        "tombstone",
        sa.Column("record_identifier", sa.Text, primary_key=True),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=False, index=True),
    )
