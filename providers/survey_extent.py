"""From a measured box to longitude and latitude, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from math import isfinite

from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from metadata.crs import CRS84, UnknownCrs, transformer
from metadata.dataset import union
from metadata.finding import Finding
from metadata.measured import Bounds, Extent, Source
from providers.survey_findings import survey_finding

Area = tuple[float, float, float, float]
_DENSIFIED = 101
"""Points put on each edge of a box before it is transformed."""
_MARGIN = 1.0
"""Degrees by which data may leave the area of use without a remark."""
_CONFIDENCE = 70
"""Per cent of likeness that PROJ must find between a definition and a code."""
_HAIR = 1e-6
"""Degrees, some ten centimetres."""


def join_bounds(boxes: Sequence[Bounds]) -> Bounds | None:
    """Return the box around boxes of one CRS; `None` without any."""
    if not boxes:
        return None
    return Bounds(
        min(b.xmin for b in boxes),
        min(b.ymin for b in boxes),
        max(b.xmax for b in boxes),
        max(b.ymax for b in boxes),
        boxes[0].srid,
    )


def locate(
    boxes: Sequence[Bounds], source: Source, *, column: str
) -> tuple[Extent | None, tuple[Finding, ...]]:
    """Return the extent on CRS84 of boxes, each in its own CRS.

    Returns
    -------
    Extent or None
        `None` when there is no box, one of unknown CRS (SRID 0), or one that
        makes no sense in its CRS; the findings say which, but for SRID 0.
    """
    extents: list[Extent] = []
    findings: list[Finding] = []
    for box in boxes:
        extent, found = _locate_one(box, source, column)
        findings.extend(found)
        if extent is None:
            return None, tuple(findings)
        extents.append(extent)
    return (union(extents) if extents else None), tuple(findings)


def finite_bounds(boxes: Sequence[Bounds]) -> Bounds | None:
    """Return the native extent: the only box there is, with numbers that are some.

    A box of a CRS that EPSG does not know has SRID 0.
    """
    if len(boxes) != 1 or not _is_finite(boxes[0]):
        return None
    (box,) = boxes
    return box if has_epsg_code(box.srid) else replace(box, srid=0)


def has_epsg_code(srid: int) -> bool:
    """Tell whether EPSG knows the code as a CRS."""
    return _known(srid) is not None


def epsg_code(definition: str) -> int:
    """Return the EPSG code of a CRS written as WKT; 0 when it has none.

    A definition without a code (an Esri ``.prj``) is looked up by its name and
    parameters. CRS84 is 4326 here, where x always comes first.
    """
    if not definition.strip():
        return 0
    try:
        crs = CRS.from_user_input(definition)
    except CRSError:
        return 0
    if crs.to_authority() == ("OGC", "CRS84"):
        return CRS84.srid
    code = crs.to_epsg(min_confidence=_CONFIDENCE) or 0
    return code if has_epsg_code(code) else 0


def _locate_one(
    box: Bounds, source: Source, column: str
) -> tuple[Extent | None, tuple[Finding, ...]]:
    """Transform one box; a finding when it cannot be, or is far from its CRS."""
    if not _is_finite(box):
        return None, (survey_finding("extent-not-finite", source, column=column),)
    if not has_epsg_code(box.srid):
        return None, ()
    extent = _lonlat(box)
    if extent is None:
        said = _said((box.xmin, box.ymin, box.xmax, box.ymax))
        outside = survey_finding("extent-outside-crs", source, box=said, srid=box.srid)
        return None, (outside,)
    return extent, tuple(_far_away(extent, box.srid, source))


def _lonlat(box: Bounds) -> Extent | None:
    """Return a box on CRS84, its edges densified; `None` when it makes no sense.

    PROJ is not asked to check: for a conic projection it probes both poles, finds
    that one of them is nowhere, and would refuse every box. What failed shows as
    infinity instead.
    """
    numbers = (box.xmin, box.ymin, box.xmax, box.ymax)
    if _beyond_degrees(box):
        return None
    if box.srid != CRS84.srid:
        try:
            change = transformer(box.srid, CRS84.srid)
            numbers = change.transform_bounds(*numbers, densify_pts=_DENSIFIED)
        except (ProjError, UnknownCrs):
            return None
    if not all(isfinite(number) for number in numbers):
        return None
    west, south, east, north = numbers
    return Extent(
        max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)
    )


def _far_away(extent: Extent, srid: int, source: Source) -> Iterator[Finding]:
    """Yield a finding when an extent leaves the area that its CRS is for."""
    box = (extent.west, extent.south, extent.east, extent.north)
    area = _area_of_use(srid)
    if area is None or _holds(area, box):
        return
    code = "extent-beyond-area" if _touches(box, area) else "extent-outside-area"
    yield survey_finding(code, source, box=_said(box), srid=srid, area=_said(area))


def _is_finite(box: Bounds) -> bool:
    return all(isfinite(n) for n in (box.xmin, box.ymin, box.xmax, box.ymax))


def _beyond_degrees(box: Bounds) -> bool:
    """Tell whether a box said to be in degrees holds what no globe has."""
    crs = _known(box.srid)
    if crs is None or not crs.is_geographic:
        return False
    if "degree" not in crs.axis_info[0].unit_name:
        return False
    # Writers round: the globe's edge may be passed by a hair.
    return (
        box.xmin < -180.0 - _HAIR
        or box.xmax > 180.0 + _HAIR
        or box.ymin < -90.0 - _HAIR
        or box.ymax > 90.0 + _HAIR
    )


def _touches(box: Area, area: Area) -> bool:
    """Tell whether two boxes in degrees meet; either may cross 180°."""
    crosses = box[0] > box[2] or area[0] > area[2]
    beside = not crosses and (box[2] < area[0] or box[0] > area[2])
    return not beside and not (box[3] < area[1] or box[1] > area[3])


def _holds(area: Area, box: Area) -> bool:
    """Tell whether a box stays within an area, give or take a degree."""
    crosses = box[0] > box[2] or area[0] > area[2]
    beside = not crosses and (box[0] < area[0] - _MARGIN or box[2] > area[2] + _MARGIN)
    return not beside and box[1] >= area[1] - _MARGIN and box[3] <= area[3] + _MARGIN


def _area_of_use(srid: int) -> Area | None:
    """Return the area that EPSG gives a CRS, in degrees; `None` if it gives none."""
    crs = _known(srid)
    area = crs.area_of_use if crs else None
    return (area.west, area.south, area.east, area.north) if area else None


@lru_cache(maxsize=512)
def _known(srid: int) -> CRS | None:
    try:
        return CRS.from_epsg(srid)
    except CRSError:
        return None


def _said(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.10g}" for number in numbers)
