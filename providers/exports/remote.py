"""Files made ahead, kept on S3, SFTP, WebDAV, FTP or what else fsspec reaches.

A file is written on this machine first, then sent under a name that holds its digest,
and counts only once the index names it: a reader never meets half of one, nor another
one than it was promised. A former one is removed some hours after, for it is read a
block at a time, each by a request of its own.

What fails over there is `metadata.errors.FilesUnreachable`, within a time: whatever
fsspec calls runs in a thread that nobody waits for longer.

Limitations: the address belongs to one deployment; writing needs a protocol that
writes. Filesystems of fsspec that are not asynchronous hold one connection that
threads may not share, so each download has its own.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from fsspec.core import url_to_fs

from metadata.errors import FilesUnreachable
from metadata.file_formats import ALL_FORMATS, FileFormat
from metadata.finding import Text
from providers.aside import begun
from providers.exports.folder import FilesFolder, file_name

GRACE: Final = timedelta(hours=3)
"""How long a file stays after another one took its place: longer than a collection
takes to be made, for it counts from when that began."""
_BLOCK: Final = 2 * 1024 * 1024
"""Bytes read at once: what a download holds of memory, twice at most."""
_AHEAD: Final = 64 * 1024
"""Bytes that fsspec may read ahead of those asked for."""
_PATIENCE: Final = 20.0
_LISTING: Final = 10
"""How many times that the list of all files may take."""
_SLOWEST: Final = 128 * 1024
"""Bytes a second below which sending a file is given up."""
_BREATH: Final = 5.0
"""Seconds in which no file is opened at a place that did not answer."""
_SLOW: Final = 2.0
"""Seconds after which an error tells of the place, and not of one file."""
_OPENING: Final = 16
"""Downloads that may wait for their first bytes at a time: others do without the
threads that they would hold if the place answers no more."""
_OURS: Final = re.compile(
    r"[^/]+/[0-9a-f]{16}\.(?:" + "|".join(map(re.escape, ALL_FORMATS)) + ")"
)
"""Names that we gave: nothing else is ever removed."""
_Answer = TypeVar("_Answer")


class RemoteFiles:
    """A place that fsspec reaches.

    Parameters
    ----------
    address
        ``s3://bucket/prefix``…
    options
        What fsspec is told beside it, as JSON.
    folder
        Where files are written before they are sent.
    patience
        Seconds for one answer.
    """

    def __init__(
        self, address: str, options: str, folder: Path, patience: float = _PATIENCE
    ) -> None:
        self._address, self._options = address, json.loads(options)
        self._patience = patience
        self._scratch = FilesFolder(folder)
        self._shared: tuple[Any, str] | None = None
        self._lock = threading.Lock()
        self._opening = threading.BoundedSemaphore(_OPENING)
        self._not_before = 0.0

    def aside(self) -> Any:
        """Return a folder of this machine for unfinished files."""
        return self._scratch.aside()

    def place(
        self, finished: Path, collection_id: str, form: FileFormat, digest: str
    ) -> str:
        """Send a finished file; it is there in its whole length once this returns.

        Raises
        ------
        metadata.errors.FilesUnreachable
            It is not, or not surely.
        """
        path = file_name(collection_id, form, digest)
        length = finished.stat().st_size

        def send() -> None:
            files, root = self._filesystem()
            target = f"{root}/{path}"
            if not files.async_impl:  # object stores have no folders
                files.makedirs(target.rpartition("/")[0], exist_ok=True)
            files.put_file(str(finished), target)

        try:
            self._ask(send, self._patience + length / _SLOWEST)
        except FileNotFoundError as error:  # no such bucket
            raise self._unreachable(self._told(error)) from None
        finished.unlink()
        if not self.has(path, length):
            raise self._unreachable(f"{path}: {length} bytes sent, not all are there")
        return path

    def has(self, path: str, length: int) -> bool:
        """Tell whether a file is there in its whole length."""

        def measured() -> int:
            files, root = self._filesystem()
            files.invalidate_cache()
            return int(files.info(f"{root}/{path}")["size"])

        try:
            return self._ask(measured) == length
        except FileNotFoundError:
            return False

    def part(self, path: str, first: int, length: int) -> RemotePart:
        """Open a part of a file; its first bytes are there once this returns.

        Raises
        ------
        FileNotFoundError
            It is not there.
        metadata.errors.FilesUnreachable
            No answer, or not so many bytes.
        """

        def opened() -> Any:
            files, root = self._filesystem()
            options = {"block_size": _AHEAD, "cache_type": "none"}
            return files.open(f"{root}/{path}", "rb", **options)

        with self._turn():
            part = RemotePart(self._ask(opened), first, length, self._ask)
            try:
                part.begin()
            except BaseException:
                part.close()
                raise
            return part

    def drop(self, collection_id: str) -> None:
        """Remove all files of a collection."""
        folder = quote(collection_id, safe="")
        for path in self._names(folder):
            self.remove(path)

    def remove(self, path: str) -> None:
        """Remove one file, if it is there."""

        def removed() -> None:
            files, root = self._filesystem()
            files.invalidate_cache()
            files.info(f"{root}/{path}")
            files.rm_file(f"{root}/{path}")

        with suppress(FileNotFoundError):
            self._ask(removed)

    def sweep(self, known: Mapping[str, datetime], now: datetime) -> None:
        """Remove what is not known, once another one is in its place for long."""
        self._scratch.sweep({}, now)
        since = {_slot(path): moment for path, moment in known.items()}
        for path in self._names():
            moment = since.get(_slot(path))
            if path not in known and (moment is None or now - moment > GRACE):
                self.remove(path)

    def _names(self, folder: str = "") -> list[str]:
        """Return the files of ours that are there, below the address."""

        def found() -> list[str]:
            files, root = self._filesystem()
            files.invalidate_cache()
            top = files._strip_protocol(root)
            within = files.find(f"{root}/{folder}" if folder else root)
            return [name[len(top) :].lstrip("/") for name in within]

        try:
            names = self._ask(found, _LISTING * self._patience)
        except FileNotFoundError:
            return []
        return [name for name in names if _OURS.fullmatch(name)]

    def _filesystem(self) -> tuple[Any, str]:
        """Return what fsspec reaches the place by, and the path there."""
        with self._lock:
            if self._shared is not None:
                return self._shared
        found: tuple[Any, str] = url_to_fs(
            self._address, skip_instance_cache=True, **self._options
        )
        if found[0].async_impl:
            with self._lock:
                self._shared = found
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a turn to open a file, not for long."""
        if not self._opening.acquire(timeout=1.0):
            raise self._unreachable("many wait for it already")
        try:
            if time.monotonic() < self._not_before:
                raise self._unreachable("it did not answer a moment ago")
            yield
        finally:
            self._opening.release()

    def _ask(
        self, question: Callable[[], _Answer], patience: float | None = None
    ) -> _Answer:
        """Return an answer of the place, in time."""
        since = time.monotonic()
        try:
            return begun("files", question).result(patience or self._patience)
        except FileNotFoundError:
            raise
        except TimeoutError as error:
            self._breathe()
            raise self._unreachable("no answer in time") from error
        except Exception as error:  # noqa: BLE001  (filesystems have errors of their own)
            with self._lock:
                self._shared = None
            if time.monotonic() - since > _SLOW:
                self._breathe()
            raise self._unreachable(self._told(error)) from None

    def _breathe(self) -> None:
        """Have no file opened for a moment, so that few threads wait in vain."""
        self._not_before = time.monotonic() + _BREATH

    def _told(self, error: Exception) -> str:
        """Return what an error says, but for what may be a secret."""
        said = f"{type(error).__name__}: {error}"[:500]
        for each in (*_texts(self._options), urlsplit(self._address).password or ""):
            if each and "://" not in each:
                said = said.replace(each, "***")
        return said

    def _unreachable(self, why: str) -> FilesUnreachable:
        protocol = self._address.partition("://")[0]
        return FilesUnreachable(
            Text(
                f"Dossier des fichiers ({protocol}) : {why}.",
                f"Folder of files ({protocol}): {why}.",
            ),
            hint=Text(
                "Vérifiez « files.folder », « files.options » et le réseau.",
                "Check “files.folder”, “files.options” and the network.",
            ),
        )


