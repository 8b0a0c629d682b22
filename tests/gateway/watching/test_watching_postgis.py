"""A watch over PostGIS: told by triggers or looking by itself, through every fault."""

from __future__ import annotations

import os
import select
import socket
import time
from contextlib import closing

import psycopg2
import pytest

from metadata.measured import Source
from providers.change import CHANNEL, data_mark, open_changes
from providers.configuration import SiloConfiguration
from providers.database import connect
from providers.postgis_counting import installing

pytestmark = pytest.mark.postgis
TABLES = """
CREATE TABLE communes (id serial PRIMARY KEY, nom text, geom geometry(Point, 2154));
CREATE TABLE "Écoles" (id serial PRIMARY KEY, nom text, geom geometry(Point, 2154));
INSERT INTO communes (nom, geom) VALUES ('Épinay', 'SRID=2154;POINT(655000 6867000)');
INSERT INTO "Écoles" (nom, geom) VALUES ('Épinay', 'SRID=2154;POINT(655000 6867000)');
"""
INSERT = "INSERT INTO communes (nom, geom) VALUES ('x', 'SRID=2154;POINT({} 6867000)')"
NEVER = 3600.0


def install(address: str, *tables: str) -> None:
    sources = [Source(silo="sig", container="public", table=name) for name in tables]
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in installing(sources, "postgres", connection):
                cursor.execute(statement)


@pytest.fixture
def telling(telling_postgis, run_sql):
    """An empty database whose triggers would tell."""
    address = telling_postgis.address
    run_sql(
        address,
        "DROP SCHEMA IF EXISTS passerelle CASCADE",
        'DROP TABLE IF EXISTS communes, "Écoles", routes CASCADE',
        TABLES,
    )
    return address


@pytest.fixture
def of_database(place, telling):
    """A place with two tables in a database, both described and approved."""
    place.silos["sig"] = telling
    place.write()
    place.approve_all()
    return place


def test_a_transaction_tells_once_of_each_table(telling, run_sql) -> None:
    install(telling, "communes", "Écoles")
    with closing(psycopg2.connect(telling)) as listener:
        listener.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        several = ";".join(INSERT.format(655000 + n) for n in range(5))
        run_sql(
            telling,
            f"BEGIN; {several}; UPDATE \"Écoles\" SET nom = 'y'; COMMIT",
            f"BEGIN; {several}; ROLLBACK",
            f"BEGIN ISOLATION LEVEL SERIALIZABLE; {several}; COMMIT",
        )
        assert select.select([listener], [], [], 10)[0]
        time.sleep(0.1)
        listener.poll()
        told = [notify.payload for notify in listener.notifies]
    assert told == ["public.communes", "public.Écoles", "public.communes"]


def test_nobody_is_told_where_transactions_may_be_prepared(postgis, run_sql) -> None:
    run_sql(postgis, TABLES)
    install(postgis, "communes")
    with closing(psycopg2.connect(postgis)) as listener:
        listener.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute("SHOW max_prepared_transactions")
            if cursor.fetchone() == ("0",):
                pytest.skip("the server keeps no prepared transactions")
            cursor.execute(f"LISTEN {CHANNEL}")
        run_sql(postgis, INSERT.format(1))
        assert not select.select([listener], [], [], 0.3)[0]


def test_a_view_and_a_parent_move_with_the_tables_they_read(
    postgis, run_sql, wait
) -> None:
    run_sql(
        postgis,
        TABLES,
        "CREATE VIEW seen AS SELECT * FROM communes",
        "CREATE VIEW seen_again AS SELECT s.* FROM seen AS s",
        "CREATE TABLE measures (day date, n int) PARTITION BY RANGE (day)",
        "CREATE TABLE measures_1 PARTITION OF measures"
        " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw",
        "CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw",
        "CREATE FOREIGN TABLE far (id int) SERVER other",
        "CREATE VIEW seen_far AS SELECT f.id FROM far AS f JOIN communes USING (id)",
    )
    silo = SiloConfiguration(name="sig", location=postgis)
    changes = open_changes(silo)

    def mark(table: str) -> str:
        source = Source(silo="sig", container="public", table=table)
        return data_mark(changes.data(), source)

    with closing(changes):
        before = {n: mark(n) for n in ("seen", "seen_again", "measures")}
        still = mark("Écoles")
        run_sql(postgis, INSERT.format(1), "INSERT INTO measures VALUES (now(), 1)")
        for name, was in before.items():
            wait(lambda name=name, was=was: mark(name) not in {"", was}, name)
        assert mark("Écoles") == still
        assert mark("far") == mark("seen_far") == ""


