"""Boxes as clients write them: four or six numbers in a CRS's own axis order.

References
----------
OGC API Features Part 1, clause 7.15.3; Part 2, clause 6.2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from metadata.crs import Crs
from metadata.errors import QueryError
from metadata.finding import Text
from metadata.measured import Bounds
from providers.windows import is_geographic

_FLAT, _DEEP = 4, 6
_POLE = 90.0
_DATE_LINE = 180.0


def read_box(numbers: Sequence[float], crs: Crs, *, parameter: str) -> Bounds:
    """Return a box from its numbers; heights are not regarded.

    Parameters
    ----------
    numbers
        Lower and upper corner, each in the axis order of the CRS.

    Returns
    -------
    Bounds
        x first; on a geographic CRS west may lie east of east (antimeridian).

    Raises
    ------
    metadata.errors.QueryError
        Not four or six finite numbers, or corners in the wrong order.
    """
    if len(numbers) not in {_FLAT, _DEEP} or not all(map(isfinite, numbers)):
        raise _refused(
            parameter,
            Text(f"Une emprise a 4 ou 6 nombres ; {len(numbers)} reçus.",
                 f"A box has 4 or 6 numbers; {len(numbers)} were given.")
        )  # fmt: skip
    half = len(numbers) // 2
    if half > len("xy") and numbers[2] > numbers[5]:
        raise _refused(
            parameter, Text("La hauteur minimale dépasse la maximale.",
                            "The lowest height is above the highest.")
        )  # fmt: skip
    first, second = numbers[:2], numbers[half : half + 2]
    if crs.swapped:
        first, second = first[::-1], second[::-1]
    box = Bounds(first[0], first[1], second[0], second[1], crs.srid)
    _require_order(box, parameter)
    return box


def _require_order(box: Bounds, parameter: str) -> None:
    geographic = is_geographic(box.srid)
    if box.ymin > box.ymax:
        raise _refused(
            parameter, Text(f"Le sud ({box.ymin}) dépasse le nord ({box.ymax}).",
                            f"South ({box.ymin}) is above north ({box.ymax}).")
        )  # fmt: skip
    if box.xmin > box.xmax and not geographic:
        raise _refused(
            parameter, Text(f"L'ouest ({box.xmin}) dépasse l'est ({box.xmax}).",
                            f"West ({box.xmin}) is beyond east ({box.xmax}).")
        )  # fmt: skip
    if geographic and max(abs(box.ymin), abs(box.ymax)) > _POLE:
        raise _refused(
            parameter, Text("Une latitude dépasse 90 degrés.",
                            "A latitude is beyond 90 degrees.")
        )  # fmt: skip


def split_box(box: Bounds) -> tuple[Bounds, ...]:
    """Return one box, or the two on either side of the antimeridian."""
    if box.xmin <= box.xmax:
        return (box,)
    return (replace(box, xmax=_DATE_LINE), replace(box, xmin=-_DATE_LINE))


def _refused(parameter: str, reason: Text) -> QueryError:
    hint = Text(
        "Écrivez ouest,sud,est,nord (CRS84) ; l'ordre des axes suit bbox-crs.",
        "Write west,south,east,north (CRS84); the axis order follows bbox-crs.",
    )
    return QueryError(reason, parameter=parameter, hint=hint)