class RemotePart:
    """A part of a file far away, a block at a time."""

    def __init__(
        self,
        file: Any,
        first: int,
        length: int,
        ask: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._file, self._first, self._left, self._ask = file, first, length, ask
        self._block = b""

    def begin(self) -> None:
        """Have the first block ready."""
        self._block = self._read()

    def __next__(self) -> bytes:
        """Return the next block; an error where it is not whole."""
        block, self._block = self._block or self._read(), b""
        if not block:
            raise StopIteration
        return block

    def _read(self) -> bytes:
        wanted = min(_BLOCK, self._left)
        block = bytes(self._ask(lambda: self._at(wanted))) if wanted else b""
        self._first += wanted
        self._left -= wanted
        return block

    def _at(self, wanted: int) -> bytes:
        """Return so many bytes from where we are."""
        self._file.seek(self._first)
        block = bytes(self._file.read(wanted))
        if len(block) != wanted:
            message = f"{len(block)} bytes instead of {wanted}"
            raise EOFError(message)
        return block

    def close(self) -> None:
        """Let go of the file."""
        with suppress(FilesUnreachable, FileNotFoundError):
            self._ask(self._file.close)


def _slot(path: str) -> tuple[str, str]:
    """Return what a file is of: collection and form."""
    folder, _, name = path.partition("/")
    return folder, name.partition(".")[2]


def _texts(value: Any) -> Iterator[str]:
    """Yield each text among options, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
