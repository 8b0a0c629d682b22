"""The same rows in both kinds of silo, so that one suite runs on both."""

from __future__ import annotations

import json
import random
import sqlite3
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
import shapely
from psycopg2 import sql as pg
from psycopg2.extras import execute_batch

from metadata.dataset import Collection
from metadata.measured import (
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import CollectionDescription, Columns
from providers.configuration import SiloConfiguration
from providers.features import FeatureSilo, FeatureSource, Limits, open_features

Value = object


@dataclass(frozen=True)
class Column:
    """One column, in the words of both silos."""

    name: str
    type: FieldType
    postgresql: str
    geopackage: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """Rows that both silos are to hold. Geometries are shapely's, or none."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    key: tuple[str, ...] = ()
    geometry: GeometryType | None = None
    geometries: tuple[shapely.Geometry | None, ...] = ()
    srid: int = 2154
    described: Columns = field(default_factory=Columns)
    time: str = ""


@dataclass(frozen=True)
class Loaded:
    """One table in one silo, open."""

    collection: Collection
    source: FeatureSource
    silo: FeatureSilo
    location: str

    @property
    def is_postgis(self) -> bool:
        return self.location.startswith("postgresql")


Loader = Callable[[Table], Loaded]


@pytest.fixture(scope="module", params=["postgis", "geopackage"])
def load(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loader]:
    """Fill a table into a silo of either kind, and open it."""
    opened: list[FeatureSilo] = []
    if request.param == "postgis":
        address = request.getfixturevalue("module_postgis")
        configuration = SiloConfiguration(name="sig", location=address)
    else:
        path = tmp_path_factory.mktemp("silo") / "essai.gpkg"
        configuration = SiloConfiguration(name="sig", location=str(path))

    def loaded(table: Table) -> Loaded:
        if configuration.is_database:
            fill_postgis(configuration.location, table)
            container = "public"
        else:
            fill_geopackage(Path(configuration.location), table)
            container = "essai.gpkg"
        silo = open_features(configuration, Limits(wait=1.0))
        opened.append(silo)
        collection = describe(table, container)
        return Loaded(
            collection, silo.features(collection), silo, configuration.location
        )

    yield loaded
    for silo in opened:
        silo.close()


def describe(table: Table, container: str) -> Collection:
    """Return the collection that a survey of the table would find."""
    source = Source(silo="sig", container=container, table=table.name)
    in_database = container == "public"
    geometries = ()
    if table.geometry:
        geometries = (
            GeometryColumn(name="geom", type=table.geometry, srid=table.srid),
        )
    survey = Survey(
        source=source,
        kind=RelationKind.TABLE if in_database else RelationKind.LAYER,
        surveyed_at=datetime(2026, 1, 1, tzinfo=UTC),
        fields=tuple(
            Field(
                name=column.name,
                type=column.type,
                native_type=column.postgresql if in_database else column.geopackage,
                nullable=column.nullable,
            )
            for column in table.columns
        ),
        key=table.key,
        geometries=geometries,
        temporal_field=table.time,
    )
    stated = CollectionDescription(
        id=table.name, source=source, columns=table.described
    )
    return Collection(description=stated, survey=survey)


def fill_postgis(address: str, table: Table) -> None:
    definitions = [
        pg.SQL(
            "{} " + column.postgresql + ("" if column.nullable else " NOT NULL")
        ).format(pg.Identifier(column.name))
        for column in table.columns
    ]
    if table.geometry:
        definitions.append(pg.SQL(f"geom geometry(Geometry, {table.srid})"))
    if table.key:
        names = pg.SQL(", ").join(map(pg.Identifier, table.key))
        definitions.append(pg.SQL("PRIMARY KEY ({})").format(names))
    name = pg.Identifier(table.name)
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(pg.SQL("DROP TABLE IF EXISTS {}").format(name))
        body = pg.SQL(", ").join(definitions)
        cursor.execute(pg.SQL("CREATE TABLE {} ({})").format(name, body))
        slots = ["%s"] * len(table.columns)
        if table.geometry:
            slots.append(f"ST_GeomFromWKB(%s, {table.srid})")
        insert = pg.SQL("INSERT INTO {} VALUES (" + ", ".join(slots) + ")").format(name)
        execute_batch(cursor, insert, list(rows_of(table)), page_size=500)
        if table.geometry:
            cursor.execute(pg.SQL("CREATE INDEX ON {} USING gist (geom)").format(name))
        cursor.execute(pg.SQL("ANALYZE {}").format(name))
    connection.close()


def rows_of(table: Table) -> Iterator[tuple[Value, ...]]:
    """Yield rows, the geometry as WKB after the columns."""
    for number, row in enumerate(table.rows):
        if not table.geometry:
            yield row
            continue
        geometry = table.geometries[number]
        yield (*row, None if geometry is None else shapely.to_wkb(geometry))


def fill_geopackage(path: Path, table: Table) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(_TABLES)
    connection.execute(f'DROP TABLE IF EXISTS "{table.name}"')
    connection.execute(f'DROP TABLE IF EXISTS "rtree_{table.name}_geom"')
    single = len(table.key) == 1
    definitions = []
    for column in table.columns:
        is_row = (
            single and column.name == table.key[0] and column.type is FieldType.INTEGER
        )
        kind = "INTEGER PRIMARY KEY" if is_row else column.geopackage
        definitions.append(_quoted(column.name) + f" {kind}")
        single = single and not is_row
    if table.geometry:
        definitions.append("geom BLOB")
    if len(table.key) > 1 or (table.key and single):
        names = ", ".join(map(_quoted, table.key))
        definitions.append(f"PRIMARY KEY ({names})")
    connection.execute(f'CREATE TABLE "{table.name}" ({", ".join(definitions)})')
    kind = "features" if table.geometry else "attributes"
    connection.execute(
        "INSERT OR REPLACE INTO gpkg_contents (table_name, data_type, srs_id)"
        " VALUES (?, ?, ?)",
        (table.name, kind, table.srid),
    )
    if table.geometry:
        connection.execute(
            "INSERT OR REPLACE INTO gpkg_geometry_columns"
            " VALUES (?, 'geom', ?, ?, 0, 0)",
            (table.name, table.geometry.value.upper(), table.srid),
        )
        connection.execute(
            f'CREATE VIRTUAL TABLE "rtree_{table.name}_geom" '
            "USING rtree(id, minx, maxx, miny, maxy)"
        )
    _insert(connection, table)
    connection.commit()
    connection.close()


def _insert(connection: sqlite3.Connection, table: Table) -> None:
    width = len(table.columns) + bool(table.geometry)
    slots = ", ".join("?" * width)
    for number, row in enumerate(rows_of(table)):
        values = [_stored(value) for value in row]
        if table.geometry:
            values[-1] = geopackage_blob(row[-1], table.srid)
        cursor = connection.execute(
            f'INSERT INTO "{table.name}" VALUES ({slots})', values
        )
        shape = table.geometries[number] if table.geometry else None
        if shape is not None and not shape.is_empty:
            xmin, ymin, xmax, ymax = shape.bounds
            connection.execute(
                f'INSERT INTO "rtree_{table.name}_geom" VALUES (?, ?, ?, ?, ?)',
                (cursor.lastrowid, xmin, xmax, ymin, ymax),
            )


def geopackage_blob(wkb: object, srid: int) -> bytes | None:
    """Return a GeoPackageBinary without an envelope (OGC 12-128r18, 2.1.3)."""
    if not isinstance(wkb, bytes):
        return None
    return b"GP" + struct.pack("<BBi", 0, 1, srid) + wkb


def _stored(value: Value) -> Value:
    """Return a value as GeoPackage stores it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return json.dumps([_stored(each) for each in value])
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if hasattr(value, "isoformat") else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_TABLES = """
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL, description TEXT);
INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES
  ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL),
  ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
  ('WGS 84', 4326, 'EPSG', 4326, 'undefined', NULL),
  ('RGF93 v1 / Lambert-93', 2154, 'EPSG', 2154, 'undefined', NULL);
CREATE TABLE IF NOT EXISTS gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL
    DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (
  table_name TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL);
"""


ODD_TEXTS = (
    "Saint-Denis",
    "SAINT-DENIS",
    "saint-ouen",
    "Épinay-sur-Seine",
    "épinay",
    "L'Île-Saint-Denis",
    'guillemets " et \\ barre',
    "<b>&amp; balise</b>",
    "émoji 🏛️ et tabulation\t, retour\n, contrôle \x01",
    "100 %",
    "100_x",
    "",
    "Zürich",
    "ÀÉÎÕÜ ŒUVRE ΑΘΗΝΑ",
)
RICH_COLUMNS = (
    Column("id", FieldType.INTEGER, "integer", "INTEGER", nullable=False),
    Column("name", FieldType.STRING, "text", "TEXT"),
    Column("population", FieldType.INTEGER, "bigint", "INTEGER"),
    Column("ratio", FieldType.NUMBER, "double precision", "DOUBLE"),
    Column("rank", FieldType.INTEGER, "smallint", "SMALLINT"),
    Column("flag", FieldType.BOOLEAN, "boolean", "BOOLEAN"),
    Column("day", FieldType.DATE, "date", "DATE"),
    Column("moment", FieldType.DATETIME, "timestamp with time zone", "DATETIME"),
    Column("secret", FieldType.STRING, "text", "TEXT"),
    Column("limit", FieldType.STRING, "text", "TEXT"),
    Column("code", FieldType.STRING, "character varying(5)", "TEXT(5)"),
)


def rich_table(rows: int = 160, seed: int = 93) -> Table:
    """Return rows with gaps, duplicates, extremes and odd texts."""
    chance = random.Random(seed)  # noqa: S311  (a seed, not a secret)

    def maybe(value: Value) -> Value:
        return None if chance.random() < 0.2 else value

    made, shapes = [], []
    for number in range(1, rows + 1):
        moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(
            hours=chance.randrange(0, 400),
            microseconds=chance.choice((0, 0, 1, 123456)),
        )
        ratio = chance.choice((0.1, 0.2, 1 / 3, -2.5, 0.0, 1e300, 5e-324, 12.75))
        large = chance.choice(
            (0, 7, 1000, 2**53 + 1, 2**62, -5, chance.randrange(10**6))
        )
        made.append(
            (
                number,
                maybe(chance.choice(ODD_TEXTS)),
                maybe(large),
                maybe(ratio),
                maybe(chance.randrange(4)),
                maybe(chance.random() < 0.5),
                maybe(date(2024, 1, 1) + timedelta(days=chance.randrange(20))),
                maybe(moment),
                f"secret {number}",
                maybe(chance.choice(("a", "b"))),
                f"{93000 + number % 40}",
            )
        )
        shapes.append(_shape(chance))
    return Table(
        name="rich",
        columns=RICH_COLUMNS,
        rows=tuple(made),
        key=("id",),
        geometry=GeometryType.GEOMETRY,
        geometries=tuple(shapes),
        described=Columns(exclude=("secret",), rename={"code": "insee"}),
        time="moment",
    )


def _shape(chance: random.Random) -> shapely.Geometry | None:
    """Return a point, line or polygon in Lambert-93, or none."""
    x, y = chance.uniform(100_000, 1_200_000), chance.uniform(6_100_000, 7_100_000)
    kind = chance.randrange(5)
    if kind == 0:
        return None
    if kind == 1:
        return shapely.box(x, y, x + 30_000, y + 20_000)
    if kind == 2:
        return shapely.LineString([(x, y), (x + 20_000, y + 30_000), (x + 40_000, y)])
    return shapely.Point(x, y)


@pytest.fixture(scope="session")
def table_of_shapes() -> Callable[[Mapping[str, shapely.Geometry | None], int], Table]:
    """Make a table of named geometries in some reference system."""

    def made(shapes: Mapping[str, shapely.Geometry | None], srid: int) -> Table:
        columns = (RICH_COLUMNS[0], Column("sort", FieldType.STRING, "text", "TEXT"))
        return Table(
            name="shapes",
            columns=columns,
            rows=tuple(enumerate(shapes, 1)),
            key=("id",),
            geometry=GeometryType.GEOMETRY,
            geometries=tuple(shapes.values()),
            srid=srid,
        )

    return made


@pytest.fixture(scope="session")
def table_of_keys() -> Callable[..., Table]:
    """Make a table of one column of some type, its key unless that is denied."""

    def made(
        kind: FieldType,
        postgresql: str,
        geopackage: str,
        values: list[Value],
        *,
        key: bool = True,
    ) -> Table:
        return Table(
            name="keys",
            columns=(Column("id", kind, postgresql, geopackage, nullable=not key),),
            rows=tuple((value,) for value in values),
            key=("id",) if key else (),
        )

    return made


@pytest.fixture(scope="session")
def table_of() -> Callable[[list[str], list[tuple[Value, ...]]], Table]:
    """Make a table of an integer key and texts under some names."""

    def made(names: list[str], rows: list[tuple[Value, ...]]) -> Table:
        columns = [
            Column("id", FieldType.INTEGER, "integer", "INTEGER", nullable=False),
            *(Column(name, FieldType.STRING, "text", "TEXT") for name in names),
        ]
        return Table("named", tuple(columns), rows=tuple(rows), key=("id",))

    return made


@pytest.fixture(scope="module")
def rich(load: Loader) -> Loaded:
    """A collection with every kind of column, gaps and odd texts."""
    return load(rich_table())


@pytest.fixture(scope="session")
def rich_rows() -> tuple[dict[str, Value], ...]:
    """The rows of `rich` under their outside names, geometry as `geom`."""
    table = rich_table()
    names = [column.name for column in table.columns]
    rows = []
    for row, shape in zip(table.rows, table.geometries, strict=True):
        found = dict(zip(names, row, strict=True))
        found["insee"] = found.pop("code")
        del found["secret"]
        rows.append({**found, "geom": shape})
    return tuple(rows)


@pytest.fixture(scope="module")
def load_shapes(
    load: Loader,
) -> Callable[[Mapping[str, shapely.Geometry | None]], Loaded]:
    """Fill named geometries in WGS 84 into a collection with the column `sort`."""

    def loaded(shapes: Mapping[str, shapely.Geometry | None]) -> Loaded:
        columns = (
            RICH_COLUMNS[0],
            Column("sort", FieldType.STRING, "text", "TEXT"),
        )
        return load(
            Table(
                name="shapes",
                columns=columns,
                rows=tuple(enumerate(shapes, 1)),
                key=("id",),
                geometry=GeometryType.GEOMETRY,
                geometries=tuple(shapes.values()),
                srid=4326,
            )
        )

    return loaded


@pytest.fixture(scope="module")
def load_arrays(
    load: Loader,
) -> Callable[[Sequence[tuple[list[Value] | None, ...]]], Loaded]:
    """Fill rows of arrays: texts, whole numbers, doubles, days, moments, words.

    A GeoPackage holds them as GDAL writes lists, which is as JSON.
    """
    types = {
        "words": ("text[]", "List[str]"),
        "codes": ("integer[]", "List[int64]"),
        "ratios": ("double precision[]", "List[float]"),
        "days": ("date[]", "List[str]"),
        "short": ("character varying(20)[]", "List[str]"),
    }

    def loaded(rows: Sequence[tuple[list[Value] | None, ...]]) -> Loaded:
        columns = [Column(n, FieldType.ARRAY, p, "TEXT") for n, (p, _) in types.items()]
        found = load(
            Table(
                name="arrays",
                columns=(RICH_COLUMNS[0], *columns),
                rows=tuple((n, *row) for n, row in enumerate(rows, 1)),
                key=("id",),
            )
        )
        survey = found.collection.survey
        natives = {n: kinds[not found.is_postgis] for n, kinds in types.items()}
        fields = tuple(
            replace(each, native_type=natives.get(each.name, each.native_type))
            for each in survey.fields
        )
        collection = replace(found.collection, survey=replace(survey, fields=fields))
        source = found.silo.features(collection)
        return replace(found, collection=collection, source=source)

    return loaded


@pytest.fixture(scope="module")
def points(load: Loader) -> Loaded:
    """25,000 points in Lambert-93, far from its central meridian (3° E)."""
    chance = random.Random(5)  # noqa: S311  (a seed, not a secret)
    rows, shapes = [], []
    for number in range(1, 25_001):
        rows.append((number, f"p{number}"))
        shapes.append(
            shapely.Point(
                chance.uniform(1_030_000, 1_110_000),
                chance.uniform(6_360_000, 6_440_000),
            )
        )
    return load(
        Table(
            name="points",
            columns=(RICH_COLUMNS[0], RICH_COLUMNS[1]),
            rows=tuple(rows),
            key=("id",),
            geometry=GeometryType.POINT,
            geometries=tuple(shapes),
        )
    )


@pytest.fixture(scope="module")
def composite(load: Loader) -> Loaded:
    """A collection whose key is a text and a number."""
    texts = ("a", "a,b", "a/b", "é %", "%2F", "a b")
    return load(
        Table(
            name="composite",
            columns=(
                Column("part", FieldType.STRING, "text", "TEXT", nullable=False),
                Column("id", FieldType.INTEGER, "integer", "INTEGER", nullable=False),
                Column("name", FieldType.STRING, "text", "TEXT"),
            ),
            rows=tuple((text, n, f"{text} {n}") for text in texts for n in (1, 2)),
            key=("part", "id"),
        )
    )


@pytest.fixture(scope="module")
def keyless(load: Loader) -> Loaded:
    """A table without a key and without geometry."""
    return load(
        Table(
            name="keyless",
            columns=(RICH_COLUMNS[1],),
            rows=tuple((f"row {n % 7}",) for n in range(25)),
        )
    )


@pytest.fixture(scope="module")
def wide(load: Loader) -> Loaded:
    """A table of 200 columns, one renamed beyond what PostgreSQL can name."""
    columns = tuple(
        Column(f"c{n}", FieldType.INTEGER, "integer", "INTEGER") for n in range(200)
    )
    return load(
        Table(
            name="wide",
            columns=(RICH_COLUMNS[0], *columns),
            rows=tuple((n, *range(n, n + 200)) for n in (1, 2)),
            key=("id",),
        )
    )


@pytest.fixture
def load_named(load: Loader) -> Callable[[str], Loaded]:
    """Fill a table of two rows, whose text column has some name."""

    def loaded(name: str) -> Loaded:
        columns = (
            Column("id", FieldType.INTEGER, "integer", "INTEGER", nullable=False),
            Column(name, FieldType.STRING, "text", "TEXT"),
        )
        table = "named_" + "_".join(str(ord(character)) for character in name)
        return load(Table(table, columns, rows=((1, "a"), (2, "b")), key=("id",)))

    return loaded
