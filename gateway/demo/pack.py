"""Makes the demonstration's silo from the facts in `pygeoapi-config/demo`.

As GeoPackages (OGC 12-128r19), or as tables in a PostGIS database:

    python -m gateway.demo.pack (FOLDER | postgresql://…) [PACK]

Tables and columns carry the comments of `tables.toml`, as those of a careful
maker would, so that the survey has something to propose from.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import fiona
import pyproj
import shapely
from psycopg2 import sql

from metadata.errors import SourceError
from metadata.finding import Text
from providers.database import connect, translated

PACK = Path(__file__).resolve().parents[2] / "pygeoapi-config" / "demo"
_FIONA = {"text": "str", "integer": "int32", "date": "date"}
Value = str | int | date | None


@dataclass(frozen=True, kw_only=True)
class DemoColumn:
    """One column: its name, its type (text, integer, date) and its comment."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class DemoTable:
    """One table of the pack, with its rows."""

    name: str
    container: str
    """The GeoPackage it goes into."""
    geometry: str
    crs: int
    """EPSG code that its geometries are stored in."""
    key: tuple[str, ...]
    title: str
    comment: str
    columns: tuple[DemoColumn, ...]
    rows: tuple[tuple[tuple[Value, ...], shapely.Geometry | None], ...]
    """Values in the order of the columns, and the geometry in `crs`, x before y."""


def read_pack(folder: Path = PACK) -> tuple[DemoTable, ...]:
    """Read every table of the pack.

    Raises
    ------
    metadata.errors.SourceError
        The pack is not in the checkout.
    """
    try:
        described = tomllib.loads((folder / "tables.toml").read_text("utf-8"))
        return tuple(_table(folder, name, said) for name, said in described.items())
    except FileNotFoundError as error:
        raise SourceError(
            Text(
                f"Lecture du jeu de démonstration : {error.filename} manque.",
                f"Reading the demonstration's data: {error.filename} is missing.",
            )
        ) from error


def write_geopackages(tables: Iterable[DemoTable], folder: Path) -> tuple[Path, ...]:
    """Write one GeoPackage per container; return them, each once."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table in tables:
        path = folder / f"{table.container}.gpkg"
        _write_layer(path, table)
        with closing(sqlite3.connect(path)) as file, file:
            _write_column_comments(file, table)
        paths.append(path)
    return tuple(dict.fromkeys(paths))


def write_postgis(tables: Iterable[DemoTable], location: str) -> None:
    """Make the tables anew in schema ``public`` of a database with PostGIS.

    Raises
    ------
    metadata.errors.SourceUnreachable, metadata.errors.SourceRefused
        No connection, or no right to make tables.
    """
    with (
        translated("Writing the demonstration's tables"),
        closing(connect(location, read_only=False)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        for table in tables:
            for statement in _statements(table):
                cursor.execute(statement)
            cursor.executemany(_insert(table), list(_bound(table)))


def _table(folder: Path, name: str, said: Mapping[str, Any]) -> DemoTable:
    """Join what `tables.toml` says with the rows of the CSV."""
    columns = tuple(
        DemoColumn(name=column, type=kind, comment=comment)
        for column, (kind, comment) in said["columns"].items()
    )
    to_crs = pyproj.Transformer.from_crs("OGC:CRS84", said["crs"], always_xy=True)
    with (folder / said["file"]).open(encoding="utf-8", newline="") as file:
        rows = tuple(
            (
                tuple(_value(row[column.name], column.type) for column in columns),
                _geometry(row, to_crs),
            )
            for row in csv.DictReader(file)
        )
    return DemoTable(
        name=name,
        container=said["container"],
        geometry=said["geometry"],
        crs=said["crs"],
        key=tuple(said["key"]),
        title=said["title"],
        comment=said["comment"],
        columns=columns,
        rows=rows,
    )


def _value(text: str, kind: str) -> Value:
    if not text:
        return None
    if kind == "integer":
        return int(text)
    return date.fromisoformat(text) if kind == "date" else text


def _geometry(
    row: Mapping[str, str], to_crs: pyproj.Transformer
) -> shapely.Geometry | None:
    """Return the geometry in the table's CRS; `None` where there is none."""
    if "wkt" in row:
        return shapely.from_wkt(row["wkt"])
    if not row["longitude"]:
        return None
    x, y = to_crs.transform(float(row["longitude"]), float(row["latitude"]))
    return shapely.Point(x, y)


