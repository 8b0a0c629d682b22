"""The trigger that counts changes: equal states mean equal rows, whoever writes how."""

from __future__ import annotations

import io
import os
import random
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from metadata.measured import RelationKind, Source, Survey
from providers.change import open_changes
from providers.configuration import SiloConfiguration
from providers.postgis_counting import countable, installing, removing
from providers.postgis_execution import render
from providers.postgis_state import state_of
from providers.survey import survey_structure

pytestmark = pytest.mark.postgis
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = """
CREATE TABLE places (id serial PRIMARY KEY, name text, other text);
CREATE TABLE parts (id serial PRIMARY KEY,
    place integer REFERENCES places ON DELETE CASCADE, name text);
CREATE TABLE apart (id serial PRIMARY KEY, name text);
INSERT INTO places (name, other) SELECT 'n' || i, 'o' || i FROM generate_series(1, 9) i;
INSERT INTO parts (place, name) SELECT i, 'p' || i FROM generate_series(1, 9) i;
CREATE VIEW seen AS SELECT * FROM places;
"""


def source(table: str) -> Source:
    return Source(silo="sig", container="public", table=table)


def survey(table: str) -> Survey:
    return Survey(
        source=source(table),
        kind=RelationKind.TABLE,
        surveyed_at=NOW,
        counted=True,
    )


@contextmanager
def session(address: str) -> Iterator[Any]:
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def install(address: str, *tables: str, reader: str = "postgres") -> None:
    """Run what is printed, as it is."""
    with session(address) as cursor:
        named = [source(table) for table in tables]
        for statement in installing(named, reader, cursor.connection):
            cursor.execute(statement)


@pytest.fixture
def counted(postgis: str) -> str:
    """A database whose tables `places` and `parts` are counted, `apart` is not."""
    with session(postgis) as cursor:
        cursor.execute(TABLES)
    install(postgis, "places", "parts")
    return postgis


def look(cursor: Any, table: str) -> tuple[str, str]:
    """Return state and rows of a table, read by one statement."""
    text, values = render(state_of(survey(table)), cursor.connection)
    cursor.execute(
        f"SELECT {text}, (SELECT md5(coalesce("
        f"string_agg(t::text, '|' ORDER BY id), '')) FROM {table} AS t)",
        values,
    )
    state, rows = cursor.fetchone()
    return state, rows


def state(address: str, table: str = "places") -> str:
    with session(address) as cursor:
        return look(cursor, table)[0]


