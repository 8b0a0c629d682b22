"""Which writer makes features of a GeoPackage's rows, by the encoding asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from metadata.dataset import Collection
from providers.geopackage_csv import CsvWriter
from providers.geopackage_gml import GmlWriter
from providers.geopackage_jsonfg import JsonfgWriter
from providers.geopackage_writing import FeatureWriter
from providers.query import Encoding, Query

_WRITERS: Final[Mapping[Encoding, type[FeatureWriter]]] = {
    Encoding.GEOJSON: FeatureWriter,
    Encoding.JSONFG: JsonfgWriter,
    Encoding.GML: GmlWriter,
    Encoding.CSV: CsvWriter,
}


def feature_writer(collection: Collection, query: Query) -> FeatureWriter:
    """Return what writes the rows that a query finds."""
    return _WRITERS[query.encoding](collection, query)
