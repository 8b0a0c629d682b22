"""The state of a table in PostgreSQL: two equal ones mean that no row changed.

An equal ``pg_current_snapshot()`` shows the same rows, because every change
takes a transaction number and shows only once that transaction has ended. It
moves with every write to the whole server, though. Where a trigger counts the
changes of a table (`providers.postgis_counting`), what it counted is the state
instead, together with all that can change an answer without a statement on the
table: the catalogue's rows of the table, its columns, the trigger, and of every
enumeration. Each statement looks anew whether the trigger is there and whole.

That holds for ordinary tables on a primary, by snapshot also for materialised
views. Of anything else (views, foreign and partitioned tables, parents of
others, row security, a standby) nothing is claimed. A server that was restarted
or restored is another one, though its numbers may come again; so is one that a
crash made start over, losing its last commits and the rows of unlogged tables:
then its statistics begin anew.

References
----------
PostgreSQL, Transaction ID and Snapshot Information Functions.
"""

from __future__ import annotations

from functools import cache

import psycopg2.errors

from metadata.measured import Survey
from providers.postgis_counting import body_digest
from providers.sql import Bound, Fixed, Piece, Sql, sql
from providers.surveyed import statement

COUNTER_GONE = (
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
    psycopg2.errors.InvalidSchemaName,
    psycopg2.errors.InsufficientPrivilege,
)
"""What PostgreSQL says when the trigger's log was taken away while serving."""

_UNKNOWN = "NULL::text"


def state_of(survey: Survey) -> Sql:
    """Return the expression of a table's state; NULL where nothing is certain."""
    source = survey.source
    counted = _counted() if survey.counted else _UNKNOWN
    return sql(
        "(SELECT coalesce(", counted, ", concat_ws('/', current_database(),"
        " extract(epoch FROM pg_postmaster_start_time()),"
        " extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),"
        " pg_current_snapshot()))"
        " FROM pg_catalog.pg_class AS c"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ", Bound(source.container),
        "::name AND c.relname = ", Bound(source.table),
        "::name AND c.relkind IN ('r', 'm') AND NOT c.relhassubclass"
        " AND NOT c.relrowsecurity AND NOT pg_is_in_recovery())",
    )  # fmt: skip


def uncounted(asked: Sql) -> Sql:
    """Return a statement without the trigger's log; the same where it has none."""
    found: list[Piece] = []
    for piece in asked:
        if piece is _counted():
            found.append(_UNKNOWN)
        elif isinstance(piece, Fixed):
            found.append(Fixed(uncounted(piece.statement)))
        else:
            found.append(piece)
    return tuple(found)


@cache
def _counted() -> Fixed:
    """Return the state that the trigger keeps; NULL where it may miss a change."""
    text = statement("counted_state")
    return Fixed(("(", text, Bound(body_digest()), "::text)"))
