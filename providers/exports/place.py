"""Where files made ahead lie: a folder, or what fsspec knows the address of.

Both keep the same promises: a file has a name that holds its digest, nobody sees half
of one, and a former one stays until those who are being sent it have got it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from metadata.file_formats import FileFormat
from providers.configuration_files import FilesConfiguration
from providers.exports.folder import FilesFolder


class FilePart(Protocol):
    """Bytes of a file, a piece at a time."""

    def __next__(self) -> bytes:
        """Return the next piece."""

    def close(self) -> None:
        """Stop. May be called twice."""


class FilesPlace(Protocol):
    """A place that one process at a time writes into, and all read from."""

    def aside(self) -> AbstractContextManager[Path]:
        """Return a folder of this machine for unfinished files, removed at the end."""

    def place(
        self, finished: Path, collection_id: str, form: FileFormat, digest: str
    ) -> str:
        """Take a finished file over; return its path in this place."""

    def has(self, path: str, length: int) -> bool:
        """Tell whether a file is there in its whole length."""

    def part(self, path: str, first: int, length: int) -> FilePart:
        """Open a part of a file.

        Raises
        ------
        OSError
            It is not there.
        metadata.errors.FilesUnreachable
            Whether it is there cannot be said now.
        """

    def drop(self, collection_id: str) -> None:
        """Remove all files of a collection."""

    def remove(self, path: str) -> None:
        """Remove one file, if it is there."""

    def sweep(self, known: Mapping[str, datetime], now: datetime) -> None:
        """Remove what is not known, and what was left unfinished.

        Only for whoever holds the lock: nobody else may be writing.

        Parameters
        ----------
        known
            When each file that there is to be became what it is.
        """


def files_place(configuration: FilesConfiguration) -> FilesPlace:
    """Return the place of the files of a deployment.

    Raises
    ------
    metadata.errors.ConfigurationError
        The package for its address is not installed.
    """
    if not configuration.address:
        return FilesFolder(configuration.folder)
    return _remote(
        configuration.address, configuration.options.value, configuration.folder
    )


@lru_cache(maxsize=2)
def _remote(address: str, options: str, folder: Path) -> FilesPlace:
    """Return one place for all who ask: it holds connections."""
    from providers.exports.remote import RemoteFiles  # noqa: PLC0415  (optional)

    return RemoteFiles(address, options, folder)
