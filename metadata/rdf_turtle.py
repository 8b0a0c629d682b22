"""Writes nodes as Turtle.

References
----------
RDF 1.1 Turtle, clauses 2 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from metadata.rdf import PREFIXES, Iri, Literal, Node, Value

_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_ESCAPED: Final = re.compile('[\\\\"\n\r\t\b\f\x00-\x1f\x7f]')


def turtle(nodes: Iterable[Node]) -> bytes:
    """Return a Turtle document, UTF-8."""
    heads = [f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items()]
    written: set[Node] = set()
    bodies = [body for each in nodes for body in _subjects(each, written)]
    return "".join([*heads, *bodies]).encode()


def _subjects(top: Node, written: set[Node]) -> Iterator[str]:
    """Yield a node, then each named node in it: Turtle nests only blank ones."""
    waiting = [top]
    while waiting:
        each = waiting.pop(0)
        if each in written:
            continue
        written.add(each)
        yield f"\n{_name(each)} {_statements(each, waiting, 1)} .\n"


def _name(each: Node) -> str:
    return f"<{each.iri}>" if each.iri else "[]"


def _statements(each: Node, waiting: list[Node], depth: int) -> str:
    indent = "  " * depth
    kinds = [f"a {', '.join(each.types)}"] if each.types else []
    stated = [f"{n} {_value(v, waiting, depth)}" for n, v in each.properties]
    return f" ;\n{indent}".join([*kinds, *stated])


def _value(value: Value, waiting: list[Node], depth: int) -> str:
    if isinstance(value, Literal):
        return _literal(value)
    if isinstance(value, Iri):
        return f"<{value.value}>"
    if value.iri:
        waiting.append(value)
        return f"<{value.iri}>"
    inside = "  " * (depth + 1)
    return f"[\n{inside}{_statements(value, waiting, depth + 1)}\n{inside[:-2]}]"


def _literal(value: Literal) -> str:
    quoted = f'"{_ESCAPED.sub(_escape, value.text)}"'
    if value.language:
        return f"{quoted}@{value.language}"
    return f"{quoted}^^{value.datatype}" if value.datatype else quoted


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    return _ESCAPES.get(found) or f"\\u{ord(found):04X}"
