"""Files made ahead: dated by their content, replaced whole, never half there."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from metadata.dataset import published_columns
from metadata.errors import SourceError, StoreError
from providers.exports.content import FileContent
from providers.exports.folder import FilesFolder
from providers.exports.making import Made, make_files
from providers.exports.writing import sha256_of
from providers.store import open_store

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def content_of(collection: Any) -> FileContent:
    columns = published_columns(collection)
    return FileContent(
        name=collection.id,
        title="Essai",
        about="",
        columns=columns,
        geometry=collection.geometry,
        identity=0,
        in_database=collection.survey.kind != "layer",
    )


@pytest.fixture
def folder(tmp_path: Path) -> FilesFolder:
    return FilesFolder(tmp_path / "files")


@pytest.fixture
def few(load_named: Callable[[str], Any]) -> Any:
    """Two rows that a test may change."""
    return load_named("label")


def make(
    loaded: Any, folder: FilesFolder, before: Made | None = None, now: datetime = NOON
) -> Made:
    return make_files(
        content_of(loaded.collection),
        loaded.source.rows(),
        folder,
        mark="m",
        before={f.format: f for f in before.files} if before else {},
        now=now,
    )


def change(loaded: Any) -> None:
    table = loaded.collection.survey.source.table
    statement = f"UPDATE \"{table}\" SET label = 'autre' WHERE id = 2"
    if loaded.is_postgis:
        with closing(psycopg2.connect(loaded.location)) as database, database:
            database.cursor().execute(statement)
    else:
        with closing(sqlite3.connect(loaded.location)) as database, database:
            database.execute(statement)


def test_what_is_known_of_a_file_is_so(few: Any, folder: FilesFolder) -> None:
    made = make(few, folder)
    plain = {"geojson", "gpkg", "csv", "parquet"}
    assert {f.format for f in made.files} == plain  # the table has no geometry
    assert (made.rows, made.changed) == (2, True)
    for file in made.files:
        path = folder.root / file.path
        assert path.stat().st_size == file.length > 0
        assert sha256_of(path) == file.sha256
        assert file.state
        assert file.changed_at == NOON.replace(microsecond=0)
    assert not list(folder.root.glob(".making*"))


def test_rows_that_did_not_change_keep_file_date_and_digest(
    few: Any, folder: FilesFolder
) -> None:
    first = make(few, folder)
    second = make(few, folder, first, LATER)
    assert not second.changed
    for one, other in zip(first.files, second.files, strict=True):
        assert replace(one, checked_at=LATER, state=other.state) == other


def test_a_changed_row_is_another_file_and_the_former_stays_till_it_is_swept(
    few: Any, folder: FilesFolder
) -> None:
    first = make(few, folder)
    change(few)
    second = make(few, folder, first, LATER)
    assert second.changed
    for one, other in zip(first.files, second.files, strict=True):
        assert one.sha256 != other.sha256
        assert one.state != other.state
        assert other.changed_at == LATER.replace(microsecond=0)
        assert folder.has(one.path, one.length)
    folder.sweep({f.path: LATER for f in second.files}, LATER)
    for one, other in zip(first.files, second.files, strict=True):
        assert not folder.has(one.path, one.length)
        assert folder.has(other.path, other.length)


def test_whoever_reads_a_file_that_is_replaced_and_swept_gets_it_to_its_end(
    few: Any, folder: FilesFolder
) -> None:
    first = make(few, folder)
    file = first.files[0]
    with (folder.root / file.path).open("rb") as reading:
        begun = reading.read(100)
        change(few)
        made = make(few, folder, first, LATER)
        folder.sweep({f.path: LATER for f in made.files}, LATER)
        rest = reading.read()
    assert len(begun) + len(rest) == file.length


def test_a_lost_file_is_made_again_byte_by_byte(few: Any, folder: FilesFolder) -> None:
    first = make(few, folder)
    for file in first.files:
        (folder.root / file.path).unlink()
    second = make(few, folder, first, LATER)
    assert [f.sha256 for f in second.files] == [f.sha256 for f in first.files]
    assert all(folder.has(f.path, f.length) for f in second.files)


def test_rows_that_cannot_be_read_leave_the_former_files(
    few: Any, folder: FilesFolder
) -> None:
    first = make(few, folder)

    class Gone:
        def batch(self) -> Any:
            raise SourceError("The silo went away.")

        def close(self) -> None: ...

    with pytest.raises(SourceError):
        make_files(
            content_of(few.collection),
            Gone(),  # type: ignore[arg-type]
            folder,
            mark="",
            before={f.format: f for f in first.files},
            now=LATER,
        )
    assert all(folder.has(f.path, f.length) for f in first.files)
    assert not list(folder.root.glob(".making*"))


def test_a_folder_that_cannot_be_made_is_named(few: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"files\.folder|file"):
        make(few, FilesFolder(tmp_path / "file" / "below"))


MAKE = """
import sys, time
from pathlib import Path
from providers.exports import writing
from providers.exports.folder import FilesFolder
folder = FilesFolder(Path(sys.argv[1]))
with folder.aside() as aside:
    (aside / "half.gpkg").write_bytes(b"half")
    print("half", flush=True)
    time.sleep(300)
