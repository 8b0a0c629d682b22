"""What others keep count of: the snapshot, the silos' pools, the memory of pages."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.memory import PageMemory
from service.metrics.cells import Key
from service.metrics.meter import Meter
from service.snapshot import Snapshot, Stage
from service.spool import SpoolRoom

Sample = tuple[Key, float]
_STARTED: Final = time.time()
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Sampler:
    """Reads numbers that are kept elsewhere, and hands them to the meter."""

    def __init__(
        self, meter: Meter, stage: Stage, memory: PageMemory, room: SpoolRoom
    ) -> None:
        self._meter = meter
        self._stage = stage
        self._memory = memory
        self._room = room

    def sample(self) -> None:
        """Read all numbers as they are now."""
        self._meter.sample(
            {(f"passerelle_{name}", *labels): n for (name, *labels), n in self._all()}
        )

    def _all(self) -> Iterator[Sample]:
        meter, memory = self._meter, self._memory
        yield ("http_requests_running",), meter.running
        yield ("http_streams_running",), meter.streams
        yield ("page_memory_bytes",), memory.size
        yield ("page_memory_hits_total",), memory.hits
        yield ("page_memory_misses_total",), memory.misses
        yield ("spool_bytes",), self._room.used
        yield from _process()
        if self._stage.current is not None:
            yield from _snapshot(self._stage.current)
            yield from _silos(self._stage.current)
            yield from _files(self._stage.current)


def _process() -> Iterator[Sample]:
    """Yield what the worker takes of its machine."""
    yield ("worker_memory_bytes",), _resident()
    yield ("worker_cpu_seconds_total",), time.process_time()
    yield ("worker_start_timestamp_seconds",), _STARTED


def _resident() -> int:
    """Return bytes of resident memory; the most there ever were without `/proc`."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _snapshot(snapshot: Snapshot) -> Iterator[Sample]:
    yield ("snapshot_generation",), snapshot.generation
    yield ("snapshot_built_timestamp_seconds",), snapshot.built_at.timestamp()
    yield ("datasets",), len(snapshot.datasets)
    yield ("collections",), len(snapshot.collections)
    yield ("collections_broken",), len(snapshot.broken)
    for severity, number in Counter(str(f.severity) for f in snapshot.findings).items():
        yield ("findings", severity), number


def _silos(snapshot: Snapshot) -> Iterator[Sample]:
    for name, silo in snapshot.silos.items():
        yield ("silo_up", name), not snapshot.is_unreachable(name)
        usage = silo.usage()
        yield ("silo_state_looks_total", name), sum(u.looks for u in usage.values())
        for pool, use in usage.items():
            yield ("silo_connections", name, pool), use.size
            yield ("silo_connections_used", name, pool), use.used
            yield ("silo_waiting", name, pool), use.waiting
            yield ("silo_waits_total", name, pool), use.waits
            yield ("silo_refusals_total", name, pool), use.refusals


def _files(snapshot: Snapshot) -> Iterator[Sample]:
    """Yield the files made ahead that may go out."""
    collections = [c.files.values() for c in snapshot.collections.values() if c.files]
    files = [file for each in collections for file in each]
    for form, number in Counter(file.format.value for file in files).items():
        yield ("files", form), number
    yield ("files_bytes",), sum(file.length for file in files)
    if files:
        read = [max(file.checked_at for file in each) for each in collections]
        yield ("files_made_timestamp_seconds",), max(read).timestamp()
        yield ("files_made_oldest_timestamp_seconds",), min(read).timestamp()
