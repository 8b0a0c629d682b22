"""The folder of files made ahead.

A file is written aside and moved into its place under a name that holds its digest,
so that nobody ever sees half of one, and whoever is being sent the former one gets
it to its end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from metadata.errors import StoreError
from metadata.file_formats import FileFormat
from metadata.finding import Text

_ASIDE: Final = ".making-"
_SHOWN: Final = 16
"""Letters of the digest in a file's name."""
_PIECE: Final = 256 * 1024


def file_name(collection_id: str, form: FileFormat, digest: str) -> str:
    """Return the path of a file below the folder; it is the content's and no other."""
    return f"{quote(collection_id, safe='')}/{digest[:_SHOWN]}.{form}"


class FilesFolder:
    """A folder that one process at a time writes into."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """Return a folder for unfinished files, removed at the end.

        Raises
        ------
        metadata.errors.StoreError
            It cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.root))
        except OSError as error:
            raise _unusable(self.root, error) from error
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def place(
        self, finished: Path, collection_id: str, form: FileFormat, digest: str
    ) -> str:
        """Move a finished file to its place; return its path below the folder.

        It is on the disk once this returns.
        """
        path = file_name(collection_id, form, digest)
        target = self.root / path
        target.parent.mkdir(exist_ok=True)
        _settle(finished)
        finished.replace(target)
        _settle(target.parent)
        return path

    def has(self, path: str, length: int) -> bool:
        """Tell whether a file is there in its whole length."""
        try:
            return (self.root / path).stat().st_size == length
        except OSError:
            return False

    def part(self, path: str, first: int, length: int) -> LocalPart:
        """Open a part of a file.

        Raises
        ------
        OSError
            It is not there.
        """
        return LocalPart((self.root / path).open("rb"), first, length)

    def drop(self, collection_id: str) -> None:
        """Remove all files of a collection."""
        shutil.rmtree(self.root / quote(collection_id, safe=""), ignore_errors=True)

    def remove(self, path: str) -> None:
        """Remove one file, if it is there."""
        with suppress(OSError):
            (self.root / path).unlink()

    def sweep(
        self,
        known: Mapping[str, datetime],
        now: datetime,
    ) -> None:
        """Remove every file that is not known, and what was left unfinished.

        Only for whoever holds the lock: nobody else may be writing. What is being sent
        stays open, so nothing has to wait for a moment.
        """
        for path in list(self.root.glob("*/*")):
            if path.relative_to(self.root).as_posix() not in known:
                with suppress(OSError):
                    path.unlink()
        for folder in list(self.root.glob("*")):
            if folder.name.startswith(_ASIDE):
                shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.rmdir()  # only an empty one


class LocalPart:
    """A part of an open file, a piece at a time."""

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        self._file = file
        self._left = length
        file.seek(first)

    def __next__(self) -> bytes:
        """Return the next piece."""
        piece = self._file.read(min(_PIECE, self._left))
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _settle(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        Text(
            f"Dossier des fichiers {path} : {error.strerror}.",
            f"Folder of files {path}: {error.strerror}.",
        ),
        hint=Text(
            "Vérifiez « files.folder » et les droits.",
            "Check “files.folder” and the rights.",
        ),
    )
