"""Where in storage a box of another reference system may lie, and surely lies.

A box asked for in longitude and latitude has edges along parallels; in a
projected storage these are curves, so the box of its two corners both loses
features and finds too many. What decides is always the predicate in the CRS of
the question; the two boxes computed here only save work: outside of `outer`
nothing can meet the question, and what lies wholly within `inner` surely does.

Limitations: edges of stored geometries longer than 50 km may bulge by more
than what `outer` allows for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from metadata.crs import transformer
from metadata.measured import Bounds, Extent

_STEPS = 101
_SLACK_METRES = 10.0
"""Covers index boxes rounded to single precision and differing datum grids."""
_SLACK_DEGREES = 1e-4
_LONGEST_EDGE_METRES = 50_000.0
_LONGEST_EDGE_DEGREES = 0.5
_ROUND_TRIP = 1e-6
"""Greatest relative error at which a transformed box is believed."""

_Points = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Window:
    """What the index may be asked for one box, in storage coordinates."""

    outer: Bounds | None
    """Nothing outside can match; `None`: nothing is known."""
    inner: Bounds | None
    """Everything within matches; `None`: nothing is known."""


UNKNOWN = Window(None, None)


@lru_cache(maxsize=64)
def is_geographic(srid: int) -> bool:
    """Tell whether a CRS is in degrees."""
    return bool(CRS.from_epsg(srid).is_geographic)


def is_whole_world(box: Bounds) -> bool:
    """Tell whether no position on Earth lies outside of a box."""
    world = Extent(west=-180, south=-90, east=180, north=90)
    spans = (
        box.xmin <= world.west
        and box.xmax >= world.east
        and box.ymin <= world.south
        and box.ymax >= world.north
    )
    return spans and is_geographic(box.srid)


@lru_cache(maxsize=4096)
def window(box: Bounds, storage: int, *, points: bool) -> Window:
    """Return what the index may be asked for one box.

    Parameters
    ----------
    box
        The question, x first, in its own CRS.
    storage
        EPSG code of the storage.
    points
        Whether the collection holds points only, which have no edges.
    """
    slack = _slack(storage)
    if box.srid == storage:
        return Window(grown(box, slack), _shrunk(box, slack))
    edges = _edges(box)
    there = [_moved(edge, box.srid, storage) for edge in edges]
    if not all(
        _is_true(here, moved, box.srid, storage)
        for here, moved in zip(edges, there, strict=True)
    ):
        return UNKNOWN
    x = np.concatenate([moved[0] for moved in there])
    y = np.concatenate([moved[1] for moved in there])
    hull = Bounds(
        float(x.min()), float(y.min()), float(x.max()), float(y.max()), storage
    )
    margin = slack + 0.005 * max(hull.xmax - hull.xmin, hull.ymax - hull.ymin)
    if not points:
        margin += _bulge(hull, box.srid)
    return Window(grown(hull, margin), _inner(there, box, storage, slack))


def grown(box: Bounds, margin: float) -> Bounds:
    """Return a box that is larger by a margin on every side."""
    return replace(
        box,
        xmin=box.xmin - margin,
        ymin=box.ymin - margin,
        xmax=box.xmax + margin,
        ymax=box.ymax + margin,
    )


def _shrunk(box: Bounds, margin: float) -> Bounds | None:
    small = grown(box, -margin)
    return small if small.xmin < small.xmax and small.ymin < small.ymax else None


def _slack(srid: int) -> float:
    return _SLACK_DEGREES if is_geographic(srid) else _SLACK_METRES


def _edges(box: Bounds) -> tuple[_Points, _Points, _Points, _Points]:
    """Return points along the south, east, north and west edges."""
    x = np.linspace(box.xmin, box.xmax, _STEPS)
    y = np.linspace(box.ymin, box.ymax, _STEPS)
    return (
        (x, np.full_like(x, box.ymin)),
        (np.full_like(y, box.xmax), y),
        (x, np.full_like(x, box.ymax)),
        (np.full_like(y, box.xmin), y),
    )


def _moved(points: _Points, source: int, target: int) -> _Points:
    x, y = transformer(source, target).transform(*points)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _is_true(here: _Points, there: _Points, source: int, target: int) -> bool:
    """Tell whether transformed points are finite and come back to where they were."""
    if not (np.isfinite(there[0]).all() and np.isfinite(there[1]).all()):
        return False
    back = _moved(there, target, source)
    scale = max(1.0, float(np.abs(here[0]).max()), float(np.abs(here[1]).max()))
    return all(
        bool(np.allclose(b, h, rtol=0, atol=_ROUND_TRIP * scale))
        for b, h in zip(back, here, strict=True)
    )


def _inner(
    there: list[_Points], box: Bounds, storage: int, slack: float
) -> Bounds | None:
    """Return an upright box within the four transformed edges, if it proves right."""
    south, east, north, west = there
    found = _shrunk(
        Bounds(
            float(west[0].max()),
            float(south[1].max()),
            float(east[0].min()),
            float(north[1].min()),
            srid=storage,
        ),
        slack,
    )
    if found is None:
        return None
    for edge in _edges(found):
        x, y = _moved(edge, storage, box.srid)
        inside = (x > box.xmin) & (x < box.xmax) & (y > box.ymin) & (y < box.ymax)
        if not inside.all():
            return None
    return found


def _bulge(hull: Bounds, other: int) -> float:
    """Return how far an edge of a stored geometry may leave the straight line."""
    x, y = (hull.xmin + hull.xmax) / 2, (hull.ymin + hull.ymax) / 2
    geographic = is_geographic(hull.srid)
    half = (_LONGEST_EDGE_DEGREES if geographic else _LONGEST_EDGE_METRES) / 2
    angle = np.linspace(0, np.pi, 8, endpoint=False)
    dx, dy = half * np.cos(angle), half * np.sin(angle)
    first = _moved((x - dx, y - dy), hull.srid, other)
    last = _moved((x + dx, y + dy), hull.srid, other)
    middle = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    back = _moved(middle, other, hull.srid)
    away = np.hypot(back[0] - x, back[1] - y)
    return float(2 * away.max()) if np.isfinite(away).all() else half
