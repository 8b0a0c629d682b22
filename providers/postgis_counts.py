"""Numbers of rows that are kept for as long as they are surely right.

A count is kept together with the snapshot that it was made in. As long as the
database shows an equal snapshot, no transaction has come to light since, so the
number still holds exactly; the first that does empties everything. That is so
for ordinary tables and materialised views on a primary; whatever else is
counted anew each time.

References
----------
PostgreSQL, Transaction ID and Snapshot Information Functions
(``pg_current_snapshot``).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import cast

import psycopg2.errors

from metadata.measured import Source
from providers.postgis_execution import Cursor, render
from providers.sql import Bound, Scalar, Shape, Sql, shape, sql

_SNAPSHOT = "SELECT pg_current_snapshot()::text"
_MOST = 512
_Key = tuple[Shape, tuple[Scalar, ...]]


class Counts:
    """Exact counts of one table's rows."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._snapshot = ""
        self._numbers: dict[_Key, int] = {}
        self._lock = threading.Lock()

    def count(
        self, cursor: Cursor, rows: Sql, *, budget_ms: int | None = None
    ) -> int | None:
        """Return the number of rows, counted now unless it surely holds still.

        Parameters
        ----------
        rows
            What follows the columns: ``FROM … WHERE …``.
        budget_ms
            Milliseconds that counting may take; `None` is the session's limit.

        Returns
        -------
        int or None
            `None` when counting took longer than the budget.
        """
        key = shape(rows)
        kept = self._kept(cursor, key)
        if kept is not None:
            return kept
        try:
            number, snapshot = self._counted(cursor, rows, budget_ms)
        except psycopg2.errors.QueryCanceled:
            if budget_ms is None:
                raise
            return None
        if snapshot is not None:
            self._keep(key, number, snapshot)
        return number

    def _kept(self, cursor: Cursor, key: _Key) -> int | None:
        number = self._numbers.get(key)
        if number is None:
            return None
        cursor.execute(_SNAPSHOT)
        (snapshot,) = cast("Sequence[str]", cursor.fetchone())
        with self._lock:
            return number if snapshot == self._snapshot else None

    def _counted(
        self, cursor: Cursor, rows: Sql, budget_ms: int | None
    ) -> tuple[int, str | None]:
        """Count, and return the snapshot of the same statement if it may be kept."""
        statement = sql("SELECT count(*), ", self._provable(), rows)
        text, values = render(statement, cursor.connection)
        if budget_ms is not None:
            text = f"SET LOCAL statement_timeout = {budget_ms:d}; {text}"
        cursor.execute(text, values)
        number, snapshot = cast("tuple[int, str | None]", cursor.fetchone())
        return number, snapshot

    def _provable(self) -> Sql:
        """Return the snapshot; NULL where it says nothing about the rows."""
        return sql(
            "(SELECT pg_current_snapshot()::text FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ",
            Bound(self._source.container), " AND c.relname = ",
            Bound(self._source.table),
            " AND c.relkind IN ('r', 'm') AND NOT c.relhassubclass"
            " AND NOT c.relrowsecurity AND NOT pg_is_in_recovery())",
        )  # fmt: skip

    def _keep(self, key: _Key, number: int, snapshot: str) -> None:
        with self._lock:
            if snapshot != self._snapshot or len(self._numbers) >= _MOST:
                self._numbers = {}
                self._snapshot = snapshot
            self._numbers[key] = number
