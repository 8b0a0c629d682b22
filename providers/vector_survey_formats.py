"""Surveys vector files other than GeoPackage, through fiona.

Such a file has neither a stable key nor, mostly, an index: it is queried through
a copy (`providers.vector_copy`). Every feature is read for the extent; what a
header claims is not taken for a measure.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import fiona
import fiona.errors
from fiona._err import CPLE_BaseError

from metadata.finding import Finding, Text
from metadata.measured import (
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from providers.survey_extent import epsg_code
from providers.survey_findings import sql_names, survey_finding
from providers.vector_survey_layer import (
    GEOMETRY_TYPES,
    FileUnreadable,
    Layer,
    LayerMeasures,
    Shape,
    Tally,
    measured,
)


class _Format(NamedTuple):
    driver: str
    name: str


FORMATS: Mapping[str, _Format] = {
    ".geojson": _Format("GeoJSON", "GeoJSON"),
    ".geojsonl": _Format("GeoJSONSeq", "GeoJSON (lines)"),
    ".shp": _Format("ESRI Shapefile", "Shapefile"),
    ".fgb": _Format("FlatGeobuf", "FlatGeobuf"),
    ".csv": _Format("CSV", "CSV"),
    ".tab": _Format("MapInfo File", "MapInfo TAB"),
    ".mif": _Format("MapInfo File", "MapInfo MIF"),
    ".gdb": _Format("OpenFileGDB", "File Geodatabase"),
}
"""Ending → how it is read. A geodatabase is a folder that counts as a file."""
_FIELD_TYPES: Mapping[str, FieldType] = {
    "str": FieldType.STRING,
    "int": FieldType.INTEGER,
    "int16": FieldType.INTEGER,
    "int32": FieldType.INTEGER,
    "int64": FieldType.INTEGER,
    "float": FieldType.NUMBER,
    "float32": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "time": FieldType.TIME,
    "bytes": FieldType.BINARY,
    "json": FieldType.JSON,
}
_DATES = frozenset({FieldType.DATE, FieldType.DATETIME})
GEOMETRY = "geometry"
"""Name given to the geometry, which has none in these formats."""
_UNNAMED = frozenset({"None", "Unknown", ""})
Box = tuple[float, float, float, float]

# GDAL tells of each oddity of a file; what matters becomes a finding.
logging.getLogger("fiona").addHandler(logging.NullHandler())


def read_layers(
    path: Path, *, silo: str, container: str, now: datetime
) -> tuple[Layer, ...]:
    """Read the layers of a file from its head.

    Raises
    ------
    FileUnreadable
        GDAL cannot open it, or one of its layers.
    """
    driver = FORMATS[path.suffix.lower()].driver
    with translated():
        # Opening GeoJSON reads all of it: not twice to learn a single name.
        names = fiona.listlayers(path) if path.is_dir() else [None]
        layers: list[Layer] = []
        for name in names:
            with fiona.open(path, layer=name, enabled_drivers=[driver]) as features:
                source = Source(silo=silo, container=container, table=features.name)
                layers.append(_layer(path, source, features, now))
    return tuple(layers)


def measure_layer(layer: Layer, *, is_alone: bool) -> tuple[Survey, list[Finding]]:
    """Read every feature of a layer, one after the other.

    Parameters
    ----------
    is_alone
        Whether the file holds nothing else, so that its size is the layer's.

    Raises
    ------
    FileUnreadable
        GDAL stops half-way.
    """
    tally, days = Tally(), _Days()
    total = _read(layer, tally, days)
    measures = LayerMeasures(
        total=total,
        tally=tally,
        periods=days.periods,
        size=_size(layer.path) if is_alone else None,
        findings=[
            survey_finding(
                "dates-unusable", layer.survey.source, count=count, column=name
            )
            for name, count in days.unusable.items()
        ],
    )
    return measured(layer, measures)


def _read(layer: Layer, tally: Tally, days: _Days) -> int:
    """Add up every feature, and return how many there are."""
    total = 0
    dates = [field.name for field in layer.survey.fields if field.type in _DATES]
    name = layer.survey.source.table
    drivers = [FORMATS[layer.path.suffix.lower()].driver]
    with (
        translated(),
        fiona.open(layer.path, layer=name, enabled_drivers=drivers) as features,
    ):
        for feature in features:
            total += 1
            _add(tally, feature.geometry)
            for column in dates:
                days.add(column, feature.properties[column])
    return total


class _Days:
    """The first and the last day of each date column."""

    def __init__(self) -> None:
        self.unusable: dict[str, int] = {}
        self._ends: dict[str, tuple[str, str]] = {}

    @property
    def periods(self) -> tuple[Period, ...]:
        """The period of each column that holds a date."""
        return tuple(
            Period(field=name, start=first, end=last)
            for name, (first, last) in self._ends.items()
        )

    def add(self, name: str, value: object) -> None:
        """Take one value of a column into account; nothing is no date."""
        if value is None:
            return
        day = str(value)[:10].replace("/", "-")
        try:
            date.fromisoformat(day)
        except ValueError:
            self.unusable[name] = self.unusable.get(name, 0) + 1
            return
        first, last = self._ends.get(name, (day, day))
        self._ends[name] = min(first, day), max(last, day)


def _layer(path: Path, source: Source, features: Any, now: datetime) -> Layer:
    schema = features.schema
    fields = tuple(
        Field(name=name, type=_field_type(kind), native_type=kind)
        for name, kind in schema["properties"].items()
    )
    column = _geometry(schema["geometry"], features.crs_wkt)
    survey = Survey(
        source=source,
        kind=RelationKind.LAYER,
        surveyed_at=now,
        fields=fields,
        geometries=(column,) if column else (),
        temporal_field=next((f.name for f in fields if f.type in _DATES), ""),
    )
    return Layer(path, survey, tuple(_findings(path, survey, features.crs_wkt)))


def _field_type(kind: str) -> FieldType:
    """Return the type of fiona's ``str:80``, ``float:24.15`` or ``List[str]``."""
    if kind.startswith("List"):
        return FieldType.ARRAY
    return _FIELD_TYPES.get(kind.split(":", maxsplit=1)[0], FieldType.OTHER)


