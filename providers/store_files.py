"""The index of the files made ahead: on one connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select

from metadata.file_formats import FileFormat
from providers import store_tables as tables
from providers.store_database import upsert
from providers.store_revisions import count_up

FILES: Final = "files"
"""Name of the number that grows with each change of the index."""
_CHUNK: Final = 500


@dataclass(frozen=True, kw_only=True)
class MadeFile:
    """A whole collection in one file, as it lies in the folder."""

    collection_id: str
    format: FileFormat
    form: str
    """What tells it from files of other columns, words or types."""
    state: str
    """State of the collection that is in it; empty where nothing is certain."""
    mark: str
    """What the silo said of its rows before they were read; may be empty."""
    fingerprint: str
    """SHA-256 of what is in it but for the moment of the last change."""
    sha256: str
    """Of the file, hexadecimal."""
    length: int
    """Bytes."""
    changed_at: datetime
    """When its content became what it is, in whole seconds."""
    checked_at: datetime
    """When the rows were last read."""
    path: str
    """Below the folder of files."""


def read_files(connection: Connection) -> tuple[MadeFile, ...]:
    """Return every file, in the order of collections and formats."""
    columns = tables.made_file.c
    query = select(tables.made_file).order_by(columns.collection_id, columns.format)
    known = {each.value for each in FileFormat}
    rows = connection.execute(query)
    return tuple(_file(row) for row in rows if row.format in known)


def keep_files(
    connection: Connection, files: Iterable[MadeFile], *, tell: bool
) -> None:
    """Write lines, each in the place of the one before; tell those who watch."""
    upsert(connection, tables.made_file, [asdict(each) for each in files])
    if tell:
        count_up(connection, FILES)


def drop_files(connection: Connection, collection_ids: Collection[str]) -> None:
    """Take the files of some collections out of the index."""
    wanted, column = sorted(collection_ids), tables.made_file.c.collection_id
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        connection.execute(delete(tables.made_file).where(column.in_(some)))
    if wanted:
        count_up(connection, FILES)


def drop_formats(connection: Connection, files: Iterable[MadeFile]) -> None:
    """Take some files out of the index, and no others of their collections."""
    columns, dropped = tables.made_file.c, False
    for each in files:
        is_it = (columns.collection_id == each.collection_id) & (
            columns.format == each.format
        )
        connection.execute(delete(tables.made_file).where(is_it))
        dropped = True
    if dropped:
        count_up(connection, FILES)


def _file(row: Row[Any]) -> MadeFile:
    values = dict(row._mapping)
    return MadeFile(**{**values, "format": FileFormat(row.format)})
