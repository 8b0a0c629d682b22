"""The forms in which a whole collection is had as one file.

One table of all of them: links, records, pages, the API document and the makers of
files ask here. What DCAT says of each stands in `metadata/codelists/file_types.toml`,
by the same ending.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from metadata.finding import Text


class FileFormat(StrEnum):
    """A form of file, by the ending of its name."""

    GEOJSON = "geojson"
    GEOPACKAGE = "gpkg"
    CSV = "csv"
    FLATGEOBUF = "fgb"
    PARQUET = "parquet"
    SHAPEFILE = "shp.zip"


class FormatWords(NamedTuple):
    """What is said of one form of file."""

    media_type: str
    """As in INSPIRE's register of media types, where it has one."""
    name: str
    about: Text
    needs_geometry: bool = False
    """Whether there is none of a table without geometry."""


FORMATS: Final = MappingProxyType(
    {
        FileFormat.GEOJSON: FormatWords(
            "application/geo+json",
            "GeoJSON",
            Text(
                "Toute la collection en un fichier GeoJSON (longitude, latitude).",
                "The whole collection as one GeoJSON file (longitude, latitude).",
            ),
        ),
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
        FileFormat.FLATGEOBUF: FormatWords(
            "application/flatgeobuf",
            "FlatGeobuf",
            Text(
                "Toute la collection en un FlatGeobuf, dans son système de "
                "coordonnées, dont l'index spatial se lit à distance.",
                "The whole collection as one FlatGeobuf, in its own reference "
                "system, with a spatial index that is read from afar.",
            ),
            needs_geometry=True,
        ),
        FileFormat.PARQUET: FormatWords(
            "application/vnd.apache.parquet",
            "GeoParquet",
            Text(
                "Toute la collection en un fichier GeoParquet 1.1, dans son système "
                "de coordonnées.",
                "The whole collection as one GeoParquet 1.1 file, in its own "
                "reference system.",
            ),
        ),
        FileFormat.SHAPEFILE: FormatWords(
            "application/zip",
            "Shapefile",
            Text(
                "Toute la collection en Shapefile, dans son système de coordonnées ; "
                "l'archive dit quels noms et textes y sont abrégés.",
                "The whole collection as a Shapefile, in its own reference system; "
                "the archive tells which names and texts are shortened in it.",
            ),
            needs_geometry=True,
        ),
    }
)
"""In the order in which they are offered.

References
----------
INSPIRE media types register, https://inspire.ec.europa.eu/media-types.
"""

ALL_FORMATS: Final = tuple(FORMATS)
_OF_TABLES: Final = MappingProxyType(
    {
        FileFormat.GEOJSON: Text(
            "Toute la collection en un fichier GeoJSON, sans géométrie.",
            "The whole collection as one GeoJSON file, without geometry.",
        ),
        FileFormat.GEOPACKAGE: Text(
            "Toute la collection en un GeoPackage : une table d'attributs.",
            "The whole collection as one GeoPackage: a table of attributes.",
        ),
        FileFormat.CSV: Text(
            "Toute la collection en un tableau CSV (UTF-8, virgules).",
            "The whole collection as one CSV table (UTF-8, commas).",
        ),
        FileFormat.PARQUET: Text(
            "Toute la collection en un fichier Parquet.",
            "The whole collection as one Parquet file.",
        ),
    }
)
"""What is said of the forms of a table without geometry."""


def format_words(form: FileFormat, *, has_geometry: bool) -> FormatWords:
    """Return what is said of a form of file of a collection, or of a plain table."""
    words = FORMATS[form]
    if has_geometry or words.needs_geometry:
        return words
    name = "Parquet" if form is FileFormat.PARQUET else words.name
    return words._replace(name=name, about=_OF_TABLES[form])


def made_formats(
    formats: Some[FileFormat], *, has_geometry: bool
) -> tuple[FileFormat, ...]:
    """Return the forms among some in which a collection can be made, in order."""
    return tuple(
        form
        for form, words in FORMATS.items()
        if form in formats and (has_geometry or not words.needs_geometry)
    )


def offered_formats(
    formats: Some[FileFormat], *, has_geometry: bool
) -> tuple[FileFormat, ...]:
    """Return the forms in which a collection is had: GeoJSON always, made or not.

    Where it is not made ahead it is written while it is sent.
    """
    every = {FileFormat.GEOJSON, *formats}
    return made_formats(every, has_geometry=has_geometry)
