"""A watch that runs, on silos of one test, and what it says."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fiona
import psycopg2
import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.watching.bell import Bell
from gateway.watching.schedule import Pace
from gateway.watching.telling import Teller
from gateway.watching.watch import Watch
from metadata.finding import Language
from providers.configuration import read_configuration
from providers.store import Store, open_store

CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
  themes: [au]
  topics: [boundaries]
service: {{url: "http://127.0.0.1:8080"}}
silos:
{silos}
outlets:
{outlets}
"""
PACE = Pace(
    every=0.1, quiet=0.3, rest=0.05, busy=0.2, first_pause=0.3, longest_pause=0.6
)
PATIENCE = 60.0


def wait_for(condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"it did not come: {what}")
        time.sleep(0.02)


@dataclass
class Place:
    """A folder with a configuration, its descriptions and perhaps a silo of files."""

    folder: Path
    silos: dict[str, str] = field(default_factory=dict)
    outlets: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "passerelle.yml"

    def write(self, more: str = "") -> Path:
        """Write the configuration, all at once."""
        silos = "\n".join(f"  {n}: {where}" for n, where in self.silos.items())
        outlets = "\n".join(
            f'  {n}: {{url: "{url}", batch: 1, timeout: 10}}'
            for n, url in self.outlets.items()
        )
        text = CONFIGURATION.format(silos=silos, outlets=outlets or "  {}") + more
        fresh = self.file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        return fresh.replace(self.file)

    def layer(self, name: str, *points: tuple[float, float]) -> None:
        """Make a GeoPackage with one layer of its name, in the silo of files."""
        (self.folder / "silo").mkdir(exist_ok=True)
        schema = {"geometry": "Point", "properties": {"nom": "str"}}
        path = self.folder / "silo" / f"{name}.gpkg"
        with fiona.open(
            path, "w", driver="GPKG", layer=name, crs="EPSG:2154", schema=schema
        ) as target:
            for x, y in points or ((655000.0, 6867000.0),):
                geometry = {"type": "Point", "coordinates": (x, y)}
                target.write({"geometry": geometry, "properties": {"nom": "Épinay"}})

    def add(self, name: str, x: float, y: float) -> None:
        """Add a row to a layer."""
        path = self.folder / "silo" / f"{name}.gpkg"
        with fiona.open(path, "a", layer=name) as target:
            geometry = {"type": "Point", "coordinates": (x, y)}
            target.write({"geometry": geometry, "properties": {"nom": "Pantin"}})

    def run(self, *arguments: str) -> None:
        """Run a command, which must not fail."""
        done = CliRunner().invoke(
            command_line(Language.ENGLISH),
            ["--config", str(self.file), *arguments],
            standalone_mode=False,
        )
        assert done.exception is None, (done.exception, done.output)
        assert not done.return_value, done.output

    def approve_all(self) -> None:
        """Describe and approve every table that there is."""
        self.run("survey")
        self.run("approve", "--all")

    def describe(self, name: str) -> Path:
        return self.folder / "datasets" / f"{name}.yml"

    @contextmanager
    def store(self) -> Iterator[Store]:
        with closing(open_store(read_configuration(self.file).store)) as store:
            yield store

    def digests(self, collection: str) -> set[str]:
        """Return the digests of the files of one collection."""
        with self.store() as store:
            files = store.files()
        return {f.sha256 for f in files if f.collection_id == collection}

    def revisions(self, dataset: str) -> int:
        """Return how many revisions the records of a dataset have."""
        with self.store() as store:
            names = {
                r.record_identifier for r in store.applied() if r.dataset_id == dataset
            }
            return sum(len(store.revisions(name)) for name in names)


@dataclass
class Running:
    """A watch in a thread of its own, and the lines it wrote."""

    bell: Bell
    lines: list[str] = field(default_factory=list)
    offset: timedelta = timedelta()
    """How much later it takes it to be."""
    read: int = 0

    def said(self, *words: str) -> str:
        """Wait for a line with all these words, after the last one waited for."""

        def found() -> str | None:
            for number in range(self.read, len(self.lines)):
                line = self.lines[number]
                if all(word in line for word in words):
                    self.read = number + 1
                    return line
            return None

        end = time.monotonic() + PATIENCE
        while (line := found()) is None:
            if time.monotonic() > end:
                pytest.fail(f"never said {words}; said: " + "\n".join(self.lines))
            time.sleep(0.02)
        return line

    def count(self, *words: str) -> int:
        return sum(all(word in line for word in words) for line in self.lines)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def _logger(lines: list[str]) -> logging.Logger:
    logger = logging.Logger(f"watch-{id(lines)}")
    logger.addHandler(_Lines(lines))
    return logger


@contextmanager
def _running(place: Place, pace: Pace, language: Language) -> Iterator[Running]:
    running = Running(Bell())
    watch = Watch(
        read_configuration(place.file),
        teller=Teller(language, _logger(running.lines)),
        bell=running.bell,
        language=language,
        pace=pace,
        clock=lambda: datetime.now(UTC) + running.offset,
    )
    failures: list[BaseException] = []

    def run() -> None:
        try:
            watch.run()
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.bell.stop()
        thread.join(PATIENCE)
        running.bell.close()
    assert not failures
    assert not thread.is_alive()


Start = Callable[..., Running]


@pytest.fixture
def watch() -> Iterator[Start]:
    """Start a watch of a place: `watch(place, every=…)`; it ends with the test."""
    with ExitStack() as stack:

        def start(
            place: Place, language: Language = Language.ENGLISH, **pace: Any
        ) -> Running:
            context = _running(place, replace(PACE, **pace), language)
            return stack.enter_context(context)

        yield start


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place without silos yet."""
    (tmp_path / "datasets").mkdir()
    return Place(tmp_path)


@pytest.fixture
def of_files(place: Place) -> Place:
    """A place with a folder of two GeoPackages, both described and approved."""
    place.silos["fichiers"] = "./silo"
    place.layer("communes")
    place.layer("écoles")
    place.write()
    place.approve_all()
    return place


def execute(address: str, *statements: str) -> None:
    connection = psycopg2.connect(address)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


@pytest.fixture
def run_sql() -> Callable[..., None]:
    return execute


@pytest.fixture
def wait() -> Callable[..., None]:
    return wait_for


@pytest.fixture
def in_file() -> Callable[[Path, str], None]:
    """Change a GeoPackage by SQL."""

    def change(path: Path, statement: str) -> None:
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(statement)

    return change
