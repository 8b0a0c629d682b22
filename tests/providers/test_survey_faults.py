"""What a survey does when a database misbehaves: one table suffers, never the run."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions
import pytest

from metadata.errors import SourceUnreachable
from metadata.finding import Severity
from metadata.measured import Source
from providers.configuration import SiloConfiguration
from providers.survey import Surveyed, survey_silo, survey_structure

pytestmark = pytest.mark.postgis
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SLOW = "CREATE VIEW slow AS SELECT 1 AS id WHERE pg_sleep({}) IS NOT NULL"
SOUND = "CREATE TABLE sound (id integer PRIMARY KEY, geom geometry(Point, 2154))"


def execute(address: str, *statements: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def silo(address: str) -> SiloConfiguration:
    return SiloConfiguration(name="sig", location=address)


def source(table: str) -> Source:
    return Source(silo="sig", container="public", table=table)


def role_of(address: str) -> str:
    return urlsplit(address).username or ""


def tables(surveyed: Surveyed) -> list[str]:
    return [survey.source.table for survey in surveyed.surveys]


def found(surveyed: Surveyed, table: str) -> dict[str, Severity]:
    return {
        f.code.removeprefix("survey."): f.severity
        for f in surveyed.findings
        if f.subject == str(source(table)) and f.severity is not Severity.INFO
    }


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until_running(address: str, text: str) -> None:
    """Wait until the survey is executing a statement that names something."""
    deadline = time.monotonic() + 20
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'passerelle'"
        f" AND state = 'active' AND query LIKE '%{text}%'"
        " AND datname = current_database()"
    )
    while execute(address, query) == [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def reader(postgis_server: str, postgis: str) -> Iterator[str]:
    """Address of the same database for a role without rights of its own."""
    database = postgis.rsplit("/", 1)[1]
    role = f"reader_{database}"
    execute(postgis, f"CREATE ROLE {role} LOGIN PASSWORD 'secret-of-reader'")
    rest = postgis.split("@", 1)[1]
    yield f"postgresql://{role}:secret-of-reader@{rest}"
    execute(postgis, f"DROP OWNED BY {role}")
    execute(postgis_server, f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("asked", "severity"), [(False, Severity.WARNING), (True, Severity.ERROR)]
)
def test_a_table_without_rights(
    postgis: str, reader: str, asked: bool, severity: Severity
) -> None:
    role = role_of(reader)
    execute(
        postgis,
        "CREATE SCHEMA closed",
        "CREATE TABLE closed.inside (id integer PRIMARY KEY)",
        f"GRANT SELECT ON closed.inside TO {role}",
        "CREATE TABLE secret (id integer PRIMARY KEY)",
        "CREATE TABLE partly (id integer PRIMARY KEY, shown text, hidden text)",
        f"GRANT SELECT (id, shown) ON partly TO {role}",
        "INSERT INTO partly VALUES (1, 'a', 'b')",
    )
    wanted = {source("secret"), source("partly")} if asked else None
    surveyed = survey_silo(silo(reader), now=NOW, sources=wanted)
    assert tables(surveyed) == ["partly"]
    assert [f.name for f in surveyed.surveys[0].fields] == ["id", "shown"]
    assert surveyed.surveys[0].feature_count == 1
    assert found(surveyed, "secret") == {"refused": severity}
    assert "survey.columns-refused" in {f.code for f in surveyed.findings}
    if not asked:
        refused = {f.subject for f in surveyed.findings if f.code == "survey.refused"}
        assert refused == {"sig:public.secret", "sig:closed.inside"}


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW broken AS SELECT id, 1 / (id - id) AS ratio FROM sound",
        "CREATE VIEW broken AS SELECT id, 'x'::text::integer AS number FROM sound",
    ],
)
def test_a_view_whose_rows_cannot_be_read_though_they_can_be_counted(
    postgis: str, view: str
) -> None:
    execute(postgis, SOUND, "INSERT INTO sound VALUES (1, NULL)", view)
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert tables(surveyed) == ["sound"]
    assert found(surveyed, "broken") == {"unreadable": Severity.ERROR}


def test_the_statements_of_the_remedies_work_as_they_stand(
    postgis: str, reader: str
) -> None:
    schema, table, column = 'Voirie "Nord"', "l'Été", 'géo "m"'
    names = [f'"{part.replace(chr(34), chr(34) * 2)}"' for part in (table, column)]
    place = f'"Voirie ""Nord""".{names[0]}'
    execute(
        postgis,
        'CREATE SCHEMA "Voirie ""Nord"""',
        f"CREATE TABLE {place} (id integer PRIMARY KEY, {names[1]} geometry(Point))",
        f"INSERT INTO {place} VALUES (1, 'POINT(652000 6862000)')",
    )

    def remedy(address: str, code: str, pattern: str) -> str:
        (hint,) = (
            finding.hint.en
            for finding in survey_silo(silo(address), now=NOW).findings
            if finding.code == f"survey.{code}"
        )
        said = re.search(pattern, hint)
        assert said, hint
        return said[0]

    for pattern in ("GRANT USAGE [^;]*", "GRANT SELECT [^;]*"):
        statement = remedy(reader, "refused", pattern)
        execute(postgis, statement.replace("…", role_of(reader)))
    execute(
        postgis,
        remedy(reader, "srid-unknown", r"SELECT Update.*2154\)"),
        remedy(reader, "no-spatial-index", r"CREATE INDEX .*?; in")[:-4],
    )

    surveyed = survey_silo(silo(reader), now=NOW)
    assert surveyed.surveys[0].source == Source(
        silo="sig", container=schema, table=table
    )
    assert surveyed.findings == ()
    assert column == surveyed.surveys[0].geometry.name