def _write_layer(path: Path, table: DemoTable) -> None:
    schema = {
        "geometry": table.geometry,
        "properties": {c.name: _FIONA[c.type] for c in table.columns},
    }
    names = [column.name for column in table.columns]
    with fiona.open(
        path,
        "w",
        driver="GPKG",
        layer=table.name,
        schema=schema,
        crs=f"EPSG:{table.crs}",
        IDENTIFIER=table.title,
        DESCRIPTION=table.comment,
    ) as layer:
        layer.writerecords(
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(shape) if shape else None,
                "properties": {
                    name: value.isoformat() if isinstance(value, date) else value
                    for name, value in zip(names, values, strict=True)
                },
            }
            for values, shape in table.rows
        )


def _write_column_comments(file: sqlite3.Connection, table: DemoTable) -> None:
    """Describe the columns as clause F.9 (schema extension) has it."""
    file.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_columns ("
        "table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,"
        " description TEXT, mime_type TEXT, constraint_name TEXT,"
        " CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),"
        " CONSTRAINT gdc_tn UNIQUE (table_name, name))"
    )
    file.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, description)"
        " VALUES (?, ?, ?, ?)",
        [(table.name, c.name, c.name, c.comment) for c in table.columns],
    )
    file.execute(
        "INSERT INTO gpkg_extensions SELECT 'gpkg_data_columns', NULL, 'gpkg_schema',"
        " 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'"
        " WHERE NOT EXISTS (SELECT 1 FROM gpkg_extensions"
        " WHERE extension_name = 'gpkg_schema')"
    )


def _statements(table: DemoTable) -> Iterator[sql.Composable]:
    """Yield what makes one table, its index and its comments."""
    name = sql.Identifier("public", table.name)
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(c.name), sql.SQL(c.type))
        for c in table.columns
    ]
    geometry = sql.SQL("geom geometry({}, {})").format(
        sql.SQL(table.geometry), sql.Literal(table.crs)
    )
    key = sql.SQL("PRIMARY KEY ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, table.key))
    )
    yield sql.SQL("DROP TABLE IF EXISTS {}").format(name)
    yield sql.SQL("CREATE TABLE {} ({})").format(
        name, sql.SQL(", ").join([*columns, geometry, key])
    )
    yield sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(name)
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(
        name, sql.Literal(f"{table.title}. {table.comment}")
    )
    for column in table.columns:
        yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(
            sql.Identifier("public", table.name, column.name),
            sql.Literal(column.comment),
        )


def _insert(table: DemoTable) -> sql.Composable:
    return sql.SQL("INSERT INTO {} VALUES ({}, ST_GeomFromWKB(%s, {}))").format(
        sql.Identifier("public", table.name),
        sql.SQL(", ").join([sql.SQL("%s")] * len(table.columns)),
        sql.Literal(table.crs),
    )


def _bound(table: DemoTable) -> Iterator[tuple[Any, ...]]:
    for values, shape in table.rows:
        yield (*values, shapely.to_wkb(shape) if shape else None)


def main(target: str, folder: Path = PACK) -> None:
    """Make the silo where `target` says: a folder, or a database."""
    tables = read_pack(folder)
    if target.startswith(("postgresql://", "postgres://")):
        write_postgis(tables, target)
    else:
        write_geopackages(tables, Path(target))


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:3]))
