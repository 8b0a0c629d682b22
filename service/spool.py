"""Pages that are read before they are sent: in memory while small, else in files.

The files have no name in their folder, so that they are gone with whoever holds
them, and all of one worker have a bound together.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import Final

from metadata.errors import PasserelleError
from providers.feature_source import BATCH_BYTES

logger = logging.getLogger(__name__)
HELD: Final = 1024 * 1024
"""Bytes of a page that are held in memory; more of them go into a file."""


class SpoolError(PasserelleError):
    """A page that is read before it is sent finds no room, or has lost its file."""


class SpoolRoom:
    """What the files of one worker may take of the disk together.

    Parameters
    ----------
    limit
        Bytes; 0 keeps every page in memory that fits there, and refuses the others.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self.used = 0
        """Bytes taken."""

    def take(self, size: int) -> None:
        """Take so many bytes more.

        Raises
        ------
        SpoolError
            There are not so many left, and none is taken.
        """
        with self._lock:
            if self.used + size > self._limit:
                message = f"Pages take {self.used} bytes of {self._limit} already."
                raise SpoolError(message)
            self.used += size

    def give_back(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self.used -= size


class Spool:
    """One page: written to its end, then read once (`streaming.Batches`).

    It is not to be closed while another thread writes or reads.
    """

    def __init__(self, room: SpoolRoom) -> None:
        self._room = room
        self._taken = 0
        self._size = 0
        self._file = SpooledTemporaryFile(max_size=HELD)  # noqa: SIM115  (`close`)

    def write(self, batch: bytes) -> None:
        """Add some bytes.

        Raises
        ------
        SpoolError
            There is no room for them.
        """
        self._size += len(batch)
        if self._size > HELD:
            more = self._size - self._taken
            self._room.take(more)
            self._taken += more
        try:
            self._file.write(batch)
            self._file.flush()  # here, where it can still be answered
        except OSError as error:
            logger.warning("Reading a page into a temporary file: %s", error)
            raise SpoolError(str(error)) from error

    def rewind(self) -> None:
        """Begin to read."""
        self._file.seek(0)

    def __next__(self) -> bytes:
        """Return the next bytes.

        Raises
        ------
        SpoolError
            The file is shorter than what was written.
        """
        batch = self._file.read(BATCH_BYTES)
        self._size -= len(batch)
        if batch:
            return batch
        if self._size:
            message = f"{self._size} bytes of a temporary file are missing."
            raise SpoolError(message)
        raise StopIteration

    def close(self) -> None:
        """Let go of the page, and give its room back. May be called twice."""
        with suppress(OSError):  # of what a full disk did not take
            self._file.close()
        self._room.give_back(self._taken)
        self._taken = 0
