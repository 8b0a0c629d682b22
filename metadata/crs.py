"""Coordinate reference systems: codes, names, axis order.

Everything in the house has x first (easting, longitude), as silos store it.
What goes out follows the authority's axis order of the CRS asked for
(OGC API Features Part 2, clause 6), and CRS84 is longitude, latitude.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from metadata.errors import PasserelleError

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H_URI = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"
_EPSG = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/|urn:ogc:def:crs:EPSG:[0-9.]*:|EPSG:)(\d{4,6})",
    re.IGNORECASE,
)


class UnknownCrs(PasserelleError):
    """A CRS that nobody knows, or no transformation to it."""


@dataclass(frozen=True)
class Crs:
    """A coordinate reference system as a client names it."""

    uri: str
    srid: int
    """EPSG code that the silo computes with; 4326 for CRS84."""
    swapped: bool
    """Whether coordinates go out as y, x (authority order) and not as x, y."""


CRS84 = Crs(CRS84_URI, 4326, swapped=False)


@lru_cache(maxsize=512)
def epsg(srid: int) -> Crs:
    """Return the CRS of an EPSG code, in the authority's axis order.

    Raises
    ------
    UnknownCrs
        EPSG has no such code.
    """
    try:
        axes = CRS.from_epsg(srid).axis_info
    except CRSError as error:
        message = f"EPSG has no coordinate reference system {srid}."
        raise UnknownCrs(message) from error
    swapped = bool(axes) and axes[0].direction.lower() in {"north", "south"}
    return Crs(f"{EPSG_URI}{srid}", srid, swapped=swapped)


def parse_crs(text: str) -> Crs:
    """Read a CRS from its URI, URN or safe CURIE (``[EPSG:2154]``).

    Raises
    ------
    UnknownCrs
        The text names no CRS of EPSG and is not CRS84.
    """
    name = text.strip().strip("[]")
    if name in {CRS84_URI, CRS84H_URI, "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"}:
        return CRS84
    match = _EPSG.fullmatch(name)
    if not match:
        message = f"“{text}” names no coordinate reference system."
        raise UnknownCrs(message, hint=f"Write it as a URI, e.g. {EPSG_URI}2154.")
    return epsg(int(match[1]))


@lru_cache(maxsize=512)
def crs_name(srid: int) -> str:
    """Return the name that EPSG gives to a code (``RGF93 v1 / Lambert-93``).

    Raises
    ------
    UnknownCrs
        EPSG has no such code.
    """
    try:
        return str(CRS.from_epsg(srid).name)
    except CRSError as error:
        message = f"EPSG has no coordinate reference system {srid}."
        raise UnknownCrs(message) from error


@lru_cache(maxsize=256)
def transformer(source: int, target: int) -> Transformer:
    """Return the transformation between two EPSG codes, x first on both sides.

    Raises
    ------
    UnknownCrs
        One of the codes is unknown, or nothing leads from one to the other.
    """
    try:
        return Transformer.from_crs(source, target, always_xy=True)
    except (CRSError, ProjError) as error:
        message = f"No transformation from EPSG:{source} to EPSG:{target}."
        raise UnknownCrs(message) from error
