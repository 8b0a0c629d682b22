"""Rows on their way out: batches of bounded size, whatever the silo."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from providers.feature_source import BATCH_BYTES
from providers.query import Query

Row = tuple[object, ...]
_FIRST_ROWS = 50
"""Rows of the first batch: few, so that an answer begins at once."""
_MOST_ROWS = 10_000


class RowReader(Protocol):
    """An open cursor on one silo."""

    @property
    def state(self) -> str:
        """State of the collection that is read, known once rows were fetched."""
        ...

    def fetch(self, rows: int) -> list[Row]:
        """Return the next rows, at most so many; `[]` at the end."""
        ...

    def release(self) -> None:
        """Close the cursor and give its connection back."""
        ...


class RowStream:
    """One query read through a cursor; see `feature_source.FeatureStream`.

    Parameters
    ----------
    query
        Its limit ends the stream; one row more tells whether there is a next.
    reader
        Hands over rows; released once, however the stream ends.
    write
        Turns rows into one feature each, in the encoding of the query.
    token
        Returns the page token that follows a row, or `None`.
    """

    def __init__(
        self,
        query: Query,
        reader: RowReader,
        *,
        write: Callable[[Sequence[Row]], Sequence[bytes]],
        token: Callable[[Row], str | None],
    ) -> None:
        self.count = 0
        self.size = 0
        self.next_cursor: str | None = None
        self.has_more = False
        self._limit = query.limit
        self._joint = query.encoding.joint
        self._reader = reader
        self._write = write
        self._token = token
        self._rows = _FIRST_ROWS
        self._last: Row | None = None
        self._open = True
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """State of the collection that is read, known from the first batch on."""
        return self._reader.state

    def __iter__(self) -> RowStream:
        return self

    def __next__(self) -> bytes:
        with self._lock:
            return self._advance()

    def _advance(self) -> bytes:
        if not self._open:
            raise StopIteration
        try:
            batch = self._take(self._reader.fetch(self._rows))
        except BaseException:
            self._end()
            raise
        if not batch:
            self._end()
            raise StopIteration
        return batch

    def close(self) -> None:
        """Stop, and give the connection back. May be called twice.

        A batch that is being read in another thread is waited for.
        """
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._reader.release()

    def _take(self, rows: list[Row]) -> bytes:
        """Return the text of a batch, and note where it ends."""
        shown = rows if self._limit is None else rows[: self._limit - self.count]
        self._last = shown[-1] if shown else self._last
        self.has_more = self.has_more or len(rows) > len(shown)
        if self.has_more and self._last is not None and self.next_cursor is None:
            self.next_cursor = self._token(self._last)
        if not shown:
            return b""
        text = self._joint.join(self._write(shown))
        self._rows = min(max(1, BATCH_BYTES * len(shown) // len(text)), _MOST_ROWS)
        first = self.count == 0
        self.count += len(shown)
        self.size += len(text)
        return text if first else self._joint + text
