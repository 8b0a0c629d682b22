"""One look for all who ask together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Asks for something that may change at any moment, for many at once.

    Nobody gets an answer that was asked for before they came: whoever comes
    while a look is under way waits for the next one, together with all others
    who came meanwhile.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Return an answer that was asked for after this call."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._after(self._running))
        return await asyncio.shield(self._next)

    async def settled(self) -> None:
        """Wait for the look that is under way, whatever becomes of it."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])

    @property
    def is_idle(self) -> bool:
        """Whether nobody looks or is about to."""
        return self._next is None and (self._running is None or self._running.done())

    async def _after(self, running: asyncio.Task[T] | None) -> T:
        if running is not None and not running.done():
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._ask()
