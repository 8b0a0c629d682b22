"""What is learnt of geometries while they go by: their types, and the box around."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

NAMES: Final = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
"""By the number that GEOS gives to a type."""
_SINGLE: Final = {0: 4, 1: 5, 3: 6}
"""Types of one part, and those of several."""
_MANY: Final = {
    4: shapely.multipoints,
    5: shapely.multilinestrings,
    6: shapely.multipolygons,
}


class ShapeFacts:
    """Grows with each batch; geometries without a place count for their type only."""

    def __init__(self) -> None:
        self.types: set[tuple[int, bool]] = set()
        """Numbers of types (GEOS), each with whether it has heights."""
        self._placed: set[tuple[int, bool]] = set()
        """The same, of geometries that are somewhere."""
        self._low = np.full(3, np.inf)
        self._high = np.full(3, -np.inf)

    def grow(self, shapes: NDArray[np.object_]) -> None:
        """Take in some geometries."""
        there = shapes[shapely.get_type_id(shapes) >= 0]
        if not len(there):
            return
        self.types |= _types(there)
        self._placed |= _types(there[~shapely.is_empty(there)])
        found = shapely.get_coordinates(there, include_z=self.has_heights)
        if len(found):
            with np.errstate(invalid="ignore"):
                size = found.shape[1]
                low, high = self._low[:size], self._high[:size]
                self._low[:size] = np.fmin(low, np.fmin.reduce(found, axis=0))
                self._high[:size] = np.fmax(high, np.fmax.reduce(found, axis=0))

    @property
    def has_heights(self) -> bool:
        """Whether any geometry has heights."""
        return any(is_deep for _, is_deep in self.types)

    @property
    def box(self) -> list[float]:
        """Least values of all dimensions, then the greatest; empty without a place."""
        size = 3 if self.has_heights and np.isfinite(self._low[2]) else 2
        corners = [*self._low[:size].tolist(), *self._high[:size].tolist()]
        return corners if np.isfinite(corners).all() else []

    @property
    def common(self) -> str:
        """The type that all become by `alike`, as GDAL writes it.

        ``Unknown`` where there is none, which knows no heights either.
        """
        kinds, has_heights = self._kinds(), any(deep for _, deep in self._placed)
        return (
            f"{NAMES[min(kinds)]}{' Z' * has_heights}" if len(kinds) == 1 else "Unknown"
        )

    def alike(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return geometries of which those of one part are of several, if any is.

        Nothing stands for those without a place.
        """
        (kind, *others), found = sorted(self._kinds()) or [-1], shapes.copy()
        found[shapely.is_empty(found)] = None
        if kind in _MANY and not others:
            of_one = np.flatnonzero(np.isin(shapely.get_type_id(found), list(_SINGLE)))
            numbers = np.arange(len(of_one))
            found[of_one] = _MANY[kind](found[of_one], indices=numbers)
        return found

    def _kinds(self) -> set[int]:
        """Return the numbers of types, parts and several taken as one."""
        kinds = {kind for kind, _ in self._placed}
        return {_SINGLE.get(k, k) if _SINGLE.get(k) in kinds else k for k in kinds}

    @property
    def names(self) -> list[str]:
        """Types as GeoParquet writes them, sorted."""
        return sorted(f"{NAMES[kind]}{' Z' * deep}" for kind, deep in self.types)


def _types(shapes: NDArray[np.object_]) -> set[tuple[int, bool]]:
    kinds, deep = shapely.get_type_id(shapes), shapely.has_z(shapes)
    pairs = np.unique(np.stack([kinds, deep.astype(kinds.dtype)]), axis=1)
    return {(int(kind), bool(is_deep)) for kind, is_deep in pairs.T}
