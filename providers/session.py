"""One session with PostgreSQL that an event loop waits for, never a thread.

Statements whose shape comes again are prepared, so that PostgreSQL reads and
plans them once. A parameter is declared with the type that the same constant
would have in the text of the statement: `integer` for a small whole number,
`numeric` for a decimal one, and `unknown` for a text. So a prepared statement
means the same as a plain one; ``count > 0.5`` does not become ``count > 1``.

PostgreSQL soon plans a prepared statement once for all values. Where boxes or
intervals pick the rows that goes wrong: the plan of a whole country, kept, reads a
million rows for one street. Such statements say so (`providers.sql.BY_VALUES`) and
are planned for their values each time; what only follows a key is not.

References
----------
PostgreSQL, PREPARE; libpq, Asynchronous Command Processing; psycopg,
Asynchronous support.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Final

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from providers.database import CONNECT_TIMEOUT, Connection, connect_later, unreachable
from providers.postgis_execution import numbered, render
from providers.sql import BY_VALUES, Scalar, Shape, Sql, shape
from providers.streams import Row

_MOST_PREPARED = 200
_MOST_SEEN = 2_000
_FOR_VALUES, _ONCE = "force_custom_plan", "auto"
_SMALL, _LARGE = 2**31, 2**63
_TAKE_AND_GIVE_BACK: Final = (
    "SELECT octet_length(repeat(repeat(' ', 65536), times))"
    " FROM generate_series(128, 128) AS times"
)
"""Makes a backend's C library hold on to memory, where that is glibc.

