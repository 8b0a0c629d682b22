"""What our service has to reach on each workload, beside the others in one run.

A bar is a ratio of requests per second at eight connections. The medians of the
rounds are compared; a bar that lies within their spread counts as met.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RIVALS = ("tipg", "mapserver", "qgis")
"""Whoever of them is the fastest on a line is the best peer, stock pygeoapi too."""


@dataclass(frozen=True)
class Bar:
    """How many times faster than stock pygeoapi, the best peer, PostgreSQL alone."""

    pygeoapi: float = 0.0
    peer: float = 0.0
    postgres: float = 0.0


BARS: Mapping[str, Bar] = {
    "limit=10": Bar(pygeoapi=200, peer=12),
    "limit=100": Bar(pygeoapi=100, peer=9),
    "limit=1000": Bar(pygeoapi=35, peer=10, postgres=0.80),
    "limit=10000": Bar(pygeoapi=20, peer=3, postgres=0.80),
    "insee=, limit=100": Bar(pygeoapi=10, peer=6, postgres=0.65),
    "bbox 1%, limit=1000": Bar(peer=4, postgres=0.95),
    "crs=2154, limit=1000": Bar(pygeoapi=30, postgres=0.90),
    "one feature": Bar(peer=2.5),
    "offset=900000, limit=100": Bar(postgres=1.7),
    "parcelles limit=1000": Bar(peer=5, postgres=0.95),
    "communes limit=40": Bar(postgres=0.90),
    "CQL2 text, limit=100": Bar(peer=1),
    "collections": Bar(peer=2),
    "one collection": Bar(peer=2),
}


@dataclass(frozen=True)
class Ratio:
    """How many times faster we are than somebody, over the rounds of one run."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.lowest:.3g}–{self.highest:.3g})"


def verdicts(results: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return a table of ratios against bars, and what is not met."""
    lines = [
        "| workload | × pygeoapi | bar | × best peer | bar | × PostgreSQL | bar |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    missed: list[str] = []
    for workload, servers in results["workloads"].items():
        if servers["ours"]["skip"]:
            missed.append(
                f"{workload}: our answer is wrong ({servers['ours']['skip']})"
            )
            continue
        cells: list[str] = []
        for name, wanted, ratio in _compared(workload, servers):
            cells += [str(ratio) if ratio else "–", f"{wanted:g}" if wanted else "–"]
            if ratio and wanted and ratio.highest < wanted:
                missed.append(f"{workload}: {ratio} × {name}, the bar is {wanted:g}")
        lines.append(f"| {workload} | {' | '.join(cells)} |")
    return lines, missed


def _compared(
    workload: str, servers: Mapping[str, Any]
) -> Iterator[tuple[str, float, Ratio | None]]:
    """Yield who we are compared with, the bar, and the ratio where both answered."""
    bar = BARS.get(workload, Bar())
    ours = _rates(servers["ours"])
    best = max(
        (_rates(servers[name]) for name in ("pygeoapi", *RIVALS) if name in servers),
        key=lambda rates: statistics.median(rates) if rates else 0.0,
        default=[],
    )
    stock, floor = _rates(servers.get("pygeoapi")), _rates(servers.get("postgres"))
    yield "pygeoapi", bar.pygeoapi, _ratio(ours, stock)
    yield "the best peer", bar.peer, _ratio(ours, best)
    yield "PostgreSQL", bar.postgres, _ratio(ours, floor)


def _rates(server: Mapping[str, Any] | None) -> list[float]:
    """Return requests per second at eight connections, one per round."""
    if server is None or server["skip"]:
        return []
    return [one["rps"] for one in server["wrk"]]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio | None:
    if not ours or not theirs:
        return None
    rounds = [a / b for a, b in zip(ours, theirs, strict=False)]
    median = statistics.median(ours) / statistics.median(theirs)
    return Ratio(median, min(rounds), max(rounds))
