"""The state of a table in PostgreSQL: two equal ones mean that no row changed.

An equal ``pg_current_snapshot()`` shows the same rows, because every change
takes a transaction number and shows only once that transaction has ended. That
holds for ordinary tables and materialised views on a primary. Of anything else
(views, foreign and partitioned tables, parents of others, row security, a
standby) nothing is claimed. A server that was restarted or restored is another
one, though its numbers may come again.

References
----------
PostgreSQL, Transaction ID and Snapshot Information Functions.
"""

from __future__ import annotations

from metadata.measured import Source
from providers.sql import Bound, Sql, sql


def state_of(source: Source) -> Sql:
    """Return the expression of a table's state; NULL where nothing is certain."""
    return sql(
        "(SELECT concat_ws('/', current_database(),"
        " extract(epoch FROM pg_postmaster_start_time()), pg_current_snapshot())"
        " FROM pg_catalog.pg_class AS c"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ", Bound(source.container),
        "::name AND c.relname = ", Bound(source.table),
        "::name AND c.relkind IN ('r', 'm') AND NOT c.relhassubclass"
        " AND NOT c.relrowsecurity AND NOT pg_is_in_recovery())",
    )  # fmt: skip
