"""A bounded pool of sessions for one event loop, that never waits without end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass

import psycopg2

from metadata.errors import SourceUnreachable
from providers.feature_source import Limits, PoolUse
from providers.pool import busy
from providers.postgis_execution import computing
from providers.session import Session, open_session
from providers.sql import Sql
from providers.streams import Row


@dataclass
class _Kept:
    session: Session
    opened: float


class SessionPool:
    """At most so many sessions, kept open, replaced after a while.

    Whoever waits longest is next. To be used from one event loop.
    """

    def __init__(self, location: str, limits: Limits) -> None:
        self._location = location
        self._limits = limits
        self._free = limits.connections
        self._idle: list[_Kept] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._waits = self._refusals = 0
        self.looks = 0
        """How often the state of a table was asked for by itself."""

    @property
    def in_use(self) -> int:
        """Sessions that somebody holds."""
        return self._limits.connections - self._free

    def use(self) -> PoolUse:
        """Return how it is used."""
        return PoolUse(
            size=self._limits.connections,
            used=self.in_use,
            waiting=len(self._waiting),
            waits=self._waits,
            refusals=self._refusals,
            looks=self.looks,
        )

    async def rows(self, statement: Sql, doing: str) -> list[Row]:
        """Run a statement; once more when a kept session had died.

        Repeating is safe, since nothing is ever written.

        Raises
        ------
        metadata.errors.SilosBusy
            No session became free in time, or the statement took too long.
        metadata.errors.SourceError
            PostgreSQL refuses, or is gone.
        metadata.errors.QueryError
            A condition cannot be computed.
        """
        await self._turn()
        try:
            kept = self._idle.pop() if self._idle else None
            if kept is not None:
                try:
                    return await self._run(kept, statement, doing)
                except SourceUnreachable:
                    if not kept.session.closed:
                        raise
                    self._discard_idle()
            return await self._run(await self._open(), statement, doing)
        finally:
            self._give()

    def close(self) -> None:
        """Close all sessions; those in use when they come back."""
        self._closed = True
        self._discard_idle()

    async def _run(self, kept: _Kept, statement: Sql, doing: str) -> list[Row]:
        try:
            return await kept.session.rows(statement)
        except psycopg2.Error:
            with computing(doing):
                raise
        finally:
            self._keep(kept)

    async def _open(self) -> _Kept:
        timeout = self._limits.statement_timeout
        session = await open_session(self._location, statement_timeout=timeout)
        return _Kept(session, time.monotonic())

    def _keep(self, kept: _Kept) -> None:
        old = time.monotonic() - kept.opened > self._limits.recycle
        if old or self._closed:
            kept.session.close()
        if not kept.session.closed:
            self._idle.append(kept)

    def _discard_idle(self) -> None:
        """Close every session that nobody uses."""
        idle, self._idle = self._idle, []
        for kept in idle:
            kept.session.close()

    async def _turn(self) -> None:
        """Wait for a session's turn."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(called)
        self._waits += 1
        try:
            async with asyncio.timeout(self._limits.wait):
                await called
        except BaseException as error:
            if called.done() and not called.cancelled():
                self._give()
            else:
                self._waiting.remove(called)
            if isinstance(error, TimeoutError):
                self._refusals += 1
                raise busy(self._limits.connections) from None
            raise

    def _give(self) -> None:
        """Hand the turn to the next, or keep it free."""
        while self._waiting:
            called = self._waiting.popleft()
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
