"""Filters: from CQL2, as text or JSON, to the typed tree of `cql2_tree`.

Names are those that columns have outside; a column that is excluded is unknown
here as everywhere. Limitations: one geometry property, and no functions beyond
those of the standard.

References
----------
OGC 21-065r2 (CQL2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import TypeGuard

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection, PublishedColumn
from metadata.errors import QueryError
from metadata.finding import Text
from providers import cql2_arrays, cql2_spatial, cql2_temporal
from providers.cql2_compare import among, compare
from providers.cql2_literals import (
    Node,
    read_number,
    read_temporal,
    read_temporal_text,
    read_text,
)
from providers.cql2_spatial import is_geometry
from providers.cql2_temporal import Open, Span
from providers.cql2_text import (
    MOST_OPERATORS,
    parse_json,
    parse_text,
    refused,
    too_composed,
)
from providers.cql2_tree import (
    All,
    Arithmetic,
    Constant,
    Folded,
    GeometryMissing,
    Kind,
    Like,
    Missing,
    Not,
    Operand,
    Predicate,
    Property,
    Some,
    Truth,
    kind_of,
)
from providers.folding import folded
from providers.query import columns_by_name

MOST_CHOICES = 5_000
"""Values of one IN."""
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "div", "^"})
_FOLDS = frozenset({"casei", "accenti"})
_GEOMETRY = "geometry"
"""A name under which the geometry is always understood."""


class FilterLanguage(StrEnum):
    """How a filter is written."""

    TEXT = "cql2-text"
    JSON = "cql2-json"


def read_filter(
    text: str,
    collection: Collection,
    *,
    language: FilterLanguage = FilterLanguage.TEXT,
    crs: Crs = CRS84,
) -> Predicate:
    """Return what a filter says about a collection.

    Parameters
    ----------
    crs
        Reference system, and axis order, of the geometries in the filter.

    Raises
    ------
    metadata.errors.QueryError
        It cannot be parsed, names an unknown property, compares what cannot
        be compared, or is larger than is answered.
    """
    if "\0" in text:
        raise refused(
            Text("Le filtre contient un caractère nul.", "The filter holds NUL.")
        )
    tree = parse_text(text) if language is FilterLanguage.TEXT else parse_json(text)
    return read_tree(tree, collection, crs=crs)


def read_tree(tree: object, collection: Collection, *, crs: Crs = CRS84) -> Predicate:
    """Return what the plain tree of CQL2 JSON says; see `read_filter`."""
    return _Reader(collection, crs).predicate(tree)


class _Reader:
    """Reads the tree of one filter."""

    def __init__(self, collection: Collection, crs: Crs) -> None:
        self._columns = columns_by_name(collection)
        self._geometry = collection.geometry
        self._crs = crs
        self._operators = 0
        self._functions: dict[str, Callable[[Sequence[object]], Predicate]] = {
            "and": lambda args: All(self._parts(args)),
            "or": lambda args: Some(self._parts(args)),
            "not": self._not,
            "between": self._between,
            "in": self._in,
            "like": self._like,
            "isnull": self._missing,
            **{name: partial(self._arrays, name) for name in cql2_arrays.RELATIONS},
        }

    def predicate(self, node: object) -> Predicate:
        """Read a condition."""
        if isinstance(node, bool):
            return Truth(node)
        if not isinstance(node, Mapping):
            raise _not_a_condition(node)
        if "property" in node:
            return self._flag(node)
        name, arguments = self._call(node)
        if name in _COMPARISONS:
            left, right = self._pair(name, arguments)
            return compare(name, self.operand(left), self.operand(right))
        if name in cql2_spatial.RELATIONS:
            return self._spatial(name, arguments)
        if name in cql2_temporal.TEMPORAL:
            left, right = self._pair(name, arguments)
            return cql2_temporal.relate(name, self._span(left), self._span(right))
        function = self._functions.get(name)
        if function is None:
            raise _unknown_function(name)
        return function(arguments)

    def operand(self, node: object) -> Operand:
        """Read a value."""
        if isinstance(node, bool):
            return Constant(node, Kind.BOOLEAN)
        if isinstance(node, int | float):
            return read_number(node)
        if isinstance(node, str):
            return read_text(node)
        if not isinstance(node, Mapping):
            raise _not_a_value(node)
        if "property" in node:
            return self._property(node["property"])
        if "date" in node or "timestamp" in node:
            return read_temporal(node)
        return self._computed(node)

    def _call(self, node: Node) -> tuple[str, Sequence[object]]:
        """Return name and arguments of a function or operator."""
        name, arguments = node.get("op"), node.get("args")
        if not isinstance(name, str) or not _is_list(arguments):
            raise _not_a_condition(node)
        self._operators += 1
        if self._operators > MOST_OPERATORS:
            raise too_composed()
        return name.lower(), arguments

    def _computed(self, node: Node) -> Operand:
        name, arguments = self._call(node)
        if name in _FOLDS:
            return self._fold(name, arguments)
        if name not in _ARITHMETIC:
            raise _unknown_function(name)
        left, right = (self.operand(each) for each in self._pair(name, arguments))
        if left.kind is not Kind.NUMBER or right.kind is not Kind.NUMBER:
            raise refused(
                Text(f"« {name} » calcule avec des nombres.",
                     f"“{name}” computes with numbers.")
            )  # fmt: skip
        return Arithmetic(name, left, right)

    def _fold(self, name: str, arguments: Sequence[object]) -> Operand:
        inner = self.operand(arguments[0]) if len(arguments) == 1 else None
        if inner is None or inner.kind is not Kind.TEXT:
            raise refused(
                Text(
                    f"{name.upper()} attend un texte.",
                    f"{name.upper()} takes one text.",
                )
            )
        case, accents = name == "casei", name == "accenti"
        if isinstance(inner, Constant):
            text = folded(str(inner.value), case=case, accents=accents)
            return Constant(text, Kind.TEXT)
        return Folded(inner, case=case, accents=accents)

    def _column(self, name: object) -> PublishedColumn:
        column = self._columns.get(name) if isinstance(name, str) else None
        if column is None:
            raise unknown_property(str(name), self._columns)
        return column

    def _property(self, name: object) -> Property:
        column = self._column(name)
        kind = kind_of(column)
        if kind is None:
            raise refused(
                Text(f"« {name} » ({column.field.type}) ne peut être comparé.",
                     f"“{name}” ({column.field.type}) cannot be compared."),
                Text("Seul IS NULL s'y applique.", "Only IS NULL applies to it."),
            )  # fmt: skip
        return Property(column, kind)

    def _flag(self, node: Node) -> Predicate:
        """Read a property that is a condition by itself."""
        found = self._property(node["property"])
        return compare("=", found, Constant(value=True, kind=Kind.BOOLEAN))

    def _parts(self, arguments: Sequence[object]) -> tuple[Predicate, ...]:
        if not arguments:
            raise _not_a_condition(arguments)
        return tuple(self.predicate(each) for each in arguments)

    def _not(self, arguments: Sequence[object]) -> Predicate:
        if len(arguments) != 1:
            raise _arguments("NOT", 1)
        return Not(self.predicate(arguments[0]))

    def _pair(self, name: str, arguments: Sequence[object]) -> tuple[object, object]:
        if len(arguments) != len(("left", "right")):
            raise _arguments(name, 2)
        return arguments[0], arguments[1]

    def _between(self, arguments: Sequence[object]) -> Predicate:
        if len(arguments) != len(("value", "lower", "upper")):
            raise _arguments("BETWEEN", 3)
        value, lower, upper = (self.operand(each) for each in arguments)
        return All((compare(">=", value, lower), compare("<=", value, upper)))

    def _in(self, arguments: Sequence[object]) -> Predicate:
        value, choices = self._pair("IN", arguments)
        return among(self.operand(value), self._choices(choices, least=1))

    def _choices(self, nodes: object, *, least: int) -> list[Operand]:
        if not _is_list(nodes) or not least <= len(nodes) <= MOST_CHOICES:
            raise refused(
                Text(f"De {least} à {MOST_CHOICES} valeurs sont attendues.",
                     f"{least} to {MOST_CHOICES} values are expected.")
            )  # fmt: skip
        return [self.operand(each) for each in nodes]

    def _like(self, arguments: Sequence[object]) -> Predicate:
        value, pattern = (self.operand(e) for e in self._pair("LIKE", arguments))
        if value.kind is not Kind.TEXT or not isinstance(pattern, Constant):
            raise refused(
                Text("LIKE compare un texte à un modèle.",
                     "LIKE matches a text with a pattern.")
            )  # fmt: skip
        text = str(pattern.value)
        if (len(text) - len(text.rstrip("\\"))) % 2 or pattern.kind is not Kind.TEXT:
            raise refused(
                Text("Le modèle de LIKE finit par une barre oblique inverse seule.",
                     "The pattern of LIKE ends with a single backslash."),
                Text("Doublez-la.", "Double it."),
            )  # fmt: skip
        return Like(value, text)

    def _missing(self, arguments: Sequence[object]) -> Predicate:
        node = arguments[0] if len(arguments) == 1 else None
        if not isinstance(node, Mapping) or "property" not in node:
            raise refused(
                Text("IS NULL attend une propriété.", "IS NULL takes a property.")
            )
        name = node["property"]
        return (
            GeometryMissing() if self._is_shape(node) else Missing(self._column(name))
        )

    def _arrays(self, name: str, arguments: Sequence[object]) -> Predicate:
        left, right = self._pair(name, arguments)
        return cql2_arrays.relate(name, self._elements(left), self._elements(right))

    def _elements(self, node: object) -> cql2_arrays.Elements:
        """Read an array; the parser of the text takes one element for itself."""
        if isinstance(node, Mapping) and "property" in node:
            return self._column(node["property"])
        return self._choices(node if _is_list(node) else [node], least=0)

    def _is_shape(self, node: object) -> bool:
        """Tell whether a node names the geometry."""
        name = node.get("property") if isinstance(node, Mapping) else None
        if self._geometry is None or not isinstance(name, str):
            return False
        return name == self._geometry.name or (
            name == _GEOMETRY and name not in self._columns
        )

    def _spatial(self, name: str, arguments: Sequence[object]) -> Predicate:
        left, right = self._pair(name, arguments)
        relation = cql2_spatial.RELATIONS[name]
        if is_geometry(left) and is_geometry(right):
            return cql2_spatial.relate_written(relation, left, right, self._crs)
        if self._is_shape(left) and self._is_shape(right):
            return cql2_spatial.relate_to_itself(relation)
        if not self._is_shape(left):
            left, right = right, left
            relation = cql2_spatial.MIRRORED[relation]
        if not self._is_shape(left) or not is_geometry(right):
            raise refused(
                Text(f"{name.upper()} compare la géométrie à une autre, écrite.",
                     f"{name.upper()} relates the geometry to a written one."),
                Text(f"La géométrie se nomme « {_GEOMETRY} ».",
                     f"The geometry is named “{_GEOMETRY}”.")
                if self._geometry else "",
            )  # fmt: skip
        return cql2_spatial.relate(relation, right, self._crs)

    def _span(self, node: object) -> Span:
        """Read an instant or an interval."""
        ends = node.get("interval") if isinstance(node, Mapping) else None
        if ends is None:
            instant = self._end(node, Open.START)
            return Span(instant, instant)
        if not _is_list(ends) or len(ends) != len(("start", "end")):
            raise _arguments("INTERVAL", 2)
        return Span(self._end(ends[0], Open.START), self._end(ends[1], Open.END))

    def _end(self, node: object, side: Open) -> Operand | Open:
        if node in {"..", ""} if isinstance(node, str) else False:
            return side
        found = self.operand(node)
        if isinstance(found, Constant) and found.kind is Kind.TEXT:
            found = read_temporal_text(str(found.value))
        if found.kind not in {Kind.DATE, Kind.DATETIME}:
            raise refused(
                Text("Une date ou un instant est attendu ici.",
                     "A date or an instant is expected here.")
            )  # fmt: skip
        return found


def _is_list(node: object) -> TypeGuard[Sequence[object]]:
    return isinstance(node, Sequence) and not isinstance(node, str)


def unknown_property(
    name: str, columns: Mapping[str, PublishedColumn], parameter: str = "filter"
) -> QueryError:
    """Return the error of a property that does not exist outside."""
    known = ", ".join(columns)
    return QueryError(
        Text(f"La propriété « {name[:80]} » n'existe pas.",
             f"There is no property “{name[:80]}”."),
        parameter=parameter,
        hint=Text(f"Propriétés : {known}.", f"Properties: {known}."),
    )  # fmt: skip


def _unknown_function(name: str) -> QueryError:
    return refused(
        Text(f"La fonction « {name[:80]} » n'existe pas.",
             f"There is no function “{name[:80]}”.")
    )  # fmt: skip


def _arguments(name: str, number: int) -> QueryError:
    return refused(
        Text(f"{name} attend {number} argument(s).",
             f"{name} takes {number} argument(s).")
    )  # fmt: skip


def _not_a_condition(node: object) -> QueryError:
    return refused(
        Text(f"Une condition est attendue, non {_shown(node)}.",
             f"A condition is expected, not {_shown(node)}.")
    )  # fmt: skip


def _not_a_value(node: object) -> QueryError:
    return refused(
        Text(f"Une valeur est attendue, non {_shown(node)}.",
             f"A value is expected, not {_shown(node)}."),
        Text("Pour une valeur absente, écrivez IS NULL.",
             "For a missing value write IS NULL."),
    )  # fmt: skip


def _shown(node: object) -> str:
    return "NULL" if node is None else repr(node)[:80]