def test_a_view_over_what_may_not_be_read(postgis: str, reader: str) -> None:
    role = role_of(reader)
    execute(
        postgis,
        "CREATE TABLE secret (id integer PRIMARY KEY)",
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql AS"
        " 'SELECT count(*) FROM secret'",
        "CREATE VIEW window_ AS SELECT 1 AS id WHERE peek() > 0",
        f"GRANT SELECT ON window_ TO {role}",
    )
    surveyed = survey_silo(silo(reader), now=NOW)
    assert tables(surveyed) == []
    assert found(surveyed, "window_") == {"refused": Severity.ERROR}


def test_a_table_that_somebody_locks(postgis: str) -> None:
    execute(postgis, SOUND, "CREATE TABLE locked (id integer PRIMARY KEY)")
    other = psycopg2.connect(postgis)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        assert tables(survey_structure(silo(postgis), now=NOW)) == ["locked", "sound"]
        surveyed = survey_silo(silo(postgis), now=NOW)
    other.close()
    assert tables(surveyed) == ["sound"]
    assert found(surveyed, "locked") == {"locked": Severity.ERROR}


def test_a_view_that_takes_too_long(
    postgis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.postgis_survey.MEASURE_TIMEOUT", 1_000)
    execute(postgis, SOUND, SLOW.format(30))
    started = time.monotonic()
    surveyed = survey_silo(silo(postgis), now=NOW, workers=1)
    assert time.monotonic() - started < 10
    assert tables(surveyed) == ["sound"]
    assert found(surveyed, "slow") == {"too-slow": Severity.ERROR}


def test_a_foreign_server_that_is_away(postgis: str) -> None:
    execute(
        postgis,
        SOUND,
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw"
        " OPTIONS (host '127.0.0.1', port '1', dbname 'x')",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER away",
        "CREATE FOREIGN TABLE distant (id integer) SERVER away",
    )
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert tables(surveyed) == ["sound"]
    assert found(surveyed, "distant") == {"foreign-away": Severity.ERROR}


def test_a_foreign_table_that_answers(postgis: str) -> None:
    host, port = postgis.rsplit("@", 1)[1].split("/", maxsplit=1)[0].split(":")
    database = postgis.rsplit("/", 1)[1]
    execute(
        postgis,
        SOUND,
        "INSERT INTO sound VALUES (1, 'SRID=2154;POINT(652000 6862000)')",
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw"
        f" OPTIONS (host '{host}', port '{port}', dbname '{database}')",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user 'postgres')",
        "CREATE FOREIGN TABLE distant (id integer, geom geometry(Point, 2154))"
        " SERVER here OPTIONS (table_name 'sound')",
    )
    surveyed = survey_silo(silo(postgis), now=NOW)
    distant = surveyed.surveys[0]
    assert (distant.kind, distant.feature_count) == ("foreign table", 1)
    assert distant.extent is not None
    assert found(surveyed, "distant") == {"no-key": Severity.WARNING}


