"""The store's tables, as SQLAlchemy Core knows them.

They are made and changed by `providers/migrations` alone; a test compares both.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """A moment as ISO 8601 text in UTC: sortable, and equal in every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> str | None:
        """Write microseconds always, so that text order is time order."""
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> datetime | None:
        """Read it back, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

ledger = Table(
    "ledger",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("record_identifier", Text, primary_key=True),
    Column("dataset_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("published_fingerprint", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("message_fr", Text, nullable=False),
    Column("message_en", Text, nullable=False),
)

sending = Table(
    "sending",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("record_identifier", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("dataset_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at", Instant),
    Column("message_fr", Text, nullable=False),
    Column("message_en", Text, nullable=False),
)

concession = Table(
    "concession",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("record_identifier", Text, primary_key=True),
    Column("dataset_id", Text, nullable=False),
    Column("theirs", Text, nullable=False),
    Column("ours", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("record_identifier", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("dataset_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("date_stamp", Date, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("record_identifier", "number", name="revision_number"),
)

applied = Table(
    "applied",
    metadata,
    Column("record_identifier", Text, primary_key=True),
    Column("revision_id", ForeignKey("revision.id"), nullable=False),
    Column("applied_at", Instant, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("record_identifier", Text, primary_key=True),
    Column("dataset_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("deleted_at", Instant, nullable=False, index=True),
)

survey = Table(
    "survey",
    metadata,
    Column("silo", Text, primary_key=True),
    Column("container", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("surveyed_at", Instant, nullable=False),
    Column("content", Text, nullable=False),
)

made_file = Table(
    "made_file",
    metadata,
    Column("collection_id", Text, primary_key=True),
    Column("format", Text, primary_key=True),
    Column("form", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("path", Text, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("code", Text, nullable=False),
    Column("case", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("broken_since", Instant),
    Column("good_at", Instant),
    Column("moved", Text, nullable=False),
)

score = Table(
    "score",
    metadata,
    Column("dataset_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("points", Integer),
    Column("missing", Text, nullable=False),
)

judgement = Table(
    "judgement",
    metadata,
    Column("dataset_id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("content", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
