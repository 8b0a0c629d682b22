"""Temporal predicates: how instants and intervals lie to one another.

References
----------
OGC 21-065r2 (CQL2), clause 8.6 (Temporal Functions), table 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from providers.cql2_compare import compare
from providers.cql2_tree import All, Comparison, Not, Operand, Predicate, Truth


class Open(Enum):
    """An end that an interval does not have."""

    START = -1
    END = 1


@dataclass(frozen=True)
class Span:
    """A stretch of time; for an instant both ends are the same."""

    start: Operand | Open
    end: Operand | Open


def _compared(left: Operand | Open, operator: str, right: Operand | Open) -> Predicate:
    """Compare two ends; an open one lies before or after everything else."""
    if not isinstance(left, Open) and not isinstance(right, Open):
        return compare(operator, left, right)
    one = left.value if isinstance(left, Open) else 0
    other = right.value if isinstance(right, Open) else 0
    holds = {
        "<": one < other,
        "<=": one <= other,
        "=": one == other,
        ">=": one >= other,
        ">": one > other,
    }[operator]
    end = right if isinstance(left, Open) else left
    if isinstance(end, Open):
        return Truth(holds)
    return Comparison("=" if holds else "<>", end, end)


_Relation = tuple[tuple[str, str, str], ...]
_RELATIONS: dict[str, _Relation] = {
    "t_after": (("start", ">", "end"),),
    "t_before": (("end", "<", "start"),),
    "t_contains": (("start", "<", "start"), ("end", ">", "end")),
    "t_during": (("start", ">", "start"), ("end", "<", "end")),
    "t_equals": (("start", "=", "start"), ("end", "=", "end")),
    "t_finishedby": (("start", "<", "start"), ("end", "=", "end")),
    "t_finishes": (("start", ">", "start"), ("end", "=", "end")),
    "t_intersects": (("start", "<=", "end"), ("end", ">=", "start")),
    "t_meets": (("end", "=", "start"),),
    "t_metby": (("start", "=", "end"),),
    "t_overlappedby": (
        ("start", ">", "start"),
        ("start", "<", "end"),
        ("end", ">", "end"),
    ),
    "t_overlaps": (
        ("start", "<", "start"),
        ("end", ">", "start"),
        ("end", "<", "end"),
    ),
    "t_startedby": (("start", "=", "start"), ("end", ">", "end")),
    "t_starts": (("start", "=", "start"), ("end", "<", "end")),
}
TEMPORAL = frozenset(_RELATIONS) | {"t_disjoint"}
"""Names of the temporal functions, in small letters."""


def relate(function: str, left: Span, right: Span) -> Predicate:
    """Return the condition that a temporal function stands for."""
    if function == "t_disjoint":
        return Not(relate("t_intersects", left, right))
    parts = [
        _compared(getattr(left, one), operator, getattr(right, other))
        for one, operator, other in _RELATIONS[function]
    ]
    return All(tuple(dict.fromkeys(parts)))
