"""Answers that are longer than memory: sent batch by batch, or broken off.

An error after the first byte breaks the connection off: the chunked body is
never ended, so that no client takes half of a collection for all of it
(RFC 9112, clause 8). A client that goes away is noticed between two batches; one
that stops reading is cut off after a while, because it holds a session of the
silo.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol, TypeVar

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from metadata.errors import PasserelleError, SilosBusy

T = TypeVar("T")
MOST: Final = 32
"""Streams of one worker that begin, or wait for a session, at once."""
SEND_TIMEOUT = 60.0
"""Seconds that a client may take to make room for the next batch."""


IsGone = Callable[[], bool]
"""Tells whether the client has gone; may be called in any thread."""


class Batches(Protocol):
    """Bytes, a batch at a time, from something that is to be closed."""

    def __next__(self) -> bytes:
        """Return the next batch."""
        ...

    def close(self) -> None:
        """Stop. May be called twice."""
        ...


class ClientStalled(PasserelleError):
    """A client has stopped reading; what it has got is cut off."""


class StreamThreads:
    """Threads in which streams begin, for each waits for a session of its silo there.

    They are others than those of everything else, which is not kept waiting.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="stream")
        self._busy = 0

    async def run(self, begin: Callable[[], T]) -> T:
        """Run what begins a stream.

        Raises
        ------
        metadata.errors.SilosBusy
            So many are waiting already that there is no use in one more.
        """
        if self._busy >= MOST:
            message = f"{MOST} streams are beginning or waiting already."
            raise SilosBusy(message, hint="Ask again in a few seconds.")
        self._busy += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, begin)
        finally:
            self._busy -= 1


class FeatureStreamResponse(Response):
    """A FeatureCollection on its way.

    Parameters
    ----------
    opening
        Bytes before the first feature.
    first
        The first batch, read before the answer began; may be empty.
    stream
        The rest; closed however the answer ends.
    closing
        Returns the bytes after the last feature; called in a thread, once the
        stream is exhausted.
    """

    def __init__(
        self,
        *,
        opening: bytes,
        first: bytes,
        stream: Batches,
        closing: Callable[[], bytes],
        headers: Mapping[str, str],
        background: BackgroundTask | None = None,
    ) -> None:
        self.status_code = 200
        self.background = background
        self.init_headers(headers)
        self._opening = opening + first
        self._stream = stream
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            async with departure(receive) as is_gone:
                await self._send(scope, send, is_gone)
        finally:
            await asyncio.shield(run_in_threadpool(self._stream.close))

    def _next(self) -> bytes:
        """Return the next batch; empty at the end."""
        try:
            return next(self._stream)
        except StopIteration:
            return b""

    async def _send(self, scope: Scope, send: Send, is_gone: IsGone) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        if scope["method"] != "HEAD":
            await _send_body(send, self._opening)
            while batch := await run_in_threadpool(self._next):
                if is_gone():
                    return
                await _send_body(send, batch)
            await _send_body(send, await run_in_threadpool(self._closing))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@asynccontextmanager
async def departure(receive: Receive) -> AsyncIterator[IsGone]:
    """Watch, as long as it takes, whether the client goes away."""
    watcher = asyncio.ensure_future(_disconnected(receive))
    try:
        yield watcher.done
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


async def _send_body(send: Send, batch: bytes) -> None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await send({"type": "http.response.body", "body": batch, "more_body": True})
    except TimeoutError:
        message = f"Sending a stream: the client took nothing for {SEND_TIMEOUT:g} s."
        raise ClientStalled(message) from None


async def _disconnected(receive: Receive) -> None:
    """Return once the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
