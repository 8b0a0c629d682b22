"""SQLite files opened for reading only, and its errors in words of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from metadata.finding import Text
from providers.vector_survey_layer import FileUnreadable

BUSY_TIMEOUT = 5.0
"""Seconds to wait while another program writes."""
_SAID: Mapping[int, Text] = {
    sqlite3.SQLITE_NOTADB: Text(
        "ce n'est pas un GeoPackage (ni une base SQLite)",
        "it is no GeoPackage (nor any SQLite database)",
    ),
    sqlite3.SQLITE_CORRUPT: Text(
        "le fichier est abîmé ou tronqué", "the file is damaged or cut short"
    ),
    sqlite3.SQLITE_CANTOPEN: Text(
        "il ne s'ouvre pas (droits, ou journal -wal sans droit d'écriture)",
        "it cannot be opened (rights, or a -wal journal that may not be written)",
    ),
    sqlite3.SQLITE_BUSY: Text(
        "un autre programme y écrit en ce moment", "another program is writing to it"
    ),
    sqlite3.SQLITE_LOCKED: Text(
        "un autre programme le verrouille", "another program holds a lock on it"
    ),
    sqlite3.SQLITE_PERM: Text(
        "le droit de lecture manque", "the right to read is missing"
    ),
    sqlite3.SQLITE_READONLY: Text(
        "son journal ne peut être rejoué sans droit d'écriture",
        "its journal cannot be replayed without the right to write",
    ),
    sqlite3.SQLITE_IOERR: Text(
        "le disque ou le partage réseau ne répond pas",
        "the disk or network share does not answer",
    ),
}


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading, in one transaction: one state of it from end to end.

    Raises
    ------
    FileUnreadable
        Opening it, or anything read inside, fails.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    with translated(), closing(_connected(address)) as connection:
        connection.execute("BEGIN")
        yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises
    ------
    FileUnreadable
        SQLite said no.
    """
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; what is above refines it.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        said = _SAID.get(code, Text(f"SQLite : {error}", f"SQLite: {error}"))
        raise FileUnreadable(said) from error


def quoted(name: str) -> str:
    """Return an identifier quoted for SQLite."""
    return '"' + name.replace('"', '""') + '"'


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None
    )
    # A comment in another encoding than UTF-8 is still a comment.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection
