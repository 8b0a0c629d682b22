"""What both pygeoapi plugins share: pygeoapi's contract on our feature sources.

The contract of `pygeoapi.provider.base.BaseProvider` (0.21) is in its callers,
so it is written down here. A provider is configured by

``data``
    Address of the database, or path of the file.
``table``, ``schema``
    What is served; the schema defaults to ``public``.
``id_field``
    The key, where the silo itself has none; several columns with commas.
``geom_field``, ``time_field``, ``storage_crs``
    Where there are several, or the silo does not know.
``columns``
    ``exclude``, ``rename`` and ``describe``, as in a description.

and is made anew for every request; silos and surveys are kept per process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from pygeoapi.provider.base import (
    BaseProvider,
    ProviderItemNotFoundError,
    ProviderQueryError,
)

from metadata.crs import Crs, epsg, parse_crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.errors import QueryError
from metadata.measured import Bounds, FieldType, GeometryColumn, Source, Survey
from metadata.stated import CollectionDescription, Columns
from providers.conditions import during, equal
from providers.configuration import SiloConfiguration
from providers.cql2 import read_tree, unknown_property
from providers.cql2_pygeofilter import cql2_tree
from providers.cql2_tree import Predicate
from providers.errors import told_to_pygeoapi
from providers.features import FeatureSilo, open_features
from providers.query import Order, Query, columns_by_name, key_columns, order_of
from providers.survey import survey_structure

Definition = Mapping[str, Any]
Answer = dict[str, Any]
_SCHEMA_TYPES = {
    FieldType.INTEGER: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    FieldType.TIME: {"type": "string", "format": "time"},
    FieldType.UUID: {"type": "string", "format": "uuid"},
    FieldType.JSON: {"type": "object"},
    FieldType.ARRAY: {"type": "array"},
}
_SILO = "pygeoapi"


class FeatureProvider(BaseProvider):
    """A pygeoapi provider of features. See the module for its configuration."""

    def __init__(self, provider_def: Definition) -> None:
        super().__init__(provider_def)
        with told_to_pygeoapi():
            location, container = self.place(provider_def)
            self._collection = _collection(provider_def, location, container)
            self._source = _silo(location).features(self._collection)
        self._storage = _storage_crs(self._collection, provider_def)
        self.get_fields()

    def place(self, provider_def: Definition) -> tuple[str, str]:
        """Return the silo's location, and the schema or file within."""
        raise NotImplementedError

    def get_fields(self) -> dict[str, dict[str, str]]:
        """Return JSON Schema types of the published columns by outside name."""
        if not self._fields:
            self._fields = {
                column.name: dict(
                    _SCHEMA_TYPES.get(column.field.type, {"type": "string"})
                )
                for column in published_columns(self._collection)
            }
        fields: dict[str, dict[str, str]] = self._fields
        return fields

    def query(  # noqa: PLR0913, PLR0917  (pygeoapi's signature)
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: Sequence[float] = (),
        datetime_: str | None = None,
        properties: Sequence[tuple[str, str]] = (),
        sortby: Sequence[Mapping[str, str]] = (),
        select_properties: Sequence[str] = (),
        skip_geometry: bool = False,
        q: str | None = None,
        filterq: object | None = None,
        crs_transform_spec: Any | None = None,
        **kwargs: object,
    ) -> Answer:
        """Return one page as a FeatureCollection.

        `bbox` and the geometries of `filterq` are in the storage CRS, as
        pygeoapi hands them over.
        """
        with told_to_pygeoapi():
            if q:
                message = "This collection has no full-text search."
                raise QueryError(message, parameter="q")
            query = Query(
                limit=limit,
                offset=offset,
                crs=self._crs(crs_transform_spec),
                area=self._area(bbox),
                conditions=tuple(self._conditions(properties, datetime_, filterq)),
                properties=self._selected(select_properties),
                order=tuple(self._order(each) for each in sortby),
                geometry=not skip_geometry,
            )
            return self._answer(query, hits=resulttype == "hits")

    def get(self, identifier: str, **kwargs: Any) -> Answer:
        """Return one feature.

        Raises
        ------
        pygeoapi.provider.base.ProviderItemNotFoundError
            There is none, or the text cannot be its key.
        """
        single = len(key_columns(self._collection)) == 1
        key = quote(str(identifier), safe="") if single else str(identifier)
        with told_to_pygeoapi():
            crs = self._crs(kwargs.get("crs_transform_spec"))
            text = self._source.feature(key, crs)
        if text is None:
            message = f"There is no item {identifier!r}."
            raise ProviderItemNotFoundError(message)
        feature: Answer = json.loads(text)
        return feature

    def __repr__(self) -> str:
        return f"<{type(self).__name__}> {self._collection.survey.source}"

    def _answer(self, query: Query, *, hits: bool) -> Answer:
        matched = self._source.count(replace(query, limit=None, offset=0))
        features = () if hits else self._source.page(query).features
        return {
            "type": "FeatureCollection",
            "features": [json.loads(feature) for feature in features],
            "numberMatched": matched,
            "numberReturned": len(features),
        }

    def _crs(self, spec: Any | None) -> Crs:
        """Return the CRS to answer in; without a transformation, the storage's."""
        return self._storage if spec is None else parse_crs(spec.target_crs_uri)

    def _area(self, bbox: Sequence[float]) -> tuple[Bounds, ...]:
        if not bbox:
            return ()
        half = len(bbox) // 2
        (west, south), (east, north) = bbox[:2], bbox[half : half + 2]
        return (Bounds(west, south, east, north, self._storage.srid),)

    def _conditions(
        self,
        properties: Sequence[tuple[str, str]],
        datetime_: str | None,
        filterq: object | None,
    ) -> list[Predicate]:
        found = [equal(self._column(name), value) for name, value in properties]
        if datetime_:
            found += during(datetime_, self._collection)
        if filterq is not None:
            crs = replace(self._storage, swapped=False)
            found.append(read_tree(cql2_tree(filterq), self._collection, crs=crs))
        return found

    def _selected(self, names: Sequence[str]) -> tuple[PublishedColumn, ...] | None:
        chosen = names or self.properties
        return tuple(self._column(name) for name in chosen) if chosen else None

    def _order(self, term: Mapping[str, str]) -> Order:
        column = self._column(term["property"])
        return order_of(self._collection, column, descending=term["order"] == "-")

    def _column(self, name: str) -> PublishedColumn:
        columns = columns_by_name(self._collection)
        if name not in columns:
            raise unknown_property(name, columns, name)
        return columns[name]


