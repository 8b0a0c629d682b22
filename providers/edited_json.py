"""JSON that a client sends to be kept: read strictly, written without any loss.

A member given twice, NaN and numbers beyond all bounds are errors, not guesses.
A number that a double cannot hold as it is written stays a decimal one.

References
----------
RFC 8259, clauses 4 (names) and 6 (numbers); RFC 7396 (merge patch).
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from metadata.finding import Text
from providers.feature_editing import EditRefused, Refusal

Json = None | bool | int | float | Decimal | str | list[Any] | dict[str, Any]
_SURE: Final = 16
"""Characters of a plain number that a double surely keeps."""
_DEEPEST: Final = 64
"""Levels of brackets."""


def read_object(content: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    providers.feature_editing.EditRefused
        It is no JSON, or no object.
    """
    try:
        found = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_number,
            parse_constant=_constant,
            object_pairs_hook=_members,
        )
    except UnicodeDecodeError as error:
        raise malformed(
            Text("Le contenu n'est pas en UTF-8.", "The content is not UTF-8.")
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        said = str(error).partition("\n")[0][:120]
        raise malformed(
            Text("Le contenu n'est pas du JSON.", "The content is no JSON."),
            Text(f"Selon le lecteur : {said}", f"The reader says: {said}"),
        ) from error
    if not isinstance(found, dict):
        raise malformed(
            Text(
                "Le contenu n'est pas un objet JSON.", "The content is no JSON object."
            )
        )
    _require_shallow([each for name, each in found.items() if name != "geometry"])
    return found


def dump(value: Json) -> str:
    """Write a value, its numbers as they were read."""
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}:{dump(each)}" for name, each in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(dump, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def merged(before: Json, patch: Json) -> Json:
    """Return a value once a merge patch was applied to it (RFC 7396, clause 2)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(before) if isinstance(before, dict) else {}
    for name, each in patch.items():
        if each is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), each)
    return found


def read_kept(text: str) -> Json:
    """Read JSON as the silo wrote it."""
    found: Json = json.loads(text, parse_float=_number)
    return found


def malformed(found: Text, hint: Text | str = "") -> EditRefused:
    """Return the error of what is not written as it should be."""
    return EditRefused(Refusal.MALFORMED, found, hint=hint)


def _number(text: str) -> float | Decimal:
    plain = len(text) <= _SURE and "e" not in text and "E" not in text
    try:
        return float(text) if plain else Decimal(text)
    except InvalidOperation:  # so many powers of ten that nothing holds it
        raise _no_number(text[:80]) from None


def _constant(text: str) -> NoReturn:
    raise _no_number(text)


def _no_number(text: str) -> EditRefused:
    return malformed(
        Text(f"{text} n'est pas un nombre ici.", f"{text} is no number here.")
    )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)[:80]
        raise malformed(
            Text(f"Le membre « {twice} » est donné deux fois.",
                 f"The member “{twice}” is given twice.")
        )  # fmt: skip
    return found


def _require_shallow(members: list[Any]) -> None:
    """Refuse what is nested so deeply that whoever reads it back may fail.

    How deep a geometry is, its type tells (`providers.edited_geometry`).
    """
    level = [each for each in members if isinstance(each, dict | list)]
    for _ in range(_DEEPEST):
        inner = (each for outer in level for each in _inside(outer))
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _too_deep() -> EditRefused:
    return malformed(
        Text(f"Le contenu est imbriqué sur plus de {_DEEPEST} niveaux.",
             f"The content is nested more than {_DEEPEST} levels deep.")
    )  # fmt: skip
