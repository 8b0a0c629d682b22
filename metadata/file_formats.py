"""The forms in which a whole collection is made ahead as one file."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from metadata.finding import Text


class FileFormat(StrEnum):
    """A form of file, by the ending of its name."""

    GEOPACKAGE = "gpkg"
    CSV = "csv"


class FormatWords(NamedTuple):
    """What is said of one form of file."""

    media_type: str
    """As in INSPIRE's register of media types."""
    name: str
    about: Text


FORMATS: Final = MappingProxyType(
    {
        FileFormat.GEOPACKAGE: FormatWords(
            "application/geopackage+sqlite3",
            "GeoPackage",
            Text(
                "Toute la collection en un GeoPackage, dans son système de "
                "coordonnées, avec index spatial.",
                "The whole collection as one GeoPackage, in its own reference "
                "system, with a spatial index.",
            ),
        ),
        FileFormat.CSV: FormatWords(
            "text/csv",
            "CSV",
            Text(
                "Toute la collection en un tableau CSV (UTF-8, virgules, géométrie "
                "en WKT, longitude puis latitude).",
                "The whole collection as one CSV table (UTF-8, commas, geometry as "
                "WKT, longitude before latitude).",
            ),
        ),
    }
)
"""In the order in which they are offered.

References
----------
INSPIRE media types register, https://inspire.ec.europa.eu/media-types.
"""