It gives blocks of 128 KiB and more back to the system as soon as they are freed, and
takes them anew for each page, one page fault for every 4 KiB: a sixth of all the time
of 10,000 features. Once a block was freed, those up to its size are kept, twice as
much of them at most (mallopt(3), M_MMAP_THRESHOLD): here 8 MiB, as much as a page that
is not streamed may need. In a row, for a constant would be worked out while planning.
"""
_Form = tuple[Shape, tuple[str, ...]]


class Session:
    """One session. One statement at a time; to be used from one event loop.

    Parameters
    ----------
    connection
        Opened by `open_session`.
    """

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._descriptor = -1
        """The socket, while it is listened to; -1 before and after."""
        self._done: asyncio.Future[None] | None = None
        """What waits for the answer; `None` while nothing was asked."""
        self._writing = False
        self._prepared: OrderedDict[_Form, str] = OrderedDict()
        """Names of prepared statements; empty for what cannot be prepared."""
        self._seen: OrderedDict[_Form, None] = OrderedDict()
        self._numbers = count(1)
        self._mode = ""
        """How prepared statements are planned; empty when that is not known."""

    @property
    def closed(self) -> bool:
        """Whether it was closed, or lost."""
        return bool(self._connection.closed)

    def close(self) -> None:
        """Close it."""
        self._listen_no_more()
        self._connection.close()

    async def rows(self, statement: Sql) -> list[Row]:
        """Run a statement and return its rows, or those of the last of several.

        Whoever gives up waiting leaves a session that is closed.

        Raises
        ------
        psycopg2.Error
            As PostgreSQL says.
        """
        found, values = shape(statement)
        name = await self._name((found, tuple(map(_type, values))))
        if not name:
            return await self._run(*render(statement, self._connection))
        places = f"({', '.join(['%s'] * len(values))})" if values else ""
        mode = _FOR_VALUES if BY_VALUES[0] in found else _ONCE
        return await self._execute(f"EXECUTE {name}{places}", values, mode)

    async def _execute(
        self, text: str, values: Sequence[object], mode: str
    ) -> list[Row]:
        """Run a prepared statement, planned in one of two ways."""
        if mode != self._mode:
            # An error takes the setting back, with all of what was sent.
            self._mode = ""
            text = f"SET plan_cache_mode = {mode}; {text}"
        found = await self._run(text, values)
        self._mode = mode
        return found

    async def _name(self, form: _Form) -> str:
        """Return the name of a prepared statement; empty when it is not prepared."""
        if form in self._prepared:
            self._prepared.move_to_end(form)
        elif form in self._seen:
            self._prepared[form] = await self._prepare(form)
        else:
            self._seen[form] = None
            if len(self._seen) > _MOST_SEEN:
                self._seen.popitem(last=False)
        return self._prepared.get(form, "")

    async def _prepare(self, form: _Form) -> str:
        """Prepare a statement; one that is wrong says so when it is run."""
        if len(self._prepared) >= _MOST_PREPARED:
            _, oldest = self._prepared.popitem(last=False)
            if oldest:
                await self._run(f"DEALLOCATE {oldest}", None)
        found, types = form
        name = f"passerelle_{next(self._numbers)}"
        declared = f"({', '.join(types)})" if types else ""
        text = numbered(found, self._connection)
        try:
            await self._run(f"PREPARE {name}{declared} AS {text}", None)
        except psycopg2.ProgrammingError:
            return ""
        return name

    async def _run(self, text: str, values: Sequence[object] | None) -> list[Row]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(text, values)
        except psycopg2.OperationalError:
            self.close()
            raise
        await self._answered()
        return cursor.fetchall() if cursor.description else []

    async def connected(self) -> None:
        """Wait for the connection; its socket may change meanwhile."""
        while True:
            state = self._connection.poll()
            if state == psycopg2.extensions.POLL_OK:
                return
            descriptor = self._connection.fileno()
            ready = self._loop.create_future()
            if state == psycopg2.extensions.POLL_WRITE:
                self._loop.add_writer(descriptor, _settle, ready)
            else:
                self._loop.add_reader(descriptor, _settle, ready)
            try:
                await ready
            finally:
                self._loop.remove_writer(descriptor)
                self._loop.remove_reader(descriptor)

    def listen(self) -> None:
        """Hear of every answer from now on, and of the connection's end.

        Once for the whole session: to begin and to end listening costs more than
        to be told.
        """
        self._descriptor = self._connection.fileno()
        self._loop.add_reader(self._descriptor, self._advance)

    async def keep_memory(self) -> None:
        """Have the server keep the memory of a large page for the next one."""
        await self._run(_TAKE_AND_GIVE_BACK, None)

    def _listen_no_more(self) -> None:
        if self._descriptor < 0:
            return
        self._watch(writing=False)
        self._loop.remove_reader(self._descriptor)
        self._descriptor = -1

    async def _answered(self) -> None:
        """Wait until PostgreSQL has answered what was asked last."""
        self._done = done = self._loop.create_future()
        self._advance()
        try:
            await done
        finally:
            self._done = None
            if done.cancelled():
                self.close()

    def _advance(self) -> None:
        """Go on as far as possible without waiting."""
        done = self._done
        try:
            state = self._connection.poll()
        except psycopg2.Error as error:
            if self._connection.closed or done is None:
                self.close()
            if done is not None and not done.done():
                done.set_exception(error)
            return
        if done is None or done.done():
            return
        if state == psycopg2.extensions.POLL_OK:
            self._watch(writing=False)
            done.set_result(None)
        else:
            self._watch(writing=state == psycopg2.extensions.POLL_WRITE)

    def _watch(self, *, writing: bool) -> None:
        """Be called, or no more, when PostgreSQL takes more of what is sent."""
        if writing and not self._writing:
            self._loop.add_writer(self._descriptor, self._advance)
        elif self._writing and not writing:
            self._loop.remove_writer(self._descriptor)
        self._writing = writing


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def open_session(location: str, *, statement_timeout: int) -> Session:
    """Open a read-only session whose texts come as bytes.

    Parameters
    ----------
    statement_timeout
        Milliseconds.

    Raises
    ------
    metadata.errors.SourceUnreachable
        No connection in time; the message never holds the password.
    """
    connection = connect_later(location, statement_timeout=statement_timeout)
    session = Session(connection, asyncio.get_running_loop())
    psycopg2.extensions.register_type(psycopg2.extensions.BYTES, connection)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await session.connected()
            session.listen()
            await session.keep_memory()
    except TimeoutError:
        session.close()
        raise unreachable(location, "timeout expired") from None
    except psycopg2.OperationalError as error:
        session.close()
        raise unreachable(location, str(error)) from None
    return session


def _type(value: Scalar) -> str:
    """Return the type that PostgreSQL gives to a constant written in a statement."""
    match value:
        case bool():
            return "boolean"
        case int():
            if -_SMALL < value < _SMALL:
                return "integer"
            return "bigint" if -_LARGE < value < _LARGE else "numeric"
        case float() | Decimal():
            return "numeric"
        case bytes():
            return "bytea"
        case _:
            return "unknown"
