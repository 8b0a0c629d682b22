"""What stands around features in CSV: the line of heads.

References
----------
RFC 4180 (``text/csv``, its parameters ``charset`` and ``header``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from metadata.crs import Crs
from providers.csv_lines import columns_asked
from providers.query import Encoding, Query
from service.features_visit import FeaturesVisit
from service.headed_items import HeadedForm
from service.links import Link
from service.negotiation import CSV
from service.snapshot import ServedCollection

CONTENT_TYPE: Final = "text/csv; charset=utf-8; header=present"


class CsvDocument:
    """A page as it is made: the heads are known from the beginning."""

    closing = b""

    def __init__(self, served: ServedCollection, query: Query) -> None:
        self._head = columns_asked(served.collection, query).head

    def add(self, features: bytes) -> bytes:
        """Return lines as they are."""
        return features

    def opening(self) -> bytes:
        """Return the line of heads."""
        return self._head


class CsvForm(HeadedForm):
    """CSV, a line for each feature."""

    offer = CSV
    encoding = Encoding.CSV

    def begin(self, seen: FeaturesVisit, query: Query) -> CsvDocument:
        """Return the document of a page, still without features."""
        return CsvDocument(seen.served, query)

    def headers(self, seen: FeaturesVisit) -> Mapping[str, str]:
        """Return what the document says of itself, and the name to keep it by."""
        name = quote(f"{seen.served.id}.csv", safe="")
        return {
            "Content-Type": CONTENT_TYPE,
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        }

    def item(
        self,
        seen: FeaturesVisit,
        crs: Crs,
        feature: bytes,
        links: Sequence[Link],  # noqa: ARG002
    ) -> bytes:
        """Return one feature below the heads; its links are headers."""
        return columns_asked(seen.served.collection, Query(crs=crs)).head + feature


CSV_FORM: Final = CsvForm()
