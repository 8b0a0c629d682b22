"""What Google Dataset Search sees in the page of a dataset, and what it misses.

References
----------
Google Search Central, “Dataset structured data”.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from metadata.checks.rules import Flaw, flaw
from metadata.finding import Finding
from metadata.preview.platform import Platform

Document = Mapping[str, Any]
_FIELDS: Final = {
    "name": "title",
    "license": "licence",
    "spatialCoverage": "extent",
    "temporalCoverage": "period",
    "distribution": "access",
    "keywords": "keywords",
}
"""Property of schema.org → field of the description."""


def google_findings(
    document: Document, subject: str, known: Platform
) -> Iterator[Finding]:
    """Yield what Google misses in the JSON-LD of a page, in the order of the rules."""
    for rule in known.rules.rules.values():
        judge = GOOGLE_JUDGES.get(rule.code)
        if judge is not None:
            for found in judge(document, known):
                yield rule.finding(found, subject=subject)


def _description(document: Document, known: Platform) -> Iterator[Flaw]:
    length = len(document.get("description", ""))
    shortest, longest = known.limit("google_shortest"), known.limit("google_longest")
    if not length:
        yield flaw("missing", "abstract")
    elif length < shortest:
        yield flaw("short", "abstract", length=str(length), limit=str(shortest))
    elif length > longest:
        yield flaw("long", "abstract", length=str(length), limit=str(longest))


def _missing(document: Document, known: Platform) -> Iterator[Flaw]:
    del known
    return (flaw(name, _FIELDS[name]) for name in _FIELDS if name not in document)


GOOGLE_JUDGES: Final[Mapping[str, Callable[[Document, Platform], Iterator[Flaw]]]] = (
    MappingProxyType({"google.description": _description, "google.missing": _missing})
)
"""Rule → the function that finds where it is failed."""
