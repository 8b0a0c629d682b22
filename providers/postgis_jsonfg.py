"""Features as JSON-FG text, written by PostGIS.

References
----------
OGC 21-045r1 (Features and Geometries JSON 1.0), clauses 7.2 (``time``), 7.3
(``place``, ``geometry``); the profile is “jsonfg”.
"""

from __future__ import annotations

from metadata.crs import CRS84
from metadata.dataset import Collection
from metadata.measured import FieldType
from providers.decimals import decimals
from providers.dialect import ROW
from providers.postgis_geometry import outgoing
from providers.query import Query, time_column
from providers.sql import Name, Sql, sql

_DAY = r"^\d{4}-\d\d-\d\d$"
_MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$"
"""Instants as PostgreSQL writes them in JSON, without their zone."""


def jsonfg_feature(
    collection: Collection, query: Query, identifier: Sql, properties: Sql
) -> Sql:
    """Return a feature as JSON-FG.

    Parameters
    ----------
    identifier
        Appends the ``id`` member and its comma; may be empty.
    properties
        The ``properties`` object.
    """
    shape = _shape(collection, query)
    in_place = query.crs != CRS84
    place, geometry = (shape, "'null'") if in_place else ("'null'", shape)
    return sql(
        "'{\"type\":\"Feature\",'", identifier,
        " || '\"time\":' || ", _time(collection),
        " || ',\"place\":' || ", place,
        " || ',\"geometry\":' || ", geometry,
        " || ',\"properties\":' || ", properties, " || '}'",
    )  # fmt: skip


def _shape(collection: Collection, query: Query) -> Sql:
    """Return the geometry; null where it has no position, or one that is no number."""
    if collection.geometry is None or not query.geometry:
        return ("'null'",)
    return sql(
        "coalesce((SELECT t FROM (SELECT ST_AsGeoJSON(g, ", f"{decimals(query.crs)}",
        ", 0) AS t FROM (SELECT ", outgoing(collection.geometry, query.crs),
        " AS g OFFSET 0) AS placed WHERE NOT ST_IsEmpty(g) OFFSET 0) AS"
        " written WHERE t !~ 'NaN|Infinity'), 'null')",
    )  # fmt: skip


def _time(collection: Collection) -> Sql:
    """Return when the feature is; null where RFC 3339 cannot say it."""
    column = time_column(collection)
    if column is None:
        return ("'null'",)
    text = sql("(to_json(", Name((ROW, column.field.name)), ") #>> '{}')")
    if column.field.type is FieldType.DATE:
        return _said(text, _DAY, '\'{"date":"\'', "'\"}'")
    # sessions are in UTC, and so is what has no zone
    bare = sql("regexp_replace(", text, r", '[+-]00:00$', '')")
    return _said(bare, _MOMENT, '\'{"timestamp":"\'', "'Z\"}'")


def _said(text: Sql, form: str, before: str, after: str) -> Sql:
    return sql(
        "coalesce((CASE WHEN ", text, f" ~ '{form}' THEN {before} || ",
        text, f" || {after} END), 'null')",
    )  # fmt: skip
