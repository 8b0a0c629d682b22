"""The rows of a GeoPackage layer as plain values: `providers.table_rows`."""

from __future__ import annotations

from providers.geopackage_geometry import wkb_of
from providers.geopackage_writing import FeatureWriter
from providers.streams import Row
from providers.table_rows import Decode, TableRow, plain_value


def decoder(writer: FeatureWriter) -> Decode:
    """Return what makes a plain row of one that a feature is written from."""
    kinds = [column.field.type for column in writer.columns]
    first = 1 + len(writer.key)

    def decode(row: Row) -> TableRow:
        shape = row[0]
        return TableRow(
            wkb_of(shape) if isinstance(shape, bytes) else None,
            tuple(map(plain_value, row[first : writer.width], kinds)),
        )

    return decode
