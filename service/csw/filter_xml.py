"""Reads OGC Filter 1.1 (and the GML 3.1.1 in it) into a tree.

Left out: arithmetic, functions, distances (`DWithin`, `Beyond`): none of them is
in the capabilities, each is answered with an exception report.

References
----------
OGC 04-095, clauses 7 to 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from lxml import etree

from metadata.crs import Crs
from metadata.xml import NAMESPACES
from service.csw import geometries
from service.csw.limits import Budget
from service.csw.names import GML
from service.csw.patterns import read_pattern
from service.csw.problems import invalid
from service.csw.queryables import Kind, Queryable, find_queryable
from service.csw.tree import (
    All,
    Boxed,
    Compare,
    Comparison,
    Identified,
    Like,
    Negated,
    Node,
    Null,
    Relation,
    Some,
    Spatial,
)

Element = etree._Element
_OGC: Final = f"{{{NAMESPACES['ogc']}}}"
_GML: Final = f"{{{GML}}}"
_GML_ID: Final = f"{_GML}id"
_COMPARISONS: Final = {
    "PropertyIsEqualTo": Comparison.EQUAL,
    "PropertyIsNotEqualTo": Comparison.NOT_EQUAL,
    "PropertyIsLessThan": Comparison.LESS,
    "PropertyIsLessThanOrEqualTo": Comparison.LESS_OR_EQUAL,
    "PropertyIsGreaterThan": Comparison.GREATER,
    "PropertyIsGreaterThanOrEqualTo": Comparison.GREATER_OR_EQUAL,
}
_RELATIONS: Final = {relation.name.capitalize(): relation for relation in Relation}
_TRUE: Final = {"true", "1"}
_PAIR: Final = 2


def read_filter(element: Element) -> Node | None:
    """Return the tree of an ``ogc:Filter``; `None` of an empty one.

    The schema has no empty filter, but harvesters write one when nobody told
    them what to look for.

    Raises
    ------
    service.csw.problems.CswProblem
        It is no filter, or holds what cannot be answered.
    """
    if element.tag != f"{_OGC}Filter":
        raise invalid("Constraint", "csw.no-filter", name=_local(element))
    return _Reader().conjunction(element)


class _Reader:
    """Reads one filter within its budget."""

    def __init__(self) -> None:
        self._budget = Budget()

    def conjunction(self, element: Element) -> Node | None:
        """Read the content of a Filter: one operator, or identifiers."""
        children = list(element)
        if not children:
            return None
        identifiers = [child for child in children if _is_identifier(child)]
        if identifiers and len(identifiers) == len(children):
            return Identified(frozenset(map(_identifier, identifiers)))
        if len(children) != 1:
            raise invalid("Filter", "csw.filter-one")
        return self._node(children[0], 1)

    def _node(self, element: Element, depth: int) -> Node:
        self._budget.node(depth)
        name = _local(element)
        if not str(element.tag).startswith(_OGC):
            raise invalid(name, "csw.operator", name=name)
        if name in {"And", "Or"}:
            kind = All if name == "And" else Some
            return kind(tuple(self._node(child, depth + 1) for child in _some(element)))
        if name == "Not":
            (part,) = _exactly(element, 1)
            return Negated(self._node(part, depth + 1))
        if name in _COMPARISONS:
            return self._comparison(element, _COMPARISONS[name])
        if name in _RELATIONS:
            return _spatial(element, _RELATIONS[name])
        readers: dict[str, Callable[[Element], Node]] = {
            "PropertyIsLike": self._like,
            "PropertyIsNull": _null,
            "PropertyIsBetween": self._between,
            "BBOX": _bbox,
        }
        if name not in readers:
            raise invalid(name, "csw.operator", name=name)
        return readers[name](element)

    def _comparison(self, element: Element, operator: Comparison) -> Node:
        first, second = _exactly(element, _PAIR)
        if _local(first) == "Literal" and _local(second) == "PropertyName":
            first, second, operator = second, first, _mirrored(operator)
        queryable = self._property(first)
        match_case = element.get("matchCase", "true").strip() in _TRUE
        return Compare(queryable, operator, self._literal(second), match_case)

    def _like(self, element: Element) -> Node:
        first, second = _exactly(element, _PAIR)
        signs = [element.get(name, "") for name in ("wildCard", "singleChar")]
        escape = element.get("escapeChar", element.get("escape", ""))
        if any(len(sign) != 1 for sign in signs) or len(escape) > 1:
            raise invalid("PropertyIsLike", "csw.like-signs")
        pattern = read_pattern(
            self._literal(second), any_text=signs[0], one=signs[1], escape=escape
        )
        match_case = element.get("matchCase", "true").strip() in _TRUE
        return Like(self._property(first), pattern, match_case)

    def _between(self, element: Element) -> Node:
        name, lower, upper = _exactly(element, 3)
        queryable = self._property(name)
        bounds = (
            (Comparison.GREATER_OR_EQUAL, lower),
            (Comparison.LESS_OR_EQUAL, upper),
        )
        return All(
            tuple(
                Compare(queryable, operator, self._literal(_exactly(bound, 1)[0]))
                for operator, bound in bounds
            )
        )

    def _property(self, element: Element) -> Queryable:
        queryable = _property(element)
        if queryable.kind is Kind.ANY:
            self._budget.text_search()
        if queryable.kind is Kind.BOX:
            raise invalid(_written(element), "csw.not-spatial", name=_written(element))
        return queryable

    def _literal(self, element: Element) -> str:
        if element.tag != f"{_OGC}Literal":
            raise invalid(_local(element), "csw.literal", name=_local(element))
        return self._budget.literal("".join(map(str, element.itertext())))


def _mirrored(operator: Comparison) -> Comparison:
    """Return the operator of a comparison whose sides are exchanged."""
    table = str.maketrans("<>", "><")
    unequal = operator is Comparison.NOT_EQUAL
    return operator if unequal else Comparison(operator.value.translate(table))


def _local(element: Element) -> str:
    return etree.QName(element).localname


def _some(element: Element) -> list[Element]:
    children = list(element)
    if not children:
        raise invalid(_local(element), "csw.operator-empty", name=_local(element))
    return children


def _exactly(element: Element, count: int) -> list[Element]:
    children = list(element)
    if len(children) != count:
        raise invalid(
            _local(element), "csw.operands", name=_local(element), count=count
        )
    return children


def _is_identifier(element: Element) -> bool:
    return element.tag in {f"{_OGC}FeatureId", f"{_OGC}GmlObjectId"}


def _identifier(element: Element) -> str:
    return element.get("fid") or element.get(_GML_ID) or ""


def _written(element: Element) -> str:
    return "".join(map(str, element.itertext())).strip()[:80]


def _property(element: Element) -> Queryable:
    if element.tag != f"{_OGC}PropertyName":
        raise invalid(_local(element), "csw.property-first", name=_local(element))
    return find_queryable("".join(map(str, element.itertext())))


def _null(element: Element) -> Node:
    (name,) = _exactly(element, 1)
    return Null(_property(name))


def _require_box(element: Element) -> None:
    """Refuse a spatial operator on anything but the bounding box."""
    if _property(element).kind is not Kind.BOX:
        raise invalid(_written(element), "csw.spatial", name=_written(element))


def _bbox(element: Element) -> Node:
    *names, geometry = _some(element)
    if len(names) > 1:
        raise invalid("BBOX", "csw.operands", name="BBOX", count=_PAIR)
    if names:
        _require_box(names[0])
    return _box(geometry)


def _box(element: Element) -> Boxed:
    if element.tag not in {f"{_GML}Envelope", f"{_GML}Box"}:
        raise invalid(_local(element), "csw.geometry-kind", name=_local(element))
    crs = geometries.read_crs(element.get("srsName", ""))
    corners = [child.text or "" for child in element]
    return geometries.read_box(geometries.read_numbers(" ".join(corners)), crs)


def _spatial(element: Element, relation: Relation) -> Node:
    name, geometry = _exactly(element, _PAIR)
    _require_box(name)
    return Spatial(relation, _geometry(geometry))


def _geometry(element: Element) -> object:
    """Return the geometry of an operand, in longitude and latitude."""
    readers: dict[str, Callable[[Element, Crs], object]] = {
        "Point": lambda found, crs: geometries.point(_positions(found, crs)),
        "LineString": lambda found, crs: geometries.line(_positions(found, crs)),
        "Polygon": _polygon,
    }
    name = _local(element)
    if element.tag in {f"{_GML}Envelope", f"{_GML}Box"}:
        return geometries.rectangle(_box(element))
    if not str(element.tag).startswith(_GML) or name not in readers:
        raise invalid(name, "csw.geometry-kind", name=name)
    return readers[name](element, geometries.read_crs(element.get("srsName", "")))


def _polygon(element: Element, crs: Crs) -> object:
    rings = {
        name: [_positions(ring, crs) for ring in _rings(element, name)]
        for name in ("exterior", "outerBoundaryIs", "interior", "innerBoundaryIs")
    }
    outer = rings["exterior"] + rings["outerBoundaryIs"]
    if len(outer) != 1:
        raise invalid("Polygon", "csw.geometry")
    return geometries.polygon(outer[0], rings["interior"] + rings["innerBoundaryIs"])


def _rings(element: Element, name: str) -> Iterable[Element]:
    return element.iterfind(f"{_GML}{name}/{_GML}LinearRing")


def _positions(element: Element, crs: Crs) -> list[tuple[float, float]]:
    names = {f"{_GML}{name}" for name in ("pos", "posList", "coordinates")}
    texts = [child.text or "" for child in element if child.tag in names]
    return geometries.points(geometries.read_numbers(" ".join(texts)), crs)