CHANGES = {
    "insert": "INSERT INTO places (name) VALUES ('x')",
    "update": "UPDATE places SET name = name || '!' WHERE id = 1",
    "delete": "DELETE FROM places WHERE id = 2",
    "truncate": "TRUNCATE places CASCADE",
    "upsert": "INSERT INTO places (id, name) VALUES (1, 'x')"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "with": "WITH gone AS (DELETE FROM places WHERE id = 3 RETURNING 1) SELECT 1",
    "merge": "MERGE INTO places AS p USING (SELECT 1 AS id) AS s ON p.id = s.id"
    " WHEN MATCHED THEN UPDATE SET name = 'merged'",
    "through a view": "UPDATE seen SET name = 'seen' WHERE id = 1",
    "in a function": "DO $$ BEGIN UPDATE places SET name = 'do' WHERE id = 1; END $$",
    "as a replica": "SET session_replication_role = replica;"
    " UPDATE places SET name = 'r' WHERE id = 1; SET session_replication_role = origin",
    "rewritten": "DROP VIEW seen;"
    " ALTER TABLE places ALTER COLUMN name TYPE text USING 'x' || name",
    "columns that change their names": "BEGIN;"
    " ALTER TABLE places RENAME name TO third; ALTER TABLE places RENAME other TO name;"
    " ALTER TABLE places RENAME third TO other; COMMIT",
    "two tables that change their names": "BEGIN;"
    " ALTER TABLE places RENAME TO third; ALTER TABLE apart RENAME TO places;"
    " ALTER TABLE third RENAME TO apart; COMMIT",
    "while the trigger is off": "BEGIN;"
    " ALTER TABLE places DISABLE TRIGGER passerelle_change; DELETE FROM places;"
    " ALTER TABLE places ENABLE ALWAYS TRIGGER passerelle_change; COMMIT",
    "while the function is another": "BEGIN;"
    " CREATE TEMP TABLE body AS SELECT pg_get_functiondef("
    "'passerelle.note_change'::regproc) AS text;"
    " CREATE OR REPLACE FUNCTION passerelle.note_change() RETURNS trigger"
    " LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
    " DELETE FROM places;"
    " DO $$ BEGIN EXECUTE (SELECT text FROM body); END $$; COMMIT",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_each_change_makes_another_state(counted: str, change: str) -> None:
    before = state(counted)
    assert before.startswith("v/")
    with session(counted) as cursor:
        cursor.execute(change)
    assert state(counted) != before


def test_what_a_foreign_key_deletes_is_a_change(counted: str) -> None:
    before = state(counted, "parts")
    with session(counted) as cursor:
        cursor.execute("DELETE FROM places WHERE id = 4")
    after = state(counted, "parts")
    assert after.startswith("v/")
    assert after != before


def test_a_copy_is_a_change(counted: str) -> None:
    before = state(counted)
    with session(counted) as cursor:
        cursor.copy_expert("COPY places (id, name) FROM STDIN", io.StringIO("77\tx\n"))
    assert state(counted) != before


def test_a_label_that_changes_is_a_change(counted: str) -> None:
    with session(counted) as cursor:
        cursor.execute("CREATE TYPE colour AS ENUM ('red')")
        cursor.execute("ALTER TABLE places ADD colour colour DEFAULT 'red'")
        before = look(cursor, "places")
        cursor.execute("ALTER TYPE colour RENAME VALUE 'red' TO 'rouge'")
        after = look(cursor, "places")
    assert before[1] != after[1]
    assert before[0] != after[0]


QUIET = {
    "another table": "INSERT INTO apart (name) VALUES ('x')",
    "another counted table": "INSERT INTO parts (name) VALUES ('x')",
    "a rollback": "BEGIN; DELETE FROM places; ROLLBACK",
    "a savepoint": "BEGIN; SAVEPOINT a; DELETE FROM places; ROLLBACK TO a; COMMIT",
    "maintenance": "ANALYZE places",
    "a vacuum": "VACUUM (FREEZE) places",
    "another vacuum": "VACUUM (FREEZE) passerelle.change",
}


@pytest.mark.parametrize("write", QUIET.values(), ids=QUIET.keys())
def test_what_changes_no_row_leaves_the_state(counted: str, write: str) -> None:
    before = state(counted)
    assert before.startswith("v/")
    with session(counted) as cursor:
        cursor.execute(write)
    assert state(counted) == before


BLIND = {
    "disabled": "ALTER TABLE places DISABLE TRIGGER passerelle_change",
    "not always": "ALTER TABLE places ENABLE TRIGGER passerelle_change",
    "re-enabled with all others": "ALTER TABLE places DISABLE TRIGGER ALL;"
    " ALTER TABLE places ENABLE TRIGGER ALL",
    "dropped": "DROP TRIGGER passerelle_change ON places",
    "without its function": "DROP FUNCTION passerelle.note_change() CASCADE",
    "with another function": "CREATE OR REPLACE FUNCTION passerelle.note_change()"
    " RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    "of some columns": "CREATE OR REPLACE TRIGGER passerelle_change"
    " AFTER UPDATE OF name ON places FOR EACH STATEMENT"
    " EXECUTE FUNCTION passerelle.note_change();"
    " ALTER TABLE places ENABLE ALWAYS TRIGGER passerelle_change",
    "a child": "CREATE TABLE parent (id integer);"
    " ALTER TABLE places ALTER id DROP DEFAULT; ALTER TABLE places INHERIT parent",
    "an emptied log": "TRUNCATE passerelle.change",
}


@pytest.mark.parametrize("how", BLIND.values(), ids=BLIND.keys())
def test_a_trigger_that_may_miss_changes_is_not_believed(
    counted: str, how: str
) -> None:
    with session(counted) as cursor:
        cursor.execute(how)
        snapshot = look(cursor, "places")[0]
        assert snapshot
        assert not snapshot.startswith("v/")
        cursor.execute("INSERT INTO apart (name) VALUES ('x')")
        assert look(cursor, "places")[0] != snapshot


def test_an_unlogged_table_goes_by_the_snapshot(counted: str) -> None:
    with session(counted) as cursor:
        cursor.execute("ALTER TABLE parts SET UNLOGGED")
        assert not look(cursor, "parts")[0].startswith("v/")


def test_a_crash_that_loses_commits_or_rows_makes_another_state(
    own_postgis: Any,
) -> None:
    """Numbers of transactions come again, and counts too; the rows are others."""
    tables = ("places", "apart", "emptied")
    address = own_postgis.address
    witness = psycopg2.connect(address)
    with session(address) as cursor:
        cursor.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        cursor.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute(
            "CREATE TABLE places (id integer, name text);"
            " CREATE TABLE apart (id integer, name text);"
            " CREATE UNLOGGED TABLE emptied (id integer, name text);"
            " INSERT INTO emptied VALUES (1, 'gone')"
        )
        install(address, "places")
        cursor.execute("CHECKPOINT")
        time.sleep(1)
        change = "INSERT INTO places VALUES (1, '{0}'), (2, '{0}');"
        change += " INSERT INTO apart VALUES (1, '{0}')"
        cursor.execute(change.format("lost"))
        before = [look(cursor, table) for table in tables]
        cursor.execute("SELECT pg_backend_pid()")
        os.kill(cursor.fetchone()[0], signal.SIGKILL)
    await_the_end(witness)
    with session(reached(address)) as cursor:
        cursor.execute("SELECT count(*) FROM places")
        assert cursor.fetchone() == (0,)
        cursor.execute(change.format("other"))
        after = [look(cursor, table) for table in tables]
    for (state, rows), (later, others) in zip(before, after, strict=True):
        assert rows != others
        assert state != later


def await_the_end(witness: Any) -> None:
    """Wait until the server knows that it crashed: until then it still takes sessions.

    It ends every other session when it learns of the one that was killed.
    """
    assert select.select([witness], [], [], 30)[0]
    with pytest.raises(psycopg2.OperationalError), witness.cursor() as cursor:
        cursor.execute("SELECT 1")
    witness.close()


def reached(address: str) -> str:
    """Wait until a server that crashed has come back."""
    end = time.monotonic() + 30
    while True:
        try:
            psycopg2.connect(address).close()
        except psycopg2.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return address


def test_a_log_that_was_emptied_never_says_what_it_said_before(counted: str) -> None:
    with session(counted) as cursor:
        before = look(cursor, "places")[0]
        cursor.execute("TRUNCATE passerelle.change")
        cursor.execute("UPDATE places SET name = 'other'")
        after = look(cursor, "places")[0]
    assert after.startswith("v/")
    assert after != before


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_writers_neither_wait_for_each_other_nor_fail(counted: str, level: str) -> None:
    with session(counted) as first, session(counted) as second:
        for cursor in (first, second):
            cursor.execute("SET lock_timeout = '500ms'")
            cursor.execute(f"BEGIN ISOLATION LEVEL {level}")
            cursor.execute("SELECT count(*) FROM apart")
        first.execute("UPDATE places SET name = 'a' WHERE id = 1")
        second.execute("INSERT INTO places (name) VALUES ('b')")
        second.execute("COMMIT")
        first.execute("INSERT INTO parts (name) VALUES ('c')")
        first.execute("COMMIT")
        first.execute("SELECT sum(weight) FROM passerelle.change")
        assert first.fetchone() == (2 + 3,)


def test_a_prepared_transaction_holds_nobody_up_and_counts_once_committed(
    counted: str,
) -> None:
    with session(counted) as first, session(counted) as second:
        first.execute("SHOW max_prepared_transactions")
        if first.fetchone() == ("0",):
            pytest.skip("the server keeps no prepared transactions")
        first.execute("BEGIN; DELETE FROM places WHERE id = 1")
        first.execute("PREPARE TRANSACTION 'passerelle_test'")
        before = look(second, "places")
        second.execute("SET lock_timeout = '500ms'")
        second.execute("UPDATE places SET name = 'b' WHERE id = 2")
        between = look(second, "places")
        second.execute("COMMIT PREPARED 'passerelle_test'")
        after = look(second, "places")
        assert len({before, between, after}) == 3
        second.execute("SELECT sum(weight) FROM passerelle.change WHERE relation ="
                       " 'places'::regclass")  # fmt: skip
        assert second.fetchone() == (3,)


def test_repeatable_read_goes_on_when_others_joined_the_rows_it_sees(
    counted: str,
) -> None:
    with session(counted) as first, session(counted) as second:
        first.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM apart")
        second.execute("UPDATE places SET name = 'b' WHERE id = 1")
        first.execute("UPDATE places SET name = 'a' WHERE id = 2")
        first.execute("COMMIT")
        first.execute("SELECT sum(weight) FROM passerelle.change WHERE relation ="
                      " 'places'::regclass")  # fmt: skip
        assert first.fetchone() == (3,)


def test_a_log_restored_from_elsewhere_hides_no_change(counted: str) -> None:
    with session(counted) as cursor:
        cursor.execute("UPDATE places SET name = 'a'")
        before = look(cursor, "places")
        cursor.execute(
            "BEGIN; SELECT pg_current_xact_id(); UPDATE passerelle.change"
            " SET transaction = pg_current_xact_id(),"
            " started = started - interval '1d';"
            " UPDATE places SET name = 'b'; COMMIT"
        )
        assert look(cursor, "places")[0] != before[0]


def test_many_statements_of_one_transaction_leave_one_row(counted: str) -> None:
    with session(counted) as cursor:
        cursor.execute("BEGIN")
        for n in range(200):
            cursor.execute("INSERT INTO places (name) VALUES (%s)", (str(n),))
        cursor.execute("COMMIT")
        cursor.execute(
            "SELECT count(*), sum(weight) FROM passerelle.change"
            " WHERE relation = 'places'::regclass"
        )
        assert cursor.fetchone() == (1, 2)


class Writer(threading.Thread):
    """Changes tables at random, in transactions of every kind."""

    LEVELS = ("READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")

    def __init__(self, address: str, seed: int, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address, self.ended = address, ended
        self.chance = random.Random(seed)  # noqa: S311
        self.committed = 0
        self.failure: psycopg2.Error | None = None

    def run(self) -> None:
        try:
            with session(self.address) as cursor:
                cursor.execute("SET lock_timeout = '2s'; SET deadlock_timeout = '50ms'")
                while not self.ended.is_set():
                    self.transaction(cursor)
        except psycopg2.Error as error:
            self.failure = error

    def transaction(self, cursor: Any) -> None:
        chance = self.chance
        try:
            cursor.execute(f"BEGIN ISOLATION LEVEL {chance.choice(self.LEVELS)}")
            for _ in range(chance.randint(1, 4)):
                nested = chance.random() < 0.4
                if nested:
                    cursor.execute("SAVEPOINT one")
                self.change(cursor)
                if nested:
                    back = chance.random() < 0.5
                    cursor.execute(f"{'ROLLBACK TO' if back else 'RELEASE'} one")
            end = "ROLLBACK" if chance.random() < 0.3 else "COMMIT"
            cursor.execute(end)
            self.committed += end == "COMMIT"
        except (
            psycopg2.errors.SerializationFailure,
            psycopg2.errors.DeadlockDetected,
            psycopg2.errors.LockNotAvailable,
        ):
            cursor.execute("ROLLBACK")

    def change(self, cursor: Any) -> None:
        table = self.chance.choice(("first", "second"))
        row = self.chance.randint(1, 20)
        what = self.chance.random()
        if what < 0.4:
            cursor.execute(f"INSERT INTO {table} (name) VALUES (%s)", (str(row),))
        elif what < 0.6:
            cursor.execute(f"UPDATE {table} SET name = name || '.' WHERE id = {row}")
        elif what < 0.8:
            cursor.execute(f"DELETE FROM {table} WHERE id % 20 = {row}")
        elif what < 0.98:
            text = io.StringIO(f"{row}\n")
            cursor.copy_expert(f"COPY {table} (name) FROM STDIN", text)
        else:
            cursor.execute(f"TRUNCATE {table}")


class Observer(threading.Thread):
    """Looks again and again, and notes the rows that it saw in each state."""

    def __init__(self, address: str, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address, self.ended = address, ended
        self.seen: list[tuple[str, str, str]] = []

    def run(self) -> None:
        with session(self.address) as cursor:
            while not self.ended.is_set():
                for table in ("first", "second"):
                    self.seen.append((table, *look(cursor, table)))


def test_equal_states_mean_equal_rows_among_concurrent_writers(postgis: str) -> None:
    with session(postgis) as cursor:
        for table in ("first", "second"):
            cursor.execute(f"CREATE TABLE {table} (id serial PRIMARY KEY, name text)")
    install(postgis, "first", "second")
    ended = threading.Event()
    writers = [Writer(postgis, seed, ended) for seed in range(6)]
    observers = [Observer(postgis, ended) for _ in range(2)]
    for thread in (*writers, *observers):
        thread.start()
    ended.wait(SECONDS)
    ended.set()
    for thread in (*writers, *observers):
        thread.join(30)
        assert not thread.is_alive()
    assert [w.failure for w in writers if w.failure] == []
    seen = [each for observer in observers for each in observer.seen]
    rows: dict[tuple[str, str], set[str]] = {}
    for table, state, content in seen:
        assert state.startswith("v/")
        rows.setdefault((table, state), set()).add(content)
    assert {key for key, contents in rows.items() if len(contents) > 1} == set()
    assert len(rows) > 100
    assert sum(w.committed for w in writers) > 200
    with session(postgis) as cursor:
        for table in ("first", "second"):
            cursor.execute(f"INSERT INTO {table} (name) VALUES ('last')")
        cursor.execute("SELECT count(*) FROM passerelle.change")
        assert cursor.fetchone() == (2,)


SECONDS = 6.0


def test_only_ordinary_tables_can_be_counted(postgis: str) -> None:
    with session(postgis) as cursor:
        cursor.execute(
            """
            CREATE TABLE plain (id integer);
            CREATE TABLE parent (id integer);
            CREATE TABLE child () INHERITS (parent);
            CREATE TABLE parted (id integer) PARTITION BY RANGE (id);
            CREATE TABLE part PARTITION OF parted DEFAULT;
            CREATE UNLOGGED TABLE unlogged (id integer);
            CREATE TABLE secured (id integer);
            ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
            CREATE TABLE names (id integer, what regclass);
            CREATE TABLE name_lists (id integer, what regrole[]);
            CREATE VIEW seen AS TABLE plain;
            CREATE MATERIALIZED VIEW stored AS TABLE plain;
            """
        )
        able = countable(cursor.connection)
    assert able.keys() == {("public", "plain"), ("public", "spatial_ref_sys")}


def silo(address: str) -> SiloConfiguration:
    return SiloConfiguration(name="sig", location=address)


def is_counted(address: str) -> dict[str, bool]:
    found = survey_structure(silo(address), now=NOW)
    return {s.source.table: s.counted for s in found.surveys}


def test_the_survey_says_what_is_counted_and_not_the_log(counted: str) -> None:
    found = is_counted(counted)
    assert found["places"]
    assert found["parts"]
    assert not found["apart"]
    assert not found["seen"]
    assert "change" not in found


@pytest.mark.parametrize(
    "how",
    [
        "ALTER TABLE places DISABLE TRIGGER passerelle_change",
        "DROP TRIGGER passerelle_change ON places",
        "DROP SCHEMA passerelle CASCADE",
    ],
)
def test_the_structure_moves_with_the_trigger(counted: str, how: str) -> None:
    changes = open_changes(silo(counted))
    before = changes.structure()
    assert changes.structure() == before
    with session(counted) as cursor:
        cursor.execute(how)
    assert changes.structure() != before
    changes.close()
    assert not is_counted(counted)["places"]


def test_a_reader_that_may_not_see_the_log_goes_by_the_snapshot(counted: str) -> None:
    with session(counted) as cursor:
        changes = open_changes(silo(counted))
        before = changes.structure()
        cursor.execute("CREATE ROLE counter_reader LOGIN")
        try:
            cursor.execute("GRANT SELECT ON places TO counter_reader")
            reading = counted.replace("postgres@", "counter_reader@", 1)
            assert not is_counted(reading)["places"]
            install(counted, "places", reader="counter_reader")
            assert is_counted(reading)["places"]
            assert changes.structure() != before
            assert state(reading).startswith("v/")
        finally:
            cursor.execute("DROP OWNED BY counter_reader; DROP ROLE counter_reader")
            changes.close()


def test_a_change_moves_the_mark_of_the_rows_at_once(counted: str) -> None:
    changes = open_changes(silo(counted))
    before = changes.data()
    with session(counted) as cursor:
        # Kept from the statistics, as by a reset of them.
        cursor.execute("BEGIN; SET LOCAL track_counts = off;"
                       " UPDATE places SET name = 'x'; COMMIT")  # fmt: skip
    after = changes.data()
    changes.close()
    moved = {name for name in before if before[name] != after[name]}
    assert "public.places" in moved
    assert "public.apart" not in moved


def test_removing_leaves_nothing_but_what_is_not_ours(counted: str) -> None:
    with session(counted) as cursor:
        cursor.execute("CREATE TABLE passerelle.ledger (id integer)")
        named = [source("places")]
        for statement in removing(named, cursor.connection, whole=False):
            cursor.execute(statement)
        assert not is_counted(counted)["places"]
        assert is_counted(counted)["parts"]
        cursor.execute("SELECT relation::regclass::text FROM passerelle.change")
        assert cursor.fetchall() == [("parts",)]
        for statement in removing([], cursor.connection, whole=True) * 2:
            cursor.execute(statement)
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        assert cursor.fetchall() == []
        cursor.execute("SELECT to_regclass('passerelle.ledger')::text")
        assert cursor.fetchone() == ("passerelle.ledger",)
        cursor.execute("DROP TABLE passerelle.ledger")
        for statement in removing([], cursor.connection, whole=True):
            cursor.execute(statement)
        cursor.execute("SELECT to_regnamespace('passerelle')")
        assert cursor.fetchone() == (None,)