def test_a_table_dropped_meanwhile(postgis: str) -> None:
    execute(
        postgis, SOUND, SLOW.format(2), "CREATE TABLE brief (id integer PRIMARY KEY)"
    )
    # Largest first: the planner believes a view that sleeps to be the larger one.
    thread_result: list[Surveyed] = []
    execute(postgis, "INSERT INTO sound SELECT generate_series(1, 1000)", "ANALYZE")
    execute(
        postgis,
        "CREATE VIEW a_first AS SELECT 1 AS id FROM sound"
        " WHERE pg_sleep(0.002) IS NOT NULL",
    )
    thread = in_background(
        lambda: thread_result.append(survey_silo(silo(postgis), now=NOW, workers=1))
    )
    until_running(postgis, "a_first")
    execute(postgis, "DROP TABLE brief")
    thread.join()
    (surveyed,) = thread_result
    assert tables(surveyed) == ["a_first", "slow", "sound"]
    assert found(surveyed, "brief") == {"gone": Severity.WARNING}


def test_a_view_on_a_lost_function_is_not_gone(postgis: str) -> None:
    execute(
        postgis,
        "CREATE TABLE base (id integer PRIMARY KEY)",
        "CREATE FUNCTION look() RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN RETURN (SELECT count(*) FROM base); END'",
        "CREATE VIEW looking AS SELECT 1 AS id WHERE look() >= 0",
        "DROP TABLE base",
    )
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert found(surveyed, "looking") == {"unreadable": Severity.ERROR}


def test_a_lost_connection_is_opened_again(postgis: str) -> None:
    execute(postgis, SOUND, SLOW.format(1.5))
    result: list[Surveyed] = []
    thread = in_background(
        lambda: result.append(survey_silo(silo(postgis), now=NOW, workers=2))
    )
    until_running(postgis, "slow")
    execute(
        postgis,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'passerelle' AND datname = current_database()",
    )
    thread.join()
    (surveyed,) = result
    assert tables(surveyed) == ["slow", "sound"]
    assert "connection-lost" not in found(surveyed, "slow")


def test_a_table_that_breaks_each_connection_is_passed_over(postgis: str) -> None:
    execute(
        postgis,
        SOUND,
        "CREATE FUNCTION suicide() RETURNS boolean LANGUAGE sql AS"
        " 'SELECT pg_terminate_backend(pg_backend_pid())'",
        "CREATE VIEW deadly AS SELECT 1 AS id WHERE suicide()",
    )
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert tables(surveyed) == ["sound"]
    assert found(surveyed, "deadly") == {"connection-lost": Severity.ERROR}


def test_fewer_connections_than_asked_for_serve_too(postgis: str, reader: str) -> None:
    role = role_of(reader)
    execute(
        postgis,
        *(f"CREATE TABLE t{n} (id integer PRIMARY KEY)" for n in range(8)),
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"ALTER ROLE {role} CONNECTION LIMIT 2",
    )
    surveyed = survey_silo(silo(reader), now=NOW, workers=6)
    assert len(surveyed.surveys) == 8


