"""A trigger of ours that counts the changes of a table, where a person installed it.

Nothing here is ever carried out: `installing` and `removing` return text for a
person to read and run. A transaction that changes a table leaves one row in
``passerelle.change``, joined with the rows of those before it unless somebody
holds them. So writers never wait for each other, the log keeps a few rows per
table, and the sums over a table's rows say which changes a snapshot sees: the
number of them, and the sum of a random number of each. On one primary the number
alone would do; the random ones also tell a database from a copy, an older backup
of it, or itself after a crash that lost the last commits.

References
----------
PostgreSQL, CREATE TRIGGER; SELECT, The Locking Clause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

from psycopg2 import sql

from metadata.measured import Source
from providers.database import Connection
from providers.surveyed import statement

TRIGGER = "passerelle_change"
"""Name of the trigger on each table."""
_PREPARE = """\
BEGIN;
CREATE SCHEMA IF NOT EXISTS passerelle;
CREATE TABLE IF NOT EXISTS passerelle.change (
    relation oid NOT NULL,
    transaction xid8 NOT NULL,
    started timestamptz NOT NULL,
    weight bigint NOT NULL,
    mark numeric NOT NULL);
CREATE INDEX IF NOT EXISTS change_relation ON passerelle.change (relation);
CREATE OR REPLACE FUNCTION passerelle.note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $passerelle${body}$passerelle$;
REVOKE ALL ON FUNCTION passerelle.note_change() FROM PUBLIC;
GRANT USAGE ON SCHEMA passerelle TO {reader};
GRANT SELECT ON passerelle.change TO {reader};
DELETE FROM passerelle.change AS c
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class AS t WHERE t.oid = c.relation);
COMMIT;
"""
_COUNT = """\
BEGIN;
SET LOCAL lock_timeout = '10s';
CREATE OR REPLACE TRIGGER {trigger}
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION passerelle.note_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};
INSERT INTO passerelle.change (relation, transaction, started, weight, mark)
SELECT {name}::regclass, pg_current_xact_id(), pg_postmaster_start_time(), 1,
    hashtextextended(gen_random_uuid()::text, 0)
WHERE NOT EXISTS (
    SELECT FROM passerelle.change WHERE relation = {name}::regclass);
COMMIT;
"""
_STOP = """\
BEGIN;
SET LOCAL lock_timeout = '10s';
DROP TRIGGER IF EXISTS {trigger} ON {table};
COMMIT;
"""
_FORGET = """\
DO $passerelle$
BEGIN
    IF to_regclass('passerelle.change') IS NOT NULL THEN
        DELETE FROM passerelle.change AS c
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_trigger AS t
            WHERE t.tgrelid = c.relation AND t.tgname = {trigger});
    END IF;
END
$passerelle$;
"""
_CLEAR = """\
BEGIN;
DROP FUNCTION IF EXISTS passerelle.note_change() CASCADE;
DROP TABLE IF EXISTS passerelle.change;
DO $passerelle$
BEGIN
    -- The store may live in the same schema.
    IF to_regnamespace('passerelle') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE relnamespace = to_regnamespace('passerelle')
    ) THEN
        DROP SCHEMA passerelle;
    END IF;
END
$passerelle$;
COMMIT;
"""


@cache
def body() -> str:
    """Return the body of the function that the trigger calls."""
    return "\n" + statement("note_change")


@cache
def body_digest() -> str:
    """Return the MD5 of the body as PostgreSQL keeps it: another is not trusted."""
    return hashlib.md5(body().encode(), usedforsecurity=False).hexdigest()


def countable(connection: Connection) -> dict[tuple[str, str], bool]:
    """Return the tables that can be counted, and whether their changes are now.

    One statement for all tables, each by schema and name.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("countable_tables"), {"function": body_digest()})
        return {(row[1], row[2]): row[3] for row in cursor.fetchall()}


def installing(
    sources: Iterable[Source], reader: str, connection: Connection
) -> list[str]:
    """Return the SQL that has changes counted; running it twice does no harm.

    Parameters
    ----------
    sources
        The tables; one transaction each, so that no lock is held for long.
    reader
        The role that the service reads as.
    connection
        Only quotes names.
    """
    prepare = sql.SQL(_PREPARE).format(
        body=sql.SQL(body()), reader=sql.Identifier(reader)
    )
    return [
        prepare.as_string(connection),
        *(_about(_COUNT, source, connection) for source in sources),
    ]


def removing(
    sources: Iterable[Source], connection: Connection, *, whole: bool
) -> list[str]:
    """Return the SQL that takes the triggers away again.

    Parameters
    ----------
    whole
        Take away the function and the log too, with triggers on any other table.
    """
    forget = sql.SQL(_FORGET).format(trigger=sql.Literal(TRIGGER))
    return [
        *(_about(_STOP, source, connection) for source in sources),
        _CLEAR if whole else forget.as_string(connection),
    ]


def _about(text: str, source: Source, connection: Connection) -> str:
    table = sql.Identifier(source.container, source.table)
    found = sql.SQL(text).format(
        table=table,
        name=sql.Literal(table.as_string(connection)),
        trigger=sql.Identifier(TRIGGER),
    )
    written: str = found.as_string(connection)
    return written
