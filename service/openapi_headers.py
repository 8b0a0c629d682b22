"""Headers of answers as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any, Final

from metadata.finding import Language
from service.links import Document
from service.messages import say

_TEXT: Final[Document] = {"type": "string"}
_NUMBER: Final[Document] = {"type": "integer", "minimum": 0}
_SCHEMAS: Final[Document] = {
    "Content-Crs": _TEXT,
    "ETag": _TEXT,
    "Link": _TEXT,
    "OGC-NumberMatched": _NUMBER,
    "OGC-NumberReturned": _NUMBER,
}
_OF_ANSWERS: Final = {
    "items": tuple(_SCHEMAS),
    "item": ("Content-Crs", "ETag", "Link"),
}
"""By the operation that asks."""


def shared_headers(language: Language) -> Document:
    """Return the headers that answers refer to."""
    return {
        name: {"description": say(language, f"header.{name.lower()}"), "schema": schema}
        for name, schema in _SCHEMAS.items()
    }


def answer_headers(key: str) -> dict[str, Any]:
    """Return the member ``headers`` of an operation's answer, if it has one."""
    names = _OF_ANSWERS.get(key, ())
    found = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {"headers": found} if found else {}
