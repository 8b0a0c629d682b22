"""Counts each request as it passes, and samples what others keep count of."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.files_attempts import Outcome
from service.metrics.cells import Cells, Key
from service.metrics.families import DURATIONS, FAMILIES, Kind

_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
)
_OTHER: Final = "other"
"""Any other method, and any path that no route has: labels are never what was sent."""
_BOUNDS: Final = (*(f"{bound:g}" for bound in DURATIONS), "+Inf")
_Places = tuple[int, int, int, tuple[int, ...]]
"""Of the number of requests, their bytes, their time, and each bucket by itself."""
Samples = Mapping[Key, float]
"""Numbers that others keep, by name and labels; gauges without the worker's."""


class Meter:
    """What this worker counts. To be used from its event loop."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.running = 0
        """Requests that are being answered."""
        self.streams = 0
        """Answers that are sent batch by batch."""
        self._places: dict[tuple[str, str, int], _Places] = {}
        self._followed: dict[Key, float] = {}
        self._forget_gauges(())
        # A counter that is not there before its first time never seems to grow.
        for outcome in Outcome:
            self.note_making(outcome, 0.0, times=0)

    def note(
        self, route: str, method: str, status: int, *, seconds: float, size: int
    ) -> None:
        """Count an answer.

        Parameters
        ----------
        route
            Pattern of the path.
        seconds
            To the last byte.
        size
            Bytes of the body.
        """
        asked = route, method, status
        places = self._places.get(asked)
        if places is None:
            places = self._places[asked] = self._found(route, method, status)
        requests, sizes, total, buckets = places
        values = self.cells.values
        values[requests] += 1
        values[sizes] += size
        values[total] += seconds
        values[buckets[bisect_left(DURATIONS, seconds)]] += 1

    def note_unfinished(self, route: str) -> None:
        """Count an answer that was broken off."""
        name = "passerelle_http_responses_unfinished_total"
        self.cells.values[self.cells.place((name, route))] += 1

    def note_making(self, outcome: Outcome, seconds: float, *, times: int = 1) -> None:
        """Count a collection whose files were made, or were to be."""
        for name, number in (("makings", times), ("making_seconds", seconds)):
            key = f"passerelle_files_{name}_total", outcome.value
            self.cells.values[self.cells.place(key)] += number

    def sample(self, samples: Samples) -> None:
        """Take over what others keep; gauges that are not among them end."""
        values = self.cells.values
        for key, value in samples.items():
            if FAMILIES[key[0]].kind is Kind.GAUGE:
                values[self.cells.place(key)] = value
            else:
                before = self._followed.get(key, 0.0)
                # Smaller than before: it was begun anew, with a new pool.
                grown = value - before if value >= before else value
                values[self.cells.place(key)] += grown
                self._followed[key] = value
        self._forget_gauges(samples)

    def _forget_gauges(self, kept: Iterable[Key]) -> None:
        """End the gauges of what is not there any more, or of the former worker."""
        stays = set(kept)
        for key in self.cells.names():
            if FAMILIES[key[0]].kind is Kind.GAUGE and key not in stays:
                self.cells.values[self.cells.place(key)] = math.nan

    def _found(self, route: str, method: str, status: int) -> _Places:
        """Return the places of what is counted of such an answer."""
        place, name = self.cells.place, "passerelle_http_request_duration_seconds"
        return (
            place(("passerelle_http_requests_total", route, method, str(status))),
            place(("passerelle_http_response_bytes_total", route)),
            place((name, route, method, "sum")),
            tuple(place((name, route, method, bound)) for bound in _BOUNDS),
        )


class Measure:
    """Count every request; to stand around all other middleware."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(send, self._meter)
        self._meter.running += 1
        try:
            await self._app(scope, receive, answer.send)
        finally:
            self._meter.running -= 1
            self._note(scope, answer, time.perf_counter() - began)

    def _note(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", _OTHER)
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        if answer.streamed:
            self._meter.streams -= 1
        if answer.begun and not answer.ended:
            self._meter.note_unfinished(route)
        size = answer.size if method != "HEAD" else 0
        self._meter.note(route, method, answer.status, seconds=seconds, size=size)


class _Answer:
    """One answer on its way out."""

    __slots__ = ("_meter", "_send", "begun", "ended", "size", "status", "streamed")

    def __init__(self, send: Send, meter: Meter) -> None:
        self._send = send
        self._meter = meter
        self.status: int = HTTPStatus.INTERNAL_SERVER_ERROR.value
        """What is answered for whoever fails before an answer."""
        self.size = 0
        self.begun = self.ended = self.streamed = False

    async def send(self, message: Message) -> None:
        """Pass a message on, and note what it is."""
        if message["type"] == "http.response.body":
            more = message.get("more_body", False)
            if more and not self.streamed:
                self.streamed = True
                self._meter.streams += 1
            await self._send(message)
            self.size += len(message.get("body", b""))
            self.ended = not more
            return
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
        await self._send(message)