@pytest.mark.pycsw
@pytest.mark.parametrize("how", ["told", "looking"])
def test_a_row_more_renews_its_dataset_and_no_other(
    how, of_database, telling, watch, run_sql, faulty_catalogue
) -> None:
    if how == "told":
        install(telling, "communes", "Écoles")
    of_database.outlets["geo"] = faulty_catalogue.url
    of_database.write()
    running = watch(of_database, every=NEVER if how == "told" else 0.1)
    running.said("geo: 2 sent and read back")
    sent = faulty_catalogue.count("Transaction")
    run_sql(telling, INSERT.format(656000))
    assert running.said("measured").endswith(": public.communes")
    running.said("geo · communes: update (dataset), read back, as meant")
    assert faulty_catalogue.count("Transaction") == sent + 1
    assert running.count("geo · ecoles") == 1
    assert of_database.revisions("ecoles") == 2


@pytest.mark.pycsw
@pytest.mark.parametrize("how", ["told", "looking"])
def test_a_hundred_quick_changes_are_one_publish(
    how, of_database, telling, watch, run_sql, faulty_catalogue
) -> None:
    if how == "told":
        install(telling, "communes")
    of_database.outlets["geo"] = faulty_catalogue.url
    of_database.write()
    running = watch(of_database, every=NEVER if how == "told" else 0.1, quiet=0.8)
    running.said("geo: 2 sent and read back")
    sent = faulty_catalogue.count("Transaction")
    run_sql(telling, *(INSERT.format(656000 + n) for n in range(100)))
    running.said("geo · communes: update")
    running.bell.reread()
    running.said("everything is read, measured and compared again")
    running.said("sig: 2 tables measured")
    assert faulty_catalogue.count("Transaction") == sent + 1
    assert running.count("geo · communes: update") == 1


def test_one_session_stays_open_and_looks_rarely(
    of_database, telling, watch, run_sql
) -> None:
    running = watch(of_database, every=NEVER)
    running.said("our own catalogue: 4 added")
    with closing(psycopg2.connect(telling)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state, query FROM pg_stat_activity"
                " WHERE application_name = 'passerelle' AND datname = 'postgres'"
            )
            sessions = cursor.fetchall()
    assert [state for state, _ in sessions] == ["idle"]


def test_a_session_that_is_ended_is_opened_anew(
    of_database, telling, watch, run_sql
) -> None:
    install(telling, "communes", "Écoles")
    running = watch(of_database, every=NEVER)
    running.said("our own catalogue: 4 added")
    run_sql(
        telling,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'passerelle'",
        INSERT.format(657000),
    )
    running.said("measured: public.communes")
    run_sql(telling, INSERT.format(658000))
    running.said("measured: public.communes")
    assert running.count("unreachable") == 0


def test_a_silo_that_is_away_holds_up_nothing_else(
    of_database, telling, telling_postgis, watch, run_sql
) -> None:
    of_database.silos["fichiers"] = "./silo"
    of_database.layer("routes_vertes")
    of_database.write()
    of_database.approve_all()
    running = watch(of_database)
    running.said("our own catalogue: 6 added")
    telling_postgis.stop()
    try:
        running.said("sig: unreachable, its datasets stay as they are")
        of_database.add("routes_vertes", 700000.0, 6900000.0)
        running.said("our own catalogue: 0 added, 2 changed, 0 removed (6 records)")
    finally:
        telling_postgis.start()
    running.said("sig: answers again")
    running.said("sig: 2 tables measured")
    run_sql(telling, INSERT.format(659000))
    running.said("our own catalogue: 0 added, 2 changed, 0 removed (6 records)")
    assert running.count("unreachable") == 1
    assert running.count("answers again") == 1


def test_started_while_a_silo_is_away_it_takes_nothing_down(
    of_database, telling_postgis, watch
) -> None:
    of_database.run("publish")
    telling_postgis.stop()
    try:
        running = watch(of_database)
        running.said("sig: unreachable")
        of_database.describe("communes").touch()
        time.sleep(0.5)
        with of_database.store() as store:
            assert len(store.applied()) == 4
    finally:
        telling_postgis.start()
    running.said("sig: answers again")
    running.said("sig: 2 tables measured")


def test_tables_that_come_change_and_go_are_followed(
    of_database, telling, watch, run_sql
) -> None:
    running = watch(of_database)
    running.said("our own catalogue: 4 added")
    run_sql(telling, "CREATE TABLE routes (id serial PRIMARY KEY, nom text,"
            " geom geometry(Point, 2154))")  # fmt: skip
    running.said("draft:", "routes.yml")
    run_sql(telling, "COMMENT ON TABLE communes IS 'Contours des communes.'")
    assert running.said("measured").endswith("1 table measured: public.communes")
    run_sql(telling, 'DROP TABLE "Écoles"')
    running.said("There is no table")
    running.said("our own catalogue: 0 added, 0 changed, 2 removed (2 records)")


@pytest.mark.parametrize(("said", "expected"), [("", 30000), ("5000", 5000)])
def test_a_server_whose_network_went_away_is_noticed(
    postgis: str, said: str, expected: int
) -> None:
    address = f"{postgis}?tcp_user_timeout={said}" if said else postgis
    with closing(connect(address)) as connection:
        descriptor = os.dup(connection.fileno())
        with socket.socket(fileno=descriptor) as opened:
            option = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert option == expected