"""


def test_what_a_killed_maker_left_is_swept_and_nothing_else(
    few: Any, folder: FilesFolder
) -> None:
    made = make(few, folder)
    command = [sys.executable, "-c", MAKE, str(folder.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"half\n"
        maker.send_signal(signal.SIGKILL)
    assert list(folder.root.glob(".making*/half.gpkg"))
    folder.sweep({f.path: NOON for f in made.files}, NOON)
    assert not list(folder.root.glob(".making*"))
    assert all(folder.has(f.path, f.length) for f in made.files)


def test_dropping_a_collection_leaves_nothing_of_it(
    few: Any, folder: FilesFolder
) -> None:
    make(few, folder)
    folder.drop(few.collection.id)
    assert list(folder.root.iterdir()) == []
    folder.drop("never-there")


def test_the_index_keeps_what_is_known(
    few: Any, folder: FilesFolder, tmp_path: Path
) -> None:
    made = make(few, folder)
    with closing(open_store(f"sqlite:///{tmp_path}/store.sqlite")) as store:
        assert store.files() == ()
        store.keep_files(made.files)
        key = lambda f: (f.collection_id, f.format)  # noqa: E731
        assert store.files() == tuple(sorted(made.files, key=key))
        before = store.files_generation()
        store.keep_files(made.files, tell=False)
        assert store.files_generation() == before
        store.drop_files([few.collection.id])
        assert store.files() == ()
        assert store.files_generation() == before + 1


RSS = """
import resource, sys
sys.path[:0] = [sys.argv[4]]
from datetime import UTC, datetime
from pathlib import Path
from metadata.dataset import Collection, published_columns
from metadata.stated import CollectionDescription
from providers.configuration import SiloConfiguration
from providers.exports.content import FileContent
from providers.exports.writing import write_files
from providers.features import open_features
from providers.survey import survey_structure
silo = SiloConfiguration(name="s", location=sys.argv[1])
(survey,) = [s for s in survey_structure(silo, now=datetime.now(UTC)).surveys
             if s.source.table == sys.argv[2]]
collection = Collection(
    description=CollectionDescription(id="x", source=survey.source), survey=survey)
content = FileContent(name="x", title="x", about="", geometry=collection.geometry,
    columns=published_columns(collection), identity=0, in_database=True)
rows = open_features(silo).features(collection).rows()
written = write_files(content, rows, Path(sys.argv[3]))
print(written.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.fixture
def many_rows(postgis: str) -> Callable[[int], str]:
    """Make a table of so many polygons; return the address."""

    def made(rows: int) -> str:
        with closing(psycopg2.connect(postgis)) as database, database:
            database.cursor().execute(
                f"""
                CREATE TABLE t{rows} (id integer PRIMARY KEY, nom text, v float8,
                    geom geometry(Polygon, 2154));
                INSERT INTO t{rows} SELECT i, 'Épinay ' || i, i / 7.0,
                    ST_Buffer(ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154), 50)
                FROM generate_series(1, {rows}) AS i;
                """
            )
        return postgis

    return made


def test_a_hundred_thousand_rows_take_no_more_memory_than_few(
    many_rows: Callable[[int], str], tmp_path: Path
) -> None:
    peaks = {}
    for rows in (30_000, 100_000):  # the fewer fill a group of Parquet too
        location = many_rows(rows)
        (tmp_path / str(rows)).mkdir()
        arguments = [location, f"t{rows}", str(tmp_path / str(rows)), str(Path.cwd())]
        told = subprocess.run(
            [sys.executable, "-c", RSS, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        number, peak = map(int, told.stdout.split())
        assert number == rows
        peaks[rows] = peak
    assert peaks[100_000] - peaks[30_000] < 30
