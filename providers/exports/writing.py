"""All files of one collection, written from one reading of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from metadata.file_formats import ALL_FORMATS, FileFormat
from providers.exports.content import Batch, FileContent
from providers.exports.csv_file import CsvFile
from providers.exports.geopackage_file import GeopackageFile, set_moment
from providers.table_rows import TableRows

_CHUNK: Final = 1024 * 1024


class FileWriter(Protocol):
    """Writes one file, a batch at a time."""

    def write(self, batch: Batch) -> None:
        """Add some rows."""

    def close(self) -> None:
        """End the file."""

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""


_WRITERS: Final[Mapping[FileFormat, Callable[[Path, FileContent], FileWriter]]] = (
    MappingProxyType({FileFormat.GEOPACKAGE: GeopackageFile, FileFormat.CSV: CsvFile})
)


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

    Raises
    ------
    metadata.errors.SourceError
        The rows cannot be read to the end; no file is left then.
    OSError
        A file cannot be written.
    """
    paths = {each: folder / f"{content.name}.{each}" for each in formats}
    writers = [_WRITERS[each](path, content) for each, path in paths.items()]
    number = 0
    try:
        while found := rows.batch():
            batch = Batch(found)
            number += len(found)
            for writer in writers:
                writer.write(batch)
        for writer in writers:
            writer.close()
    except BaseException:
        for writer, path in zip(writers, paths.values(), strict=True):
            with suppress(Exception):
                writer.abandon()
            path.unlink(missing_ok=True)
        raise
    finally:
        rows.close()
    return Written(paths, rows.state, number)


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
