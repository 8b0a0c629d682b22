"""Reads the Common Query Language of the catalogue standard into a tree.

Beyond its grammar, as servers and clients have come to write it: `IN`, `ILIKE`,
`!=`, ``BBOX(property, west, south, east, north)``. Names may be in quotation
marks; a quotation mark in a text is doubled.

References
----------
OGC 07-006r1, clause 6.2 (BNF of the Catalogue Common Query Language).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely.errors import GEOSException

from metadata.crs import CRS84
from service.csw import geometries
from service.csw.limits import Budget
from service.csw.patterns import read_pattern
from service.csw.problems import CswProblem, invalid
from service.csw.queryables import Kind, Queryable, find_queryable
from service.csw.tree import (
    All,
    Compare,
    Comparison,
    Like,
    Negated,
    Node,
    Null,
    Relation,
    Some,
    Spatial,
)

LENGTH: Final = 16_000
"""Characters of a constraint."""
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<literal>[-+]?\.?\d[\w.:+-]*)
      | (?P<word>[^\W\d][\w:./-]*|/[\w:./-]+)
      | (?P<sign><>|<=|>=|!=|[=<>(),])
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final = {str(operator): operator for operator in Comparison} | {
    "!=": Comparison.NOT_EQUAL
}
_RELATIONS: Final = {relation.name: relation for relation in Relation}
_KEYWORDS: Final = {"AND", "OR", "NOT", "LIKE", "ILIKE", "BETWEEN", "IS", "IN", "NULL"}
_GEOMETRIES: Final = {"POINT", "LINESTRING", "POLYGON"}
_BOX_NUMBERS: Final = 4


@dataclass(frozen=True)
class _Token:
    kind: str
    """``text``, ``quoted``, ``literal``, ``word``, ``sign``; ``end``."""
    value: str

    @property
    def keyword(self) -> str:
        """The word in capitals; empty for anything else."""
        return self.value.upper() if self.kind == "word" else ""


_END: Final = _Token("end", "")


def read_cql(text: str) -> Node:
    """Return the tree of a constraint.

    Raises
    ------
    service.csw.problems.CswProblem
        It cannot be understood; what was found where is said.
    """
    if len(text) > LENGTH:
        raise invalid("Constraint", "csw.cql-long", limit=LENGTH)
    reader = _Reader(_tokens(text))
    node = reader.alternatives(1)
    reader.finish()
    return node


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    text = text.rstrip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unexpected(text[position : position + 20].strip())
        kind = match.lastgroup or ""
        value = match[kind]
        if kind in {"text", "quoted"}:
            value = value[1:-1].replace(value[0] * 2, value[0])
        found.append(_Token(kind, value))
        position = match.end()
    return found


def _unexpected(found: str) -> CswProblem:
    return invalid("Constraint", "csw.cql", found=found[:40] or "…")


class _Reader:
    """Reads tokens one after the other, within a budget."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._budget = Budget()

    def finish(self) -> None:
        """Require that nothing is left."""
        if self._token is not _END:
            raise _unexpected(self._token.value)

    def alternatives(self, depth: int) -> Node:
        """Read parts between which OR stands."""
        parts = [self._conjunction(depth)]
        while self._took("OR"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _conjunction(self, depth: int) -> Node:
        parts = [self._part(depth)]
        while self._took("AND"):
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _part(self, depth: int) -> Node:
        self._budget.node(depth)
        if self._took("NOT"):
            return Negated(self._part(depth + 1))
        if self._took("("):
            inner = self.alternatives(depth + 1)
            self._expect(")")
            return inner
        following = self._peek(1)
        if following.value == "(" and self._token.keyword == "BBOX":
            return self._bbox()
        if following.value == "(" and self._token.keyword in _RELATIONS:
            return self._spatial()
        return self._predicate()

    def _predicate(self) -> Node:
        queryable = self._property()
        operator = _COMPARISONS.get(self._token.value)
        if queryable.kind is Kind.BOX and self._token.keyword != "IS":
            raise invalid("Constraint", "csw.not-spatial", name=queryable.name)
        if operator is not None and self._token.kind == "sign":
            self._next += 1
            return Compare(queryable, operator, self._literal())
        if self._took("IS"):
            negated = self._took("NOT")
            self._expect("NULL")
            return Negated(Null(queryable)) if negated else Null(queryable)
        negated = self._took("NOT")
        node = self._worded(queryable)
        return Negated(node) if negated else node

    def _worded(self, queryable: Queryable) -> Node:
        readers: dict[str, Callable[[Queryable], Node]] = {
            "LIKE": lambda found: self._like(found, match_case=True),
            "ILIKE": lambda found: self._like(found, match_case=False),
            "BETWEEN": self._between,
            "IN": self._among,
        }
        keyword = self._token.keyword
        if keyword not in readers:
            raise _unexpected(self._token.value)
        self._next += 1
        return readers[keyword](queryable)

    def _like(self, queryable: Queryable, *, match_case: bool) -> Node:
        pattern = read_pattern(self._literal(), any_text="%", one="_", escape="\\")
        return Like(queryable, pattern, match_case)

    def _between(self, queryable: Queryable) -> Node:
        lower = Compare(queryable, Comparison.GREATER_OR_EQUAL, self._literal())
        self._expect("AND")
        return All(
            (lower, Compare(queryable, Comparison.LESS_OR_EQUAL, self._literal()))
        )

    def _among(self, queryable: Queryable) -> Node:
        self._expect("(")
        parts: list[Node] = [Compare(queryable, Comparison.EQUAL, self._literal())]
        while self._took(","):
            self._budget.node(1)
            parts.append(Compare(queryable, Comparison.EQUAL, self._literal()))
        self._expect(")")
        return Some(tuple(parts))

    def _property(self) -> Queryable:
        token = self._taken()
        if token.kind not in {"word", "quoted"} or token.keyword in _KEYWORDS:
            raise _unexpected(token.value)
        queryable = find_queryable(token.value)
        if queryable.kind is Kind.ANY:
            self._budget.text_search()
        return queryable

    def _literal(self) -> str:
        token = self._taken()
        is_truth = token.keyword in {"TRUE", "FALSE"}
        if token.kind not in {"text", "literal"} and not is_truth:
            raise _unexpected(token.value)
        return self._budget.literal(token.value.lower() if is_truth else token.value)

    def _bbox(self) -> Node:
        self._spatial_property()
        numbers = self._numbers(_BOX_NUMBERS)
        crs = geometries.read_crs(self._literal()) if self._took(",") else CRS84
        self._expect(")")
        return geometries.read_box(numbers, crs)

    def _spatial(self) -> Node:
        relation = _RELATIONS[self._token.keyword]
        self._spatial_property()
        geometry = self._geometry()
        self._expect(")")
        return Spatial(relation, geometry)

    def _spatial_property(self) -> None:
        self._next += 1
        self._expect("(")
        name = self._token.value
        if self._property().kind is not Kind.BOX:
            raise invalid("Constraint", "csw.spatial", name=name[:80])
        self._expect(",")

    def _geometry(self) -> shapely.Geometry:
        keyword = self._token.keyword
        if keyword == "ENVELOPE":
            self._next += 1
            self._expect("(")
            west, east, *latitudes = self._numbers(_BOX_NUMBERS)
            self._expect(")")
            box = [west, min(latitudes), east, max(latitudes)]
            return geometries.rectangle(geometries.read_box(box, CRS84))
        if keyword not in _GEOMETRIES:
            raise invalid(
                "Constraint", "csw.geometry-kind", name=self._token.value[:40]
            )
        return self._wkt()

    def _wkt(self) -> shapely.Geometry:
        """Read a geometry in well-known text, longitude first."""
        words = [self._taken().value]
        depth = 0
        while depth or len(words) == 1:
            token = self._taken()
            if token is _END or token.kind not in {"literal", "sign"}:
                raise _unexpected(token.value)
            depth += {"(": 1, ")": -1}.get(token.value, 0)
            words.append(token.value)
        numbers = [word for word in words[1:] if word not in {"(", ")", ","}]
        geometries.read_numbers(" ".join(numbers))
        try:
            made = shapely.from_wkt(" ".join(words))
        except GEOSException as error:
            raise invalid("Constraint", "csw.geometry") from error
        if not made.is_valid or made.is_empty:
            raise invalid("Constraint", "csw.geometry")
        return made

    def _numbers(self, count: int) -> list[float]:
        """Read numbers with commas between them."""
        words = [self._literal()]
        while len(words) < count:
            self._expect(",")
            words.append(self._literal())
        return geometries.read_numbers(" ".join(words))

    @property
    def _token(self) -> _Token:
        return self._peek(0)

    def _peek(self, ahead: int) -> _Token:
        place = self._next + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _taken(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _took(self, wanted: str) -> bool:
        """Tell whether a keyword or sign comes next, and pass it."""
        token = self._token
        found = token.keyword or (token.value if token.kind == "sign" else "")
        if found != wanted:
            return False
        self._next += 1
        return True

    def _expect(self, wanted: str) -> None:
        if not self._took(wanted):
            raise _unexpected(self._token.value)