@pytest.mark.parametrize("work", [survey_silo, survey_structure])
def test_a_silo_that_is_not_there_is_an_error_with_its_remedy(
    postgis: str, work: Callable[..., Surveyed]
) -> None:
    address = postgis.rsplit("/", 1)[0] + "/nowhere"
    with pytest.raises(SourceUnreachable) as caught:
        work(silo(address), now=NOW)
    assert "nowhere" in caught.value.message
    assert caught.value.hint


def test_a_survey_leaves_nothing_behind(postgis: str) -> None:
    execute(postgis, SOUND)
    survey_silo(silo(postgis), now=NOW)
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'passerelle'"
        " AND datname = current_database()"
    )
    deadline = time.monotonic() + 5
    while execute(postgis, query) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_every_session_is_read_only(postgis: str) -> None:
    execute(
        postgis,
        "CREATE TABLE log (id serial PRIMARY KEY)",
        "CREATE FUNCTION writing() RETURNS integer LANGUAGE sql AS"
        " 'INSERT INTO log DEFAULT VALUES RETURNING id'",
        "CREATE VIEW writes AS SELECT 1 AS id WHERE writing() > 0",
    )
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert found(surveyed, "writes") == {"unreadable": Severity.ERROR}
    assert execute(postgis, "SELECT count(*) FROM log") == [(0,)]


class CountingCursor(psycopg2.extensions.cursor):
    """A real cursor that keeps what it was asked to execute."""

    executed: list[str] = []  # noqa: RUF012

    def execute(self, query: object, values: object = None) -> None:
        self.executed.append(str(query)[:60])
        super().execute(query, values)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 300])
def test_the_structure_takes_as_many_statements_for_one_table_as_for_many(
    postgis: str, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    real = psycopg2.connect
    monkeypatch.setattr(CountingCursor, "executed", [])
    monkeypatch.setattr(
        "psycopg2.connect",
        lambda *a, **k: real(*a, **k, cursor_factory=CountingCursor),
    )
    block = (
        f"DO $$BEGIN FOR i IN 1..{count} LOOP EXECUTE format("
        "'CREATE TABLE t%s (id integer PRIMARY KEY, geom geometry(Point, 2154))', i);"
        " END LOOP; END$$"
    )
    execute(postgis, block)
    CountingCursor.executed.clear()
    surveyed = survey_structure(silo(postgis), now=NOW)
    assert len(surveyed.surveys) == count
    assert len(CountingCursor.executed) == 8


def test_what_ends_a_survey_ends_its_statements_too(postgis: str) -> None:
    execute(postgis, *(SLOW.replace("slow", f"slow{n}").format(30) for n in range(4)))

    class Interrupted(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done:
            raise Interrupted

    execute(
        postgis, SOUND, "INSERT INTO sound SELECT generate_series(1, 10)", "ANALYZE"
    )
    started = time.monotonic()
    with pytest.raises(Interrupted):
        survey_silo(silo(postgis), now=NOW, workers=3, progress=stop)
    assert time.monotonic() - started < 10


ABANDONED = """
import sys
from providers.postgis_survey_session import Session
with Session(sys.argv[1], statement_timeout=60_000).reading() as cursor:
    cursor.execute("SELECT pg_sleep(60), 'abandoned'")
"""


def test_the_server_stops_measuring_for_a_process_that_is_gone(postgis: str) -> None:
    measuring = subprocess.Popen([sys.executable, "-c", ABANDONED, postgis])
    try:
        wait_until(lambda: abandoned(postgis) == 1, 20)
    finally:
        measuring.kill()
        measuring.wait()
    wait_until(lambda: abandoned(postgis) == 0, 20)


def abandoned(address: str) -> int:
    """Return how many sessions of the process above work."""
    ((number,),) = execute(
        address,
        "SELECT count(*)::integer FROM pg_stat_activity WHERE state = 'active'"
        " AND query LIKE '%, ''abandoned''' AND datname = current_database()"
        " AND pid <> pg_backend_pid()",
    )
    return int(str(number))


def wait_until(what: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)
