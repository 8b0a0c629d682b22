"""Says what is wrong with a YAML file in words a person can act upon."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metadata.finding import Finding, Severity, Text

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
Lines = dict[Place, int]
"""Where each key stands: path of keys and positions → line, from 1."""


def problem(code: str, subject: str, element: str, reason: Text, hint: Text) -> Finding:
    """Return an error about a file."""
    return Finding(
        severity=Severity.ERROR,
        code=code,
        subject=subject,
        element=element,
        reason=reason,
        hint=hint,
    )


def where(path: Path, line: int) -> str:
    """Return ``folder/file:line``."""
    return f"{path.parent.name}/{path.name}:{line}"


def problems_of(path: Path, error: ValidationError, lines: Lines) -> list[Finding]:
    """Return one finding for each thing that pydantic refused."""
    return [
        _finding(path, details, lines) for details in error.errors(include_url=False)
    ]


def _finding(path: Path, details: ErrorDetails, lines: Lines) -> Finding:
    place = _place(details, lines)
    is_empty = details["input"] is None and details["type"] not in _OF_KEYS
    words = _empty if is_empty else _WORDS.get(details["type"], _as_it_says)
    reason, hint = words(details)
    return problem(
        f"description.{details['type']}",
        where(path, _line(place, lines)),
        ".".join(map(str, place)),
        reason,
        hint,
    )


def _place(details: ErrorDetails, lines: Lines) -> Place:
    """Return the keys that lead to a problem, without the types that were tried."""
    place: Place = ()
    for part in details["loc"]:
        if (*place, part) in lines:
            place = (*place, part)
    return (*place, details["loc"][-1]) if details["type"] == "missing" else place


def _line(place: Place, lines: Lines) -> int:
    """Return the line of a key, or of the nearest thing around it."""
    for length in range(len(place), -1, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 1


Words = tuple[Text, Text]
_OF_KEYS: Final = frozenset(
    {"missing", "unexpected_keyword_argument", "extra_forbidden"}
)
"""Problems with a key itself, whatever its value."""
_LONGEST: Final = 60
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")


def _found(details: ErrorDetails) -> Text:
    """Show the value that was found: short, and never a password."""
    said = details["input"]
    if isinstance(said, list):
        return Text("une liste", "a list")
    if isinstance(said, dict):
        return Text("un groupe « clé: valeur »", "a group “key: value”")
    shown = _CREDENTIALS.sub("***@", str(said))
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}…"
    return Text(f"« {shown} »", f"“{shown}”")


def _empty(details: ErrorDetails) -> Words:
    name = str(details["loc"][-1]) if details["loc"] else ""
    return (
        Text(f"« {name} » est vide.", f"“{name}” is empty."),
        Text("Écrivez une valeur, ou retirez la ligne.", "Write a value or remove it."),
    )


def _missing(details: ErrorDetails) -> Words:
    name = str(details["loc"][-1])
    return (
        Text(f"« {name} » manque.", f"“{name}” is missing."),
        Text(f"Ajoutez une ligne « {name}: … ».", f"Add a line “{name}: …”."),
    )


def _unknown(details: ErrorDetails) -> Words:
    name = str(details["loc"][-1])
    return (
        Text(f"« {name} » n'est pas une clé connue.", f"“{name}” is no known key."),
        Text(
            "Corrigez son nom, ou retirez-la ; docs/configuring.md liste les clés.",
            "Correct its name or remove it; docs/configuring.md lists the keys.",
        ),
    )


def _not_listed(details: ErrorDetails) -> Words:
    expected = str(_context(details).get("expected", "")).replace("' or '", "', '")
    found = _found(details)
    return (
        Text(f"{found.fr} n'est pas admis.", f"{found.en} is not allowed."),
        Text(f"Valeurs admises : {expected}.", f"Allowed: {expected}."),
    )


def _not_a_date(details: ErrorDetails) -> Words:
    found = _found(details)
    return (
        Text(f"{found.fr} n'est pas une date.", f"{found.en} is not a date."),
        Text("Écrivez AAAA-MM-JJ.", "Write YYYY-MM-DD."),
    )


def _wrong_type(fr: str, en: str) -> Callable[[ErrorDetails], Words]:
    def said(details: ErrorDetails) -> Words:
        found = _found(details)
        return (
            Text(f"{found.fr} n'est pas {fr}.", f"{found.en} is not {en}."),
            Text(f"Écrivez {fr}.", f"Write {en}."),
        )

    return said


def _as_it_says(details: ErrorDetails) -> Words:
    message, found = details["msg"], _found(details)
    return (
        Text(f"{found.fr} : {message}.", f"{found.en}: {message}."),
        Text("Corrigez cette valeur.", "Correct this value."),
    )


def _context(details: ErrorDetails) -> Mapping[str, Any]:
    return details.get("ctx", {})


_LIST = _wrong_type("une liste", "a list")
_GROUP = _wrong_type("un groupe « clé: valeur »", "a group “key: value”")
_WORDS: Mapping[str, Callable[[ErrorDetails], Words]] = {
    "missing": _missing,
    "unexpected_keyword_argument": _unknown,
    "extra_forbidden": _unknown,
    "enum": _not_listed,
    "literal_error": _not_listed,
    "date_type": _not_a_date,
    "date_parsing": _not_a_date,
    "date_from_datetime_parsing": _not_a_date,
    "date_from_datetime_inexact": _not_a_date,
    "string_type": _wrong_type("un texte", "a text"),
    "int_parsing": _wrong_type("un nombre entier", "a whole number"),
    "int_type": _wrong_type("un nombre entier", "a whole number"),
    "int_from_float": _wrong_type("un nombre entier", "a whole number"),
    "float_parsing": _wrong_type("un nombre", "a number"),
    "finite_number": _wrong_type("un nombre fini", "a finite number"),
    "float_type": _wrong_type("un nombre", "a number"),
    "bool_parsing": _wrong_type("true ou false", "true or false"),
    "bool_type": _wrong_type("true ou false", "true or false"),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "mapping_type": _GROUP,
    "dict_type": _GROUP,
    "dataclass_type": _GROUP,
}
