"""What was measured, and whether what was stated agrees with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from pyproj import CRS
from pyproj.exceptions import CRSError

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.dataset import Collection
from metadata.measured import Bounds, Extent
from metadata.stated import StatedExtent

Box = Extent | StatedExtent
"""Degrees on CRS84."""


def collections_measured(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset has at least one table that was measured."""
    if not judged.dataset.collections:
        yield flaw("none", "collections")


def extent_possible(judged: Judged) -> Iterator[Flaw]:
    """Check that a stated extent is a box in degrees."""
    stated = judged.stated.extent
    if stated and not _is_box(stated):
        yield flaw("range", "extent", found=_said(stated))


def extent_not_elsewhere(judged: Judged) -> Iterator[Flaw]:
    """Check that the data are where a person says they are."""
    stated, measured = judged.stated.extent, judged.dataset.extent
    if stated and measured and _is_box(stated) and _disjoint(stated, measured):
        said, found = _said(stated), _said(measured)
        yield flaw("disjoint", "extent", stated=said, measured=found)


def extent_agrees(judged: Judged) -> Iterator[Flaw]:
    """Check that a stated extent is about the measured one."""
    stated, measured = judged.stated.extent, judged.dataset.extent
    if not stated or not measured or not _is_box(stated):
        return
    if not _disjoint(stated, measured) and _differ(judged, stated, measured):
        said, found = _said(stated), _said(measured)
        yield flaw("differs", "extent", stated=said, measured=found)


def _is_box(box: Box) -> bool:
    """Tell whether a box is one (also false for numbers that are none)."""
    longitudes = -180 <= box.west <= 180 and -180 <= box.east <= 180  # noqa: PLR2004
    return longitudes and -90 <= box.south <= box.north <= 90  # noqa: PLR2004


def _disjoint(one: Box, other: Box) -> bool:
    apart = one.east < other.west or other.east < one.west
    return apart or one.north < other.south or other.north < one.south


def _differ(judged: Judged, stated: Box, measured: Box) -> bool:
    """Tell whether a side is further off than a share of the larger box allows."""
    limits = judged.rules.limits
    width = max(stated.east - stated.west, measured.east - measured.west)
    height = max(stated.north - stated.south, measured.north - measured.south)
    sides = (("west", width), ("east", width), ("south", height), ("north", height))
    return any(
        abs(getattr(stated, side) - getattr(measured, side))
        > max(limits["extent_degrees"], limits["extent_share"] * length)
        for side, length in sides
    )


def _said(box: Box) -> str:
    return f"{box.west:.4f}, {box.south:.4f}, {box.east:.4f}, {box.north:.4f}"


def crs_agrees(judged: Judged) -> Iterator[Flaw]:
    """Check that a stated reference system is the one in which the data are stored."""
    for collection in judged.dataset.collections:
        stated, geometry = collection.description.crs, collection.geometry
        if stated and geometry and geometry.srid and geometry.srid != stated:
            yield flaw(
                "differs",
                f"collections.{collection.id}.crs",
                stated=str(stated),
                measured=str(geometry.srid),
            )


def crs_known(judged: Judged) -> Iterator[Flaw]:
    """Check that geometries have a reference system that EPSG knows."""
    for collection in judged.dataset.collections:
        geometry = collection.geometry
        if geometry and _reference_system(geometry.srid) is None:
            case = "unknown" if geometry.srid else "none"
            yield flaw(
                case,
                f"collections.{collection.id}.geometry",
                column=geometry.name,
                container=collection.survey.source.container,
                table=collection.survey.source.table,
                found=str(geometry.srid),
            )


def extent_in_degrees(judged: Judged) -> Iterator[Flaw]:
    """Check that a measured extent lies on the globe; degrees are degrees."""
    for collection in judged.dataset.collections:
        native, box = collection.survey.native_extent, collection.extent
        wrong = native if native and not _plausible(native) else None
        if wrong or (box and not _is_box(box)):
            yield flaw(
                "range",
                f"collections.{collection.id}.geometry",
                table=collection.survey.source.table,
                found=_corners(wrong) if wrong else _said(box) if box else "",
            )


def _plausible(bounds: Bounds) -> bool:
    system = _reference_system(bounds.srid)
    if system is None or not system.is_geographic:
        return True
    return _is_box(Extent(bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax))


def _corners(bounds: Bounds) -> str:
    return f"{bounds.xmin:g}, {bounds.ymin:g}, {bounds.xmax:g}, {bounds.ymax:g}"


def extent_in_area(judged: Judged) -> Iterator[Flaw]:
    """Check that the data lie where their reference system is made for."""
    for collection in judged.dataset.collections:
        box, area = collection.extent, _area_of(collection)
        if box and area and _is_box(box) and not _holds_centre(area, box):
            yield flaw(
                "outside",
                f"collections.{collection.id}.geometry",
                table=collection.survey.source.table,
                found=_said(box),
                area=_said(area),
            )


def _area_of(collection: Collection) -> Extent | None:
    """Return where the reference system is defined; `None` when nobody says."""
    geometry = collection.geometry
    system = _reference_system(geometry.srid) if geometry else None
    area = system.area_of_use if system else None
    return Extent(area.west, area.south, area.east, area.north) if area else None


def _holds_centre(area: Extent, box: Extent) -> bool:
    longitude, latitude = (box.west + box.east) / 2, (box.south + box.north) / 2
    if not area.south <= latitude <= area.north:
        return False
    if area.west > area.east:  # across the antimeridian
        return longitude >= area.west or longitude <= area.east
    return area.west <= longitude <= area.east


@lru_cache(maxsize=512)
def _reference_system(srid: int) -> CRS | None:
    try:
        return CRS.from_epsg(srid)
    except CRSError:
        return None


def geometry_present(judged: Judged) -> Iterator[Flaw]:
    """Tell which tables are served without a map."""
    for collection in judged.dataset.collections:
        hidden = collection.description.columns.exclude
        if all(column.name in hidden for column in collection.survey.geometries):
            element = f"collections.{collection.id}"
            yield flaw("none", element, table=collection.survey.source.table)


def table_not_empty(judged: Judged) -> Iterator[Flaw]:
    """Check that a table has rows."""
    for collection in judged.dataset.collections:
        if collection.survey.feature_count == 0:
            element = f"collections.{collection.id}.source"
            yield flaw("empty", element, table=collection.survey.source.table)


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.collections.none": collections_measured,
        "dataset.extent.range": extent_possible,
        "dataset.extent.disjoint": extent_not_elsewhere,
        "dataset.extent.differs": extent_agrees,
        "collection.crs.differs": crs_agrees,
        "collection.crs.unknown": crs_known,
        "collection.extent.range": extent_in_degrees,
        "collection.extent.area": extent_in_area,
        "collection.geometry.none": geometry_present,
        "collection.table.empty": table_not_empty,
    }
)
