"""Sessions that measure: opened once, opened again when the server drops them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue

import psycopg2
import psycopg2.extensions

from metadata.errors import SourceUnreachable
from providers.database import Connection, connect

STATEMENT_TIMEOUT = 600_000
"""Milliseconds one measure may take: whole tables are read, which pages never do."""
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to come back: a server that crashed recovers first."""
_QUIET = "SELECT set_config('client_min_messages', 'error', false)"
_ATTENTIVE = (
    "SELECT set_config('client_min_messages', 'error', false)"
    " UNION ALL SELECT set_config(name, '2s', false) FROM pg_settings"
    " WHERE name = 'client_connection_check_interval'"
)
"""Has a statement ended soon after the process that asked for it, from PostgreSQL 14
on; otherwise the server would go on measuring for nobody."""

Cursor = psycopg2.extensions.cursor


class Session:
    """One read-only session that survives the loss of its connection.

    Parameters
    ----------
    location
        A ``postgresql://`` address.
    statement_timeout
        Milliseconds.
    """

    def __init__(self, location: str, *, statement_timeout: int) -> None:
        self._location = location
        self._statement_timeout = statement_timeout
        self._connection = self._connected()

    @property
    def connection(self) -> Connection:
        """The connection as it is now."""
        return self._connection

    @property
    def is_lost(self) -> bool:
        """Whether the connection broke, and `reopen` is to be called."""
        return bool(self._connection.closed)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Read in one transaction, which ends without a trace."""
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        finally:
            # A broken connection has no transaction left to end.
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connection.rollback()

    def reopen(self) -> None:
        """Connect again, with patience.

        Raises
        ------
        SourceUnreachable
            The server did not come back within some fifteen seconds.
        """
        self.close()
        for pause in _PAUSES[:-1]:
            time.sleep(pause)
            with suppress(SourceUnreachable):
                self._connection = self._connected()
                return
        time.sleep(_PAUSES[-1])
        self._connection = self._connected()

    def cancel(self) -> None:
        """Stop what the session is doing, from another thread."""
        with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
            self._connection.cancel()

    def close(self) -> None:
        """Give the connection back; calling it twice does nothing more."""
        self._connection.close()

    def _connected(self) -> Connection:
        connection = connect(self._location, statement_timeout=self._statement_timeout)
        # ST_IsValid and others remark on each bad geometry; the counts say it.
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(_ATTENTIVE)
        except psycopg2.DataError:  # a server on a system that cannot tell refuses
            with connection, connection.cursor() as cursor:
                cursor.execute(_QUIET)
        return connection


class Sessions:
    """A few sessions to one database, lent out one at a time.

    Parameters
    ----------
    first
        A session that is open already; it becomes one of them.
    count
        How many there should be. When the server grants fewer, these serve.
    """

    def __init__(self, first: Session, *, location: str, count: int) -> None:
        self._all = [first]
        for _ in range(count - 1):
            try:
                self._all.append(Session(location, statement_timeout=STATEMENT_TIMEOUT))
            except SourceUnreachable:
                break
        self._free: SimpleQueue[Session] = SimpleQueue()
        for session in self._all:
            self._free.put(session)

    def __len__(self) -> int:
        return len(self._all)

    @contextmanager
    def lent(self) -> Iterator[Session]:
        """Wait for a session, and have it alone."""
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)

    def cancel(self) -> None:
        """Stop whatever still runs."""
        for session in self._all:
            session.cancel()

    def close(self) -> None:
        """Close all."""
        for session in self._all:
            session.close()
