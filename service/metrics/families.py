"""Every metric there is: its name, kind, labels and meaning.

Counters and histograms are added up over the workers, ended ones too; a gauge is
told for each worker that is alive, by its number.

References
----------
Prometheus, Metric and label naming; OpenMetrics 1.0, Metric types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

DURATIONS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Upper bounds of the histogram, seconds; what takes longer is in ``+Inf`` only."""
WORKER: Final = "worker"
"""Label of every gauge: the number of a worker, from 0, taken again by the next one."""


class Kind(StrEnum):
    """What a number means."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Family:
    """One metric."""

    kind: Kind
    labels: tuple[str, ...]
    help: str


def _counter(labels: str, text: str) -> Family:
    return Family(Kind.COUNTER, tuple(labels.split()), text)


def _gauge(labels: str, text: str) -> Family:
    return Family(Kind.GAUGE, (*labels.split(), WORKER), text)


_ALL: Mapping[str, Family] = {
    "http_requests_total": _counter(
        "route method status", "Requests answered, by pattern of the path."
    ),
    "http_request_duration_seconds": Family(
        Kind.HISTOGRAM,
        ("route", "method"),
        "Time from the request to the last byte of the answer.",
    ),
    "http_response_bytes_total": _counter(
        "route", "Bytes of bodies sent, as they went out (compressed ones too)."
    ),
    "http_responses_unfinished_total": _counter(
        "route",
        "Answers broken off: the client went away or stalled, or a silo failed"
        " halfway.",
    ),
    "http_requests_running": _gauge("", "Requests that are being answered."),
    "http_streams_running": _gauge("", "Answers that are sent batch by batch."),
    "silo_connections": _gauge("silo pool", "Connections that may be open."),
    "silo_connections_used": _gauge("silo pool", "Connections that a request holds."),
    "silo_waiting": _gauge("silo pool", "Requests that wait for a connection."),
    "silo_waits_total": _counter(
        "silo pool", "Times that a request had to wait for a connection."
    ),
    "silo_refusals_total": _counter(
        "silo pool", "Requests that waited in vain and were answered 503."
    ),
    "silo_state_looks_total": _counter(
        "silo", "Times that a silo was asked whether a collection changed."
    ),
    "silo_up": _gauge("silo", "1 while a silo can be looked at, else 0."),
    "page_memory_bytes": _gauge("", "Bytes of pages that are remembered."),
    "spool_bytes": _gauge("", "Bytes of pages in temporary files."),
    "page_memory_hits_total": _counter("", "Pages answered from memory."),
    "page_memory_misses_total": _counter(
        "", "Pages remembered that were not current any more."
    ),
    "snapshot_generation": _gauge("", "Number of the snapshot that is served."),
    "snapshot_built_timestamp_seconds": _gauge("", "When that snapshot was built."),
    "datasets": _gauge("", "Datasets with a record."),
    "collections": _gauge("", "Collections that are served."),
    "collections_broken": _gauge("", "Collections that ought to be served and fail."),
    "findings": _gauge("severity", "What is wrong otherwise, as /health says."),
    "files": _gauge("format", "Files of whole collections that lie ready."),
    "files_bytes": _gauge("", "Bytes of those files."),
    "files_made_timestamp_seconds": _gauge(
        "", "When the newest of those files was made."
    ),
    "files_made_oldest_timestamp_seconds": _gauge(
        "", "When rows were last read for the collection of which that is longest ago."
    ),
    "files_makings_total": _counter(
        "outcome",
        "Times that rows of a collection were read for its files, by what became of"
        " them: new, unchanged or failed.",
    ),
    "files_making_seconds_total": _counter("outcome", "Time that this took."),
    "worker_memory_bytes": _gauge("", "Resident memory."),
    "worker_cpu_seconds_total": _counter("", "Time of the processor that was used."),
    "worker_start_timestamp_seconds": _gauge("", "When the worker started."),
}
FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {f"passerelle_{name}": family for name, family in _ALL.items()}
)
"""All of them, by name, in the order in which they are told."""