def _geometry(kind: Any, wkt: str) -> GeometryColumn | None:
    """Return the geometry as the head says; `None` for a table without one."""
    # Several types come as a list, and "3D " stands before one with heights.
    kinds = [kind] if isinstance(kind, str) else list(kind)
    if kinds == ["None"]:
        return None
    names = {name.removeprefix("3D ").upper() for name in kinds} - _UNNAMED
    return GeometryColumn(
        name=GEOMETRY,
        type=GEOMETRY_TYPES.get(names.pop(), GeometryType.GEOMETRY)
        if len(names) == 1
        else GeometryType.GEOMETRY,
        srid=epsg_code(wkt),
        dimension=3 if any(name.startswith("3D ") for name in kinds) else 2,
        indexed=False,
    )


def _findings(path: Path, survey: Survey, wkt: str) -> Iterator[Finding]:
    """Yield what is wrong whatever the layer holds."""
    name = FORMATS[path.suffix.lower()].name
    yield survey_finding(
        "convert",
        survey.source,
        format=name,
        file=quote(path.name),
        geopackage=quote(f"{path.stem}.gpkg"),
    )
    column = survey.geometry
    if column is not None and not column.srid:
        yield survey_finding(
            "crs-not-epsg" if wkt else "srid-unknown",
            survey.source,
            sql_names(survey.source, column.name),
            in_file=True,
            crs=wkt.split('"')[1] if '"' in wkt else wkt,
        )


def _add(tally: Tally, geometry: Any) -> None:
    """Count one geometry."""
    box = _box(geometry) if geometry is not None else None
    if box is None:
        tally.absent += 1
        return
    first = next(_positions(geometry))
    kind = str(geometry.type).removeprefix("3D ").upper()
    tally.add(Shape(type_name=kind, has_height=len(first) > 2), box)  # noqa: PLR2004


def _box(geometry: Any) -> Box | None:
    """Return xmin, ymin, xmax, ymax; `None` for an empty geometry."""
    positions = list(_positions(geometry))
    if not positions:
        return None
    xs = [position[0] for position in positions]
    ys = [position[1] for position in positions]
    return min(xs), min(ys), max(xs), max(ys)


def _positions(geometry: Any) -> Iterator[tuple[float, ...]]:
    """Yield every position of a geometry, through collections too."""
    for part in geometry.geometries or ():
        yield from _positions(part)
    if geometry.coordinates:
        yield from _flat(geometry.coordinates)


def _flat(coordinates: Any) -> Iterator[tuple[float, ...]]:
    if isinstance(coordinates[0], float | int):
        yield tuple(coordinates)
        return
    for part in coordinates:
        if part:
            yield from _flat(part)


def _size(path: Path) -> int:
    """Return the bytes of a file with its companions, or of a folder."""
    if path.is_dir():
        files = [entry for entry in path.rglob("*") if entry.is_file()]
    else:
        files = [f for f in path.parent.glob(f"{_escaped(path.stem)}.*") if f.is_file()]
        files = files if path.suffix.lower() in {".shp", ".tab", ".mif"} else [path]
    return sum(file.stat().st_size for file in files)


def _escaped(stem: str) -> str:
    """Return a file name for `glob`, its brackets and stars taken as they are."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of fiona and GDAL into ours.

    Raises
    ------
    FileUnreadable
        One of them was raised.
    """
    try:
        yield
    except (fiona.errors.FionaError, CPLE_BaseError, OSError, ValueError) as error:
        first = str(error).strip().splitlines()
        said = first[0] if first else type(error).__name__
        raise FileUnreadable(Text(f"GDAL : {said}", f"GDAL: {said}")) from error
