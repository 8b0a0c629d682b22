"""The tables that every GeoPackage has, and the triggers of its R-tree.

References
----------
OGC 12-128r18 (GeoPackage 1.3.1), annexes C, F.3 and F.9.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from pyproj import CRS
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError

_SQL: Final = files("providers").joinpath("sql")


def table_statements() -> list[str]:
    """Return the statements that make the tables of every GeoPackage."""
    return _statements("geopackage_tables.sql")


def quoted(name: str) -> str:
    """Quote an identifier; SQLite doubles a quotation mark within."""
    return '"' + name.replace('"', '""') + '"'


def rtree_name(table: str, shape: str) -> str:
    """Return the name of the R-tree of a geometry column."""
    return f"rtree_{table}_{shape}"


def triggers(table: str, shape: str, fid: str) -> list[str]:
    """Return the statements that make the triggers of an R-tree."""
    names = {"table": table, "rtree": rtree_name(table, shape)}
    names |= {"shape": shape, "fid": fid}
    written = {key: quoted(name) for key, name in names.items()}
    for end in ("insert", "update1", "update2", "update3", "update4", "delete"):
        written[f"rtree_{end}"] = quoted(f"{names['rtree']}_{end}")
    return [text.format(**written) for text in _statements("geopackage_triggers.sql")]


def reference_system(srid: int) -> tuple[str, int, str, int, str, str | None]:
    """Return the row of a reference system, by its EPSG code, 0 or -1 (clause 1.1.2).

    One that nobody knows is “undefined”, as the standard lets it be.
    """
    if srid <= 0:
        kind = "geographic" if srid == 0 else "Cartesian"
        title = f"Undefined {kind} coordinate reference system"
        return title, srid, "NONE", srid, "undefined", None
    try:
        crs = CRS.from_epsg(srid)
        text = crs.to_wkt(WktVersion.WKT1_GDAL)
    except CRSError:
        return f"EPSG:{srid}", srid, "EPSG", srid, "undefined", None
    return crs.name, srid, "EPSG", srid, text, None


def _statements(name: str) -> list[str]:
    """Return the statements of a file, which stand a blank line apart."""
    text = _SQL.joinpath(name).read_text(encoding="utf-8")
    return [part.strip().removesuffix(";") for part in text.split(";\n\n")]
