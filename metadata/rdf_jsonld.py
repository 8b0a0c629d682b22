"""Writes nodes as JSON-LD, with the context inside the document.

data.gouv.fr would fetch a context that stands elsewhere, at each harvest.

References
----------
JSON-LD 1.1, clauses 4.1 and 9.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from metadata.rdf import PREFIXES, Iri, Literal, Node, Value


def jsonld(nodes: Iterable[Node]) -> bytes:
    """Return a JSON-LD document, UTF-8."""
    document = {"@context": dict(PREFIXES), "@graph": [_object(n) for n in nodes]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _object(each: Node) -> dict[str, Any]:
    made: dict[str, Any] = {"@id": each.iri} if each.iri else {}
    if each.types:
        made["@type"] = list(each.types)
    for name, value in each.properties:
        made.setdefault(name, []).append(_value(value))
    return made


def _value(value: Value) -> Any:
    if isinstance(value, Iri):
        return {"@id": value.value}
    if isinstance(value, Node):
        return _object(value)
    return _literal(value)


def _literal(value: Literal) -> dict[str, str]:
    if value.language:
        return {"@value": value.text, "@language": value.language}
    if value.datatype:
        return {"@value": value.text, "@type": value.datatype}
    return {"@value": value.text}
