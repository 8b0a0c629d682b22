"""Filters as pygeoapi hands them over: pygeofilter's tree to CQL2's.

pygeoapi has already brought the geometries into the storage CRS. What has no
counterpart is refused, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pygeofilter import ast, values  # type: ignore[import-untyped]  # its edge

from metadata.finding import Text
from providers.cql2_text import refused

Node = dict[str, object]
_COMPARISONS: Mapping[type[Any], str] = {
    ast.Equal: "=",
    ast.NotEqual: "<>",
    ast.LessThan: "<",
    ast.LessEqual: "<=",
    ast.GreaterThan: ">",
    ast.GreaterEqual: ">=",
    ast.And: "and",
    ast.Or: "or",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mul: "*",
    ast.Div: "/",
    ast.GeometryIntersects: "s_intersects",
    ast.GeometryDisjoint: "s_disjoint",
    ast.GeometryContains: "s_contains",
    ast.GeometryWithin: "s_within",
    ast.GeometryTouches: "s_touches",
    ast.GeometryCrosses: "s_crosses",
    ast.GeometryOverlaps: "s_overlaps",
    ast.GeometryEquals: "s_equals",
    ast.TimeAfter: "t_after",
    ast.TimeBefore: "t_before",
    ast.TimeDuring: "t_during",
    ast.TimeEquals: "t_equals",
    ast.TimeDisjoint: "t_disjoint",
}
"""Nodes of two operands, and what CQL2 calls them."""


def cql2_tree(node: object) -> object:
    """Return a filter of pygeofilter as the plain tree of CQL2 JSON.

    Raises
    ------
    metadata.errors.QueryError
        It holds something that CQL2 has no word for.
    """
    operator = _COMPARISONS.get(type(node))
    if operator is not None and isinstance(node, ast.Node):
        return _call(operator, *map(cql2_tree, node.get_sub_nodes()))
    writer = _WRITERS.get(type(node))
    if writer is not None:
        return writer(node)
    if isinstance(node, bool | int | float | str):
        return node
    raise _unknown(node)


def _call(operator: str, *arguments: object) -> Node:
    return {"op": operator, "args": list(arguments)}


def _negated(node: Any, found: Node) -> Node:
    return _call("not", found) if node.not_ else found


def _like(node: Any) -> Node:
    """Write a pattern in CQL2's own wildcards."""
    text = str(node.pattern)
    if node.wildcard not in {"%", None}:
        text = text.replace("%", "\\%").replace(node.wildcard, "%")
    pattern: object = text
    left = cql2_tree(node.lhs)
    if node.nocase:
        left, pattern = _call("casei", left), _call("casei", text)
    return _negated(node, _call("like", left, pattern))


def _between(node: Any) -> Node:
    ends = (cql2_tree(each) for each in (node.lhs, node.low, node.high))
    return _negated(node, _call("between", *ends))


def _in(node: Any) -> Node:
    choices = [cql2_tree(each) for each in node.sub_nodes]
    return _negated(node, _call("in", cql2_tree(node.lhs), choices))


def _null(node: Any) -> Node:
    return _negated(node, _call("isNull", cql2_tree(node.lhs)))


def _box(node: Any) -> Node:
    corners = [float(v) for v in (node.minx, node.miny, node.maxx, node.maxy)]
    return _call("s_intersects", cql2_tree(node.lhs), {"bbox": corners})


def _interval(node: Any) -> Node:
    return {"interval": [cql2_tree(node.start), cql2_tree(node.end)]}


def _geometry(node: Any) -> object:
    return _listed(node.geometry)


def _listed(node: object) -> object:
    """Return nested tuples as lists, as JSON would have them."""
    if isinstance(node, Mapping):
        return {name: _listed(each) for name, each in node.items() if name != "crs"}
    return [_listed(each) for each in node] if isinstance(node, tuple | list) else node


def _instant(node: Any) -> Node:
    aware = node if node.tzinfo else node.replace(tzinfo=UTC)
    moment = aware.astimezone(UTC).replace(tzinfo=None).isoformat()
    return {"timestamp": f"{moment}Z"}


_WRITERS: Mapping[type[Any], Callable[[Any], object]] = {
    ast.Attribute: lambda node: {"property": node.name},
    ast.Not: lambda node: _call("not", cql2_tree(node.sub_node)),
    ast.Like: _like,
    ast.Between: _between,
    ast.In: _in,
    ast.IsNull: _null,
    ast.BBox: _box,
    values.Interval: _interval,
    values.Geometry: _geometry,
    datetime: _instant,
    date: lambda node: {"date": node.isoformat()},
}


def _unknown(node: object) -> Exception:
    name = type(node).__name__
    return refused(
        Text(f"« {name} » n'a pas d'équivalent en CQL2.",
             f"“{name}” has no counterpart in CQL2.")
    )  # fmt: skip
