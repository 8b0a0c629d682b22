"""The folder of files made ahead.

A file is written aside and moved into its place under a name that holds its digest,
so that nobody ever sees half of one, and whoever is being sent the former one gets
it to its end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from metadata.errors import StoreError
from metadata.file_formats import FileFormat
from metadata.finding import Text

_ASIDE: Final = ".making-"
_SHOWN: Final = 16
"""Letters of the digest in a file's name."""


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
        folder = self.root / quote(collection_id, safe="")
        folder.mkdir(exist_ok=True)
        target = folder / f"{digest[:_SHOWN]}.{form}"
        _settle(finished)
        finished.replace(target)
        _settle(folder)
        return target.relative_to(self.root).as_posix()

    def has(self, path: str, length: int) -> bool:
        """Tell whether a file is there in its whole length."""
        try:
            return (self.root / path).stat().st_size == length
        except OSError:
            return False

    def drop(self, collection_id: str) -> None:
        """Remove all files of a collection."""
        shutil.rmtree(self.root / quote(collection_id, safe=""), ignore_errors=True)

    def remove(self, path: str) -> None:
        """Remove one file, if it is there."""
        with suppress(OSError):
            (self.root / path).unlink()

    def sweep(self, known: Collection[str]) -> None:
        """Remove every file that is not known, and what was left unfinished.

        Only for whoever holds the lock: nobody else may be writing.
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
