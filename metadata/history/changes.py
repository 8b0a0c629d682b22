"""What changed between two revisions of a record, field by field, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from metadata.finding import Text
from metadata.history.leaves import Leaves, Value, leaves
from metadata.history.names import field_name

_SHOWN: Final = 90
"""Characters of a value that a line repeats."""
_BEFORE: Final = 25
"""Characters in common that are shown before the place where two values part."""
_PART: Final = re.compile(r"^[^\[]*\[[^\]]*\]")
NOTHING: Final = b"{}"
"""A record that says nothing."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field, or one part of a list, that is not as it was."""

    path: str
    """Steps to it; what tells a part of a list from the others in brackets."""
    before: Value
    """What stood there; empty: nothing."""
    after: Value
    """What stands there now; empty: nothing."""

    @property
    def name(self) -> Text:
        """The field's name."""
        return field_name(self.path)

    @property
    def words(self) -> Text:
        """The change in one line."""
        name, said = self.name, _said(self.before, self.after)
        return Text(f"{name.fr} : {said.fr}", f"{name.en}: {said.en}")


def changes(before: bytes, after: bytes) -> tuple[FieldChange, ...]:
    """Return what changed from one revision to another, in the order of the record.

    A part of a list that is new, or gone, is one change. Empty where nothing that
    has a name changed.

    Parameters
    ----------
    before
        `NOTHING` to have all that a first revision said.
    """
    one, other = leaves(before), leaves(after)
    ours, theirs = _parts(one), _parts(other)
    new_or_gone = ours.keys() ^ theirs.keys()
    found: dict[str, FieldChange] = {}
    for path in dict.fromkeys((*other, *one)):
        part = _part_of(path)
        if part in new_or_gone:
            found[part] = FieldChange(
                path=part, before=ours.get(part, ()), after=theirs.get(part, ())
            )
        elif one.get(path) != other.get(path):
            found[path] = FieldChange(
                path=path, before=one.get(path, ""), after=other.get(path, "")
            )
    return tuple(found.values())


def _part_of(path: str) -> str:
    """Return the path of the part of a list that a field is in; may be empty."""
    found = _PART.match(path)
    return found[0] if found else ""


def _parts(fields: Leaves) -> Mapping[str, tuple[str, ...]]:
    """Return what stands in each part of a list, each value once."""
    parts: dict[str, dict[str, None]] = {}
    for path, value in fields.items():
        part = _part_of(path)
        if part:
            values = (value,) if isinstance(value, str) else value
            parts.setdefault(part, {}).update(dict.fromkeys(values))
    return {part: tuple(values) for part, values in parts.items()}


def _said(before: Value, after: Value) -> Text:
    if not before:
        return _each("ajouté", "added", _one(after))
    if not after:
        return _each("retiré", "removed", _one(before))
    if isinstance(before, tuple) or isinstance(after, tuple):
        return _list_said(set(_values(before)), set(_values(after)))
    old, new = _windows(before, after)
    return Text(f"« {old} » → « {new} »", f"“{old}” → “{new}”")


def _each(fr: str, en: str, value: str) -> Text:
    return Text(f"{fr} « {value} »", f"{en} “{value}”")


def _list_said(before: set[str], after: set[str]) -> Text:
    """Say which values of a list came and which went."""
    came, went = sorted(after - before), sorted(before - after)
    told = (
        _each("ajouté", "added", _one(tuple(came))) if came else Text("", ""),
        _each("retiré", "removed", _one(tuple(went))) if went else Text("", ""),
    )
    return Text(
        ", ".join(filter(None, (each.fr for each in told))),
        ", ".join(filter(None, (each.en for each in told))),
    )


def _values(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _one(value: Value) -> str:
    return _cut("; ".join(_lines(_values(value))))


def _lines(values: Iterable[str]) -> Iterator[str]:
    """Yield texts as one line each, what cannot be printed left out."""
    for value in values:
        shown = "".join(c if c.isprintable() else " " for c in value)
        yield " ".join(shown.split())


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _windows(before: str, after: str) -> tuple[str, str]:
    """Return both texts from shortly before the place where they part."""
    old, new = _lines((before, after))
    pairs = zip(old, new, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = same - _BEFORE if max(len(old), len(new)) > _SHOWN else 0
    if start <= 0:
        return _cut(old), _cut(new)
    return _cut(f"…{old[start:]}"), _cut(f"…{new[start:]}")
