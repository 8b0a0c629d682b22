"""What a silo says of its rows, so that they need not be measured again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import fiona
import psycopg2
import pytest
from fiona.crs import CRS

from metadata.measured import Source
from providers.change import data_mark, open_changes
from providers.configuration import SiloConfiguration
from providers.survey import survey_silo

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLES = """
CREATE TABLE places (id integer PRIMARY KEY);
INSERT INTO places SELECT generate_series(1, 5);
CREATE TABLE apart (id integer PRIMARY KEY);
INSERT INTO apart SELECT generate_series(1, 7);
CREATE VIEW seen AS SELECT * FROM places;
"""
ANEW = """
BEGIN; DROP TABLE places CASCADE; CREATE TABLE places (id integer PRIMARY KEY);
INSERT INTO places SELECT generate_series(101, 105);
CREATE VIEW seen AS SELECT * FROM places; COMMIT
"""
SCHEMA = {"geometry": "Point", "properties": {"nom": "str:10"}}
FEATURE = {
    "geometry": {"type": "Point", "coordinates": (650000, 6860000)},
    "properties": {"nom": "un"},
}


def run(address: str, statements: str) -> None:
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                cursor.execute(statement)


def marks(location: str | Path) -> Mapping[str, str]:
    silo = SiloConfiguration(name="sig", location=str(location))
    with closing(open_changes(silo)) as changes:
        return changes.data()


def settled(address: str, *, inserted: int = 5) -> Mapping[str, str]:
    """Wait until what was inserted is counted."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = marks(address)
        if found.get("public.places", "").startswith(f"{inserted}:"):
            return found
        time.sleep(0.05)
    pytest.fail(f"never counted: {found}")


@pytest.mark.postgis
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param("TRUNCATE places", id="truncated"),
        pytest.param(ANEW, id="made anew with as many rows"),
        pytest.param("ALTER TABLE places ADD COLUMN nom text", id="altered"),
    ],
)
def test_rows_that_went_uncounted_move_the_mark(statements, postgis) -> None:
    run(postgis, TABLES)
    before = settled(postgis)
    run(postgis, statements)
    after = settled(postgis)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"public.places", "public.seen"}


@pytest.mark.postgis
def test_what_tidies_up_moves_no_mark(postgis) -> None:
    run(postgis, TABLES)
    before = settled(postgis)
    run(postgis, "VACUUM ANALYZE places; CHECKPOINT; CREATE INDEX ON places (id)")
    assert settled(postgis) == before


@pytest.mark.postgis
def test_statistics_that_begin_anew_are_others_though_their_numbers_come_again(
    postgis,
) -> None:
    run(postgis, TABLES)
    before = settled(postgis)
    run(postgis, "SELECT pg_stat_reset(); INSERT INTO places SELECT 5 + id FROM places")
    after = settled(postgis)
    assert before["public.places"] != after["public.places"]


@pytest.mark.postgis
def test_a_restart_keeps_marks_and_a_crash_does_not(own_postgis) -> None:
    run(own_postgis.address, TABLES)
    before = settled(own_postgis.address)
    own_postgis.stop()
    own_postgis.start()
    assert marks(own_postgis.address) == before
    own_postgis.crash()
    own_postgis.start()
    after = marks(own_postgis.address)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


@pytest.mark.postgis
def test_a_standby_where_nothing_is_counted_says_nothing(own_postgis) -> None:
    run(own_postgis.address, TABLES)
    settled(own_postgis.address)
    own_postgis.stop()
    (own_postgis.folder / "data" / "standby.signal").touch()
    own_postgis.start()
    assert not marks(own_postgis.address)


@pytest.mark.postgis
def test_a_server_that_does_not_count_says_nothing(postgis) -> None:
    run(postgis, TABLES)
    settled(postgis)
    name = postgis.rsplit("/", 1)[1]
    run(postgis, f'ALTER DATABASE "{name}" SET track_counts = off')
    assert not marks(postgis)


@pytest.mark.postgis
def test_what_was_measured_has_the_mark_of_before(postgis) -> None:
    run(postgis, TABLES)
    before = settled(postgis)
    silo = SiloConfiguration(name="sig", location=postgis)
    found = {s.source.table: s.mark for s in survey_silo(silo, now=NOW).surveys}
    assert found == {n: before[f"public.{n}"] for n in ("apart", "places", "seen")}


def write(path: Path, driver: str) -> None:
    with fiona.open(
        path, "w", driver=driver, schema=SCHEMA, crs=CRS.from_epsg(2154)
    ) as layer:
        layer.write(FEATURE)


def test_a_shapefile_of_which_only_the_table_was_written_has_moved(tmp_path) -> None:
    write(tmp_path / "lieux.shp", "ESRI Shapefile")
    write(tmp_path / "autres.shp", "ESRI Shapefile")
    before = marks(tmp_path)
    beside = tmp_path / "lieux.dbf"
    beside.write_bytes(beside.read_bytes().replace(b"un", b"de"))
    os.utime(beside, ns=(1, 1))
    after = marks(tmp_path)
    places, others = (
        Source(silo="sig", container=name, table=name[:-4])
        for name in ("lieux.shp", "autres.shp")
    )
    assert data_mark(before, places) != data_mark(after, places)
    assert data_mark(before, others) == data_mark(after, others)
    alone = marks(tmp_path / "lieux.shp")
    assert data_mark(alone, places) == data_mark(after, places)


def test_a_geodatabase_has_one_mark_for_all_of_its_files(tmp_path) -> None:
    write(tmp_path / "base.gdb", "OpenFileGDB")
    source = Source(silo="sig", container="base.gdb", table="base")
    before = data_mark(marks(tmp_path), source)
    assert before
    assert data_mark(marks(tmp_path / "base.gdb"), source) == before
    table = next((tmp_path / "base.gdb").glob("*.gdbtable"))
    os.utime(table, ns=(1, 1))
    assert data_mark(marks(tmp_path), source) != before


def test_who_reads_a_geopackage_moves_nothing_and_who_writes_it_does(tmp_path) -> None:
    path = tmp_path / "base.gpkg"
    write(path, "GPKG")
    source = Source(silo="sig", container="base.gpkg", table="base")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE one (id integer)")
        writer.commit()
        before = marks(tmp_path)
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("SELECT * FROM one").fetchall()
        assert marks(tmp_path) == before
        writer.execute("INSERT INTO one VALUES (1)")
        writer.commit()
        assert data_mark(marks(tmp_path), source) != data_mark(before, source)


def test_a_survey_of_files_has_their_marks(tmp_path) -> None:
    write(tmp_path / "lieux.shp", "ESRI Shapefile")
    shutil.copytree(tmp_path, tmp_path / "copie")
    silo = SiloConfiguration(name="sig", location=str(tmp_path))
    found = survey_silo(silo, now=NOW).surveys
    assert [s.mark for s in found] == [
        data_mark(marks(tmp_path), s.source) for s in found
    ]
    assert len({s.mark for s in found} - {""}) == len(found) == 2
