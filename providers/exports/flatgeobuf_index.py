"""The packed Hilbert R-tree of a FlatGeobuf that was written without one.

Features are put in the order of a Hilbert curve through the middles of their boxes;
those without a place come last and are under boxes that nothing meets. In memory are
some 70 bytes per feature, none of its content.

References
----------
FlatGeobuf 3, header and index; T. Skilling, Programming the Hilbert curve.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_MAGIC: Final = b"fgb\x03fgb"
_HEAD: Final = 12
"""Bytes of the mark and of the length of the header."""
_NODE: Final = 16
"""Children of a node, as is usual."""
_NODE_FIELD: Final = 9
"""Number of `index_node_size` in the table of the header."""
_NODE_TYPE: Final = np.dtype([("box", "<f8", 4), ("offset", "<u8")])
_ORDER: Final = 16
"""Bits of each axis of the curve."""
_CHUNK: Final = 50_000

Boxes = NDArray[np.float64]


def add_index(plain: Path, path: Path, bounds: Boxes) -> None:
    """Write a FlatGeobuf with its index, and remove the one without.

    Parameters
    ----------
    plain
        Without an index, its features in the order of `bounds`.
    bounds
        Of each feature: least x and y, greatest x and y; NaN without a place. Where
        none has any, the file stays without an index.

    Raises
    ------
    OSError
        It cannot be read or written, or is no such file.
    """
    if not np.isfinite(bounds).all(axis=1).any():
        plain.replace(path)
        return
    with plain.open("rb") as source, path.open("wb") as target:
        head = _indexed_head(source)
        offsets = _offsets(source, len(bounds))
        order = _along_curve(bounds)
        target.write(head)
        sizes = np.diff(offsets)[order]
        for nodes in _nodes(bounds, order, sizes):
            target.write(nodes.tobytes())
        for place, size in zip(offsets[order].tolist(), sizes.tolist(), strict=True):
            target.write(os.pread(source.fileno(), size, place))
    plain.unlink()


def _indexed_head(source: BinaryIO) -> bytes:
    """Return everything before the features, which says that there is an index."""
    start = source.read(_HEAD)
    (length,) = struct.unpack_from("<I", start, len(start) - 4)
    head = bytearray(start + source.read(length))
    (root,) = struct.unpack_from("<I", head, _HEAD)
    table = _HEAD + root
    (back,) = struct.unpack_from("<i", head, table)
    entry = table - back + 4 + 2 * _NODE_FIELD
    (place,) = struct.unpack_from("<H", head, entry)
    if not head.startswith(_MAGIC) or not place:
        raise OSError("Not a FlatGeobuf without an index.")
    struct.pack_into("<H", head, table + place, _NODE)
    return bytes(head)


def _offsets(source: BinaryIO, number: int) -> NDArray[np.int64]:
    """Return where each feature begins, and where the last one ends."""
    found = np.empty(number + 1, np.int64)
    place, descriptor = source.tell(), source.fileno()
    for feature in range(number):
        found[feature] = place
        place += 4 + int.from_bytes(os.pread(descriptor, 4, place), "little")
    found[number] = place
    if place != os.fstat(descriptor).st_size:
        raise OSError("The FlatGeobuf holds other features than were written.")
    return found


def _along_curve(bounds: Boxes) -> NDArray[np.int64]:
    """Return the features in the order of the curve."""
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    there = np.isfinite(middles).all(axis=1)
    low = middles[there].min(axis=0)
    width = np.maximum(middles[there].max(axis=0) - low, np.finfo(float).tiny)
    places = np.zeros(middles.shape, np.uint32)
    places[there] = (middles[there] - low) / width * ((1 << _ORDER) - 1)
    distance = np.full(len(bounds), 1 << (2 * _ORDER), np.uint64)
    distance[there] = _hilbert(places[there, 0], places[there, 1])
    return np.argsort(distance, kind="stable")


def _hilbert(x: NDArray[np.uint32], y: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return how far along the curve each cell lies."""
    x, y = x.copy(), y.copy()
    found = np.zeros(len(x), np.uint64)
    side = 1 << (_ORDER - 1)
    while side:
        right, upper = (x & side) > 0, (y & side) > 0
        quarter = np.where(right, 3, 0) ^ upper
        found += quarter.astype(np.uint64) * np.uint64(side * side)
        mirrored = ~upper & right
        largest = (1 << _ORDER) - 1
        x[mirrored], y[mirrored] = largest - x[mirrored], largest - y[mirrored]
        x[~upper], y[~upper] = y[~upper], x[~upper]
        side >>= 1
    return found


def _nodes(
    bounds: Boxes, order: NDArray[np.int64], sizes: NDArray[np.int64]
) -> Iterator[NDArray[np.void]]:
    """Yield the nodes of the tree as the file has them: from the root to the leaves."""
    levels = _levels(bounds, order)
    first = 1
    for level, boxes in enumerate(levels):
        last = level == len(levels) - 1
        children = len(order) if last else len(levels[level + 1])
        yield _packed(boxes, first + np.arange(0, children, _NODE))
        first += children
    begins = np.cumsum(sizes) - sizes
    for start in range(0, len(order), _CHUNK):
        some = order[start : start + _CHUNK]
        yield _packed(_without_nan(bounds[some]), begins[start : start + _CHUNK])


def _levels(bounds: Boxes, order: NDArray[np.int64]) -> list[Boxes]:
    """Return the boxes of every level above the leaves, the root first."""
    chunk = _CHUNK // _NODE * _NODE
    starts = range(0, len(order), chunk)
    parts = [_around(_without_nan(bounds[order[s : s + chunk]])) for s in starts]
    levels = [np.concatenate(parts)]
    while len(levels[0]) > 1:
        levels.insert(0, _around(levels[0]))
    return levels


def _around(boxes: Boxes) -> Boxes:
    """Return the boxes around as many boxes each as a node has children."""
    starts = np.arange(0, len(boxes), _NODE)
    low = np.minimum.reduceat(boxes[:, :2], starts)
    return np.hstack([low, np.maximum.reduceat(boxes[:, 2:], starts)])


def _without_nan(boxes: Boxes) -> Boxes:
    """Return boxes of which those without a place are met by nothing."""
    nowhere = np.array([np.inf, np.inf, -np.inf, -np.inf])
    found = boxes.copy()
    found[~np.isfinite(boxes).all(axis=1)] = nowhere
    return found


def _packed(boxes: Boxes, offsets: NDArray[np.int64]) -> NDArray[np.void]:
    found = np.empty(len(boxes), _NODE_TYPE)
    found["box"], found["offset"] = boxes, offsets
    return found