@lru_cache(maxsize=64)
def _silo(location: str) -> FeatureSilo:
    return open_features(SiloConfiguration(name=_SILO, location=location))


@lru_cache(maxsize=64)
def _surveys(location: str, schema: str) -> tuple[Survey, ...]:
    """Read a silo's catalogues, once per process."""
    schemas = (schema,) if schema else ()
    silo = SiloConfiguration(name=_SILO, location=location, schemas=schemas)
    return survey_structure(silo, now=datetime.now(UTC)).surveys


def _collection(given: Definition, location: str, container: str) -> Collection:
    """Return the collection that a provider's configuration names."""
    is_database = location.startswith("postgres")
    surveys = _surveys(location, container if is_database else "")
    table = given["table"]
    survey = next((s for s in surveys if s.source.table == table), None)
    if survey is None:
        message = f"There is no table {container}.{table}."
        raise ProviderQueryError(message)
    source = Source(silo=_SILO, container=survey.source.container, table=table)
    columns = given.get("columns") or {}
    described = CollectionDescription(
        id=table,
        source=source,
        key=tuple(filter(None, str(given.get("id_field") or "").split(","))),
        geometry=given.get("geom_field") or "",
        time=given.get("time_field") or "",
        columns=Columns(
            exclude=tuple(columns.get("exclude", ())),
            rename=columns.get("rename", {}),
            describe=columns.get("describe", {}),
        ),
    )
    return Collection(description=described, survey=_with_crs(survey, given))


def _with_crs(survey: Survey, given: Definition) -> Survey:
    """Return a survey whose geometries have the configured CRS where it has none."""
    if "storage_crs" not in given or all(g.srid for g in survey.geometries):
        return survey
    srid = parse_crs(given["storage_crs"]).srid
    known: list[GeometryColumn] = [
        geometry if geometry.srid else replace(geometry, srid=srid)
        for geometry in survey.geometries
    ]
    return replace(survey, geometries=tuple(known))


def _storage_crs(collection: Collection, given: Definition) -> Crs:
    if "storage_crs" in given:
        return parse_crs(given["storage_crs"])
    geometry = collection.geometry
    return epsg(geometry.srid if geometry and geometry.srid else 4326)
