"""All files of one collection, written from one reading of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from metadata.file_formats import ALL_FORMATS, FileFormat, made_formats
from providers.exports.content import Batch, FileContent
from providers.exports.geopackage_file import set_moment
from providers.table_rows import TableRows

_CHUNK: Final = 1024 * 1024
_SPOOL: Final = "spool:Spool"
_ROWS: Final = "rows.arrow"


class FileWriter(Protocol):
    """Writes one file, a batch at a time."""

    def write(self, batch: Batch) -> None:
        """Add some rows."""

    def close(self) -> None:
        """End the file."""

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""


_WRITERS: Final[Mapping[FileFormat, str]] = MappingProxyType(
    {
        FileFormat.GEOJSON: "geojson_file:GeojsonFile",
        FileFormat.GEOPACKAGE: "geopackage_file:GeopackageFile",
        FileFormat.CSV: "csv_file:CsvFile",
        FileFormat.PARQUET: "parquet_file:ParquetFile",
    }
)
"""Writers of files as rows go by: module and name. They are loaded when rows are
written and not before: a process that only serves does without Arrow and GDAL, which
are 80 MB and seconds."""
_FROM_SPOOL: Final[Mapping[FileFormat, str]] = MappingProxyType(
    {
        FileFormat.FLATGEOBUF: "flatgeobuf_file:write_flatgeobuf",
        FileFormat.SHAPEFILE: "shapefile_zip:write_shapefile",
    }
)
"""Those that read a `providers.exports.spool.Spool`."""


@dataclass(frozen=True)
class Written:
    """Files that were written, and the state that they are all of."""

    paths: Mapping[FileFormat, Path]
    state: str
    """Empty where nothing is certain (`feature_source.FeatureReader.state`)."""
    rows: int


def write_files(
    content: FileContent,
    rows: TableRows,
    folder: Path,
    formats: Collection[FileFormat] = ALL_FORMATS,
) -> Written:
    """Write a collection in some formats, in bounded memory; close the rows.

    Those that need geometries are left out where there are none.

    Raises
    ------
    metadata.errors.SourceError
        The rows cannot be read to the end; no file is left then.
    OSError
        A file cannot be written.
    """
    wanted = made_formats(formats, has_geometry=content.geometry is not None)
    paths = {each: folder / f"{content.name}.{each}" for each in wanted}
    spooled = [f for f in paths if f in _FROM_SPOOL]
    direct = [f for f in paths if f in _WRITERS]
    writers: list[FileWriter] = []
    try:
        writers += (_loaded(_WRITERS[f])(paths[f], content) for f in direct)
        spool = _loaded(_SPOOL)(folder / _ROWS, content) if spooled else None
        number = _write_all(rows, [*writers, *([spool] if spool else [])])
        if spool is not None:
            for form in spooled:
                _loaded(_FROM_SPOOL[form])(spool, paths[form])
            spool.abandon()
    except BaseException:
        for writer in writers:
            with suppress(Exception):
                writer.abandon()
        for path in (*paths.values(), folder / _ROWS):
            path.unlink(missing_ok=True)
        raise
    finally:
        rows.close()
    return Written(paths, rows.state, number)


def _loaded(name: str) -> Callable[..., Any]:
    """Return what makes a file, by its module and its name."""
    module, _, found = name.partition(":")
    made: Callable[..., Any] = getattr(
        import_module(f"providers.exports.{module}"), found
    )
    return made


def _write_all(rows: TableRows, writers: Collection[FileWriter]) -> int:
    """Write all rows, and end the files; return how many rows there were."""
    number = 0
    while found := rows.batch():
        batch = Batch(found)
        number += len(found)
        for writer in writers:
            writer.write(batch)
    for writer in writers:
        writer.close()
    return number


def date_file(path: Path, form: FileFormat, moment: datetime) -> None:
    """Tell inside a finished file when its content last changed, if it can say so."""
    if form is FileFormat.GEOPACKAGE:
        set_moment(path, moment)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
