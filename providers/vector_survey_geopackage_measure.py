"""Measures the layers of a GeoPackage: rows, exact extent, period, spatial index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from math import isfinite

from metadata.finding import Finding
from metadata.measured import FieldType, Period, Survey
from providers.survey_findings import survey_finding
from providers.vector_survey_blobs import (
    HEAD,
    Box,
    Head,
    MalformedBlob,
    is_valid,
    read_box,
    read_head,
)
from providers.vector_survey_geopackage import index_name
from providers.vector_survey_layer import Layer, LayerMeasures, Tally, measured
from providers.vector_survey_sqlite import quoted, reading

_BATCH = 10_000
_VALIDITY_SAMPLE = 1_000
_VALIDITY_SECONDS = 2.0
_DATES = frozenset({FieldType.DATE, FieldType.DATETIME})


def measure_layer(layer: Layer, *, is_alone: bool) -> tuple[Survey, list[Finding]]:
    """Read a whole layer.

    Parameters
    ----------
    is_alone
        Whether the file holds nothing else, so that its size is the layer's.

    Raises
    ------
    providers.vector_survey_layer.FileUnreadable
        The file fails while being read.
    """
    findings: list[Finding] = []
    with reading(layer.path) as connection:
        table = quoted(layer.survey.source.table)
        # Identifiers cannot be bound; this one is quoted.
        query = f"SELECT count(*) FROM {table}"  # noqa: S608
        ((total,),) = connection.execute(query).fetchall()
        tally = _tally(connection, layer)
        periods = tuple(_periods(connection, layer, findings))
        findings.extend(_index_findings(connection, layer, tally))
        findings.extend(_validity_findings(connection, layer))
    measures = LayerMeasures(
        total=total,
        tally=tally,
        periods=periods,
        size=layer.path.stat().st_size if is_alone else None,
        findings=findings,
    )
    return measured(layer, measures)


def _tally(connection: sqlite3.Connection, layer: Layer) -> Tally:
    """Add up all geometries from the beginnings of their blobs.

    The R-tree would be quicker and not exact: it holds single precision, half a
    metre in Lambert-93, and may be stale.
    """
    tally = Tally()
    column = layer.survey.geometry
    if column is None:
        return tally
    name, table = quoted(column.name), quoted(layer.survey.source.table)
    rows = connection.execute(
        f"SELECT substr({name}, 1, {HEAD}) FROM {table}"  # noqa: S608
    )
    is_incomplete = False
    for head in _each(rows):
        if head is None:
            tally.absent += 1
        elif not _add(tally, head):
            is_incomplete = True
    if is_incomplete:
        _add_without_envelope(connection, name, table, tally)
    return tally


def _each(rows: sqlite3.Cursor) -> Iterator[bytes | None]:
    while batch := rows.fetchmany(_BATCH):
        for (value,) in batch:
            yield value


def _add(tally: Tally, blob: object) -> bool:
    """Count one geometry by its beginning; `False` when that is not enough."""
    try:
        head = _head(blob)
    except MalformedBlob:
        tally.broken += 1
        return True
    if head.is_empty:
        tally.absent += 1
    elif head.box is None:
        return False
    else:
        tally.add(head.shape, head.box)
    return True


def _head(blob: object) -> Head:
    """Read the beginning of a value.

    Raises
    ------
    MalformedBlob
        It is no geometry; SQLite lets any value stand in any column.
    """
    if not isinstance(blob, bytes):
        raise MalformedBlob
    return read_head(blob[:HEAD])


def _add_without_envelope(
    connection: sqlite3.Connection, name: str, table: str, tally: Tally
) -> None:
    """Count the geometries whose coordinates must be read to know where they are."""
    rows = connection.execute(
        f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608
    )
    for blob in _each(rows):
        try:
            head = _head(blob)
            if head.is_empty or head.box is not None:
                continue
            box = read_box(bytes(blob or b""), head.body)
        except MalformedBlob:
            # Counted already where the header itself is broken.
            tally.broken += int(_has_head(blob))
            continue
        if box is None:
            tally.absent += 1
        else:
            tally.add(head.shape, box)


def _has_head(blob: object) -> bool:
    try:
        _head(blob)
    except MalformedBlob:
        return False
    return True


def _periods(
    connection: sqlite3.Connection, layer: Layer, findings: list[Finding]
) -> Iterator[Period]:
    """Yield the period of each date column; add findings for what is no date."""
    table = quoted(layer.survey.source.table)
    for field in layer.survey.fields:
        if field.type not in _DATES:
            continue
        # Once it has to calculate, SQLite moves 30 February on to March, so a date
        # must come back as it was given; and a number would be a Julian day.
        day = f"substr({quoted(field.name)}, 1, 10)"
        is_date = (
            f"typeof({quoted(field.name)}) = 'text' AND date({day}, '+0 days') = {day}"
            f" AND {day} >= '0001-01-01'"
        )
        query = (
            f"SELECT min({day}) FILTER (WHERE {is_date}),"  # noqa: S608
            f" max({day}) FILTER (WHERE {is_date}),"
            f" count({quoted(field.name)}) - count(*) FILTER (WHERE {is_date})"
            f" FROM {table}"
        )
        ((first, last, unusable),) = connection.execute(query).fetchall()
        if first:
            yield Period(field=field.name, start=first, end=last)
        if unusable:
            findings.append(
                survey_finding(
                    "dates-unusable",
                    layer.survey.source,
                    count=unusable,
                    column=field.name,
                )
            )


def _index_findings(
    connection: sqlite3.Connection, layer: Layer, tally: Tally
) -> Iterator[Finding]:
    """Yield a finding when the R-tree does not hold what the layer holds."""
    column = layer.survey.geometry
    if column is None or not column.indexed:
        return
    query = (
        "SELECT count(*), min(minx), min(miny), max(maxx), max(maxy)"  # noqa: S608
        f" FROM {quoted(index_name(layer))}"
    )
    ((count, *corners),) = connection.execute(query).fetchall()
    is_whole = count == tally.located and (not count or _holds(corners, tally.box))
    if not is_whole and not tally.broken:
        yield survey_finding(
            "index-stale",
            layer.survey.source,
            indexed=count,
            geometries=tally.located,
        )


def _holds(corners: list[float], box: Box | None) -> bool:
    """Tell whether the R-tree's box, which SQLite rounds outwards, holds the exact."""
    if box is None or not all(isfinite(number) for number in box):
        return True
    xmin, ymin, xmax, ymax = corners
    return xmin <= box[0] and ymin <= box[1] and xmax >= box[2] and ymax >= box[3]


def _validity_findings(
    connection: sqlite3.Connection, layer: Layer
) -> Iterator[Finding]:
    """Look at the validity of the first geometries, within a short time."""
    column = layer.survey.geometry
    if column is None:
        return
    name, table = quoted(column.name), quoted(layer.survey.source.table)
    rows = connection.execute(
        f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608
        f" LIMIT {_VALIDITY_SAMPLE}"
    )
    looked = invalid = 0
    deadline = time.monotonic() + _VALIDITY_SECONDS
    for (blob,) in rows:
        if time.monotonic() > deadline:
            break
        try:
            head = _head(blob)
            invalid += not head.is_empty and not is_valid(blob, head.body)
        except MalformedBlob:
            continue
        looked += 1
    if invalid:
        yield survey_finding(
            "geometry-invalid",
            layer.survey.source,
            count=invalid,
            looked=looked,
            column=column.name,
            in_file=True,
        )
