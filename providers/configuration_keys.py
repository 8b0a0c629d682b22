"""Keys of the service: who may see its details, and who may edit which collection.

A scope is ``read:details``, ``edit:*``, or ``edit:`` and the id of a collection. Keys
stand in the file as ``${NAME}`` only; ``service.key`` is the one that may stand
there by itself, and has the scope ``read:details``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from metadata.errors import ConfigurationError
from metadata.finding import Text
from providers.configuration_values import filled

DETAILS: Final = "read:details"
"""The scope of whoever may see details, measures, previews and the administration."""
_EDIT: Final = "edit:"
_EVERY: Final = "*"
SHORTEST: Final = 16
"""Characters that a key has at least."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", re.ASCII)
_COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """One key, whom it was given to, and what it opens."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    name: str
    """Stands in the log of edits; never the key itself."""
    key: str = field(repr=False)
    scopes: tuple[str, ...]

    def opens(self, scope: str) -> bool:
        """Tell whether it has a scope, by itself or among all of its kind."""
        every = scope.startswith(_EDIT) and f"{_EDIT}{_EVERY}" in self.scopes
        return every or scope in self.scopes

    @property
    def edits(self) -> bool:
        """Whether it may change any collection."""
        return any(scope.startswith(_EDIT) for scope in self.scopes)


def edit_scope(collection_id: str) -> str:
    """Return the scope of whoever may edit a collection."""
    return f"{_EDIT}{collection_id}"


def filled_keys(
    written: Sequence[ApiKey], environment: Mapping[str, str]
) -> tuple[ApiKey, ...]:
    """Return the keys with their secrets.

    Raises
    ------
    metadata.errors.ConfigurationError
        A key stands in the file, is too short or not there; a scope is none; two
        keys or two names are the same.
    """
    found = tuple(_filled(key, place, environment) for place, key in _places(written))
    for what in ("name", "key"):
        _require_distinct([getattr(key, what) for key in found], f"service.keys.{what}")
    return found


def _places(written: Sequence[ApiKey]) -> Iterator[tuple[str, ApiKey]]:
    for number, key in enumerate(written, start=1):
        yield f"service.keys[{number}]", key


def _filled(key: ApiKey, place: str, environment: Mapping[str, str]) -> ApiKey:
    if not _NAME.fullmatch(key.name):
        raise _wrong(
            f"{place}.name",
            Text("ce n'est pas un nom de clé", "this is no name of a key"),
            Text("Lettres ASCII, chiffres, « . », « - » et « _ ».",
                 "ASCII letters, digits, “.”, “-” and “_”."),
        )  # fmt: skip
    if not _VARIABLE.fullmatch(key.key):
        raise _wrong(
            f"{place}.key",
            Text("une clé ne s'écrit pas dans le fichier",
                 "a key does not stand in the file"),
            Text("Écrivez ${NOM} et donnez la clé dans l'environnement.",
                 "Write ${NAME} and give the key in the environment."),
        )  # fmt: skip
    _require_scopes(f"{place}.scopes", key.scopes)
    secret = filled(f"{place}.key", key.key, environment)
    _require_strong(f"{place}.key", secret)
    return replace(key, key=secret)


def _require_scopes(place: str, scopes: Sequence[str]) -> None:
    """Refuse what is no scope, and a key that opens nothing."""
    wrong = [scope for scope in scopes if not _is_scope(scope)]
    if wrong or not scopes:
        said = ", ".join(wrong) or "[]"
        raise _wrong(
            place,
            Text(f"« {said} » n'ouvre rien", f"“{said}” opens nothing"),
            Text(f"Portées : {DETAILS}, edit:*, edit:<collection>.",
                 f"Scopes: {DETAILS}, edit:*, edit:<collection>."),
        )  # fmt: skip


def _is_scope(scope: str) -> bool:
    if scope == DETAILS:
        return True
    kind, _, name = scope.partition(":")
    return kind == "edit" and bool(name == _EVERY or _COLLECTION.fullmatch(name))


def _require_strong(place: str, secret: str) -> None:
    """Refuse a key that can be guessed, or that no header can hold."""
    plain = secret.isascii() and secret.isprintable() and secret == secret.strip()
    if len(secret) >= SHORTEST and plain:
        return
    raise _wrong(
        place,
        Text(f"elle n'a pas {SHORTEST} caractères ASCII ou plus",
             f"it has not {SHORTEST} ASCII characters or more"),
        Text("Tirez-la au sort : openssl rand -hex 32",
             "Draw it at random: openssl rand -hex 32"),
    )  # fmt: skip


def _require_distinct(values: Sequence[str], place: str) -> None:
    if len(set(values)) < len(values):
        raise _wrong(
            place,
            Text("deux clés ont le même", "two keys have the same"),
            Text("Donnez à chacune le sien.", "Give each its own."),
        )


def _wrong(place: str, found: Text, hint: Text) -> ConfigurationError:
    return ConfigurationError(
        Text(f"{place} : {found.fr}.", f"{place}: {found.en}."), hint=hint
    )
