"""Reads YAML 1.2 into plain values, and remembers where each key stands.

Every scalar stays as it is written: ``no``, ``01001``, ``+33 1 43 93`` and ``1.10``
are words, and the types that the values go to make numbers and dates of them. Only
an empty value (or ``null``) is none. Read from events and never by recursion of the
parser, so that a file can be refused that is too large, too deep, or that multiplies
itself through its aliases. Left out: tags other than ``!!str``, merge keys, several
documents, keys that are no scalars.

References
----------
YAML 1.2.2, chapters 3 and 10.3 (core schema).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from metadata.description_problems import Lines, Place
from metadata.finding import Text

Value = str | list[Any] | dict[str, Any] | None
MOST_CHARACTERS: Final = 1_000_000
MOST_VALUES: Final = 100_000
"""Values in one file, those of an alias counted each time it stands."""
DEEPEST: Final = 50
NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain words that stand for no value."""
_STRING: Final = "tag:yaml.org,2002:str"
_PUNCTUATION: Final = Text(
    "Vérifiez les retraits, les guillemets et les deux-points.",
    "Check indentation, quotes and colons.",
)
_SIMPLER: Final = Text(
    "Écrivez chaque valeur en clair, un jeu de données par fichier.",
    "Write each value out, one dataset to a file.",
)


class NotYaml(ValueError):
    """A text that is no YAML, or more than is read of it.

    Parameters
    ----------
    line
        From 1.
    """

    def __init__(self, reason: Text, line: int, hint: Text | None = None) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.line = line
        self.hint = hint or _PUNCTUATION


@dataclass(frozen=True)
class Written:
    """What a text holds."""

    value: Value
    lines: Lines
    repeated: tuple[Place, ...]
    """Keys given twice; the last value counts, `lines` has the last place."""


@dataclass
class _Anchored:
    """A value that aliases may stand for."""

    value: Value
    size: int


@dataclass
class _Reading:
    """One text being read."""

    events: Iterator[yaml.Event]
    lines: Lines = field(default_factory=dict)
    repeated: list[Place] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    count: int = 0

    def value(self, event: yaml.Event, place: Place) -> Value:
        """Build the value that begins with an event."""
        line = _line(event)
        self.lines.setdefault(place, line)
        if len(place) > DEEPEST:
            raise NotYaml(_TOO_DEEP, line, _SIMPLER)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line)
        self._add(1, line)
        before = self.count
        _refuse_tag(event, line)
        value = self._content(event, place)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self.anchors[anchor] = _Anchored(value, 1 + self.count - before)
        return value

    def _content(self, event: yaml.Event, place: Place) -> Value:
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._group(place)
        return _scalar(event)

    def _alias(self, event: yaml.AliasEvent, line: int) -> Value:
        name = str(event.anchor)
        found = self.anchors.get(name)
        if found is None:
            raise NotYaml(_no_anchor(name), line, _SIMPLER)
        self._add(found.size, line)
        return found.value

    def _add(self, number: int, line: int) -> None:
        self.count += number
        if self.count > MOST_VALUES:
            raise NotYaml(_TOO_MANY, line, _SIMPLER)

    def _list(self, place: Place) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self.value(event, (*place, len(values))))
        return values

    def _group(self, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise NotYaml(_NO_KEY, _line(event), _SIMPLER)
            key = str(event.value)
            inner = (*place, key)
            if key in values:
                self.repeated.append(inner)
            self.lines[inner] = _line(event)
            values[key] = self.value(next(self.events), inner)
        return values


def read_text(text: str) -> Written:
    """Return what a YAML text holds; an empty one holds `None`.

    Raises
    ------
    NotYaml
        With the line of the first thing that cannot be read.
    """
    if len(text) > MOST_CHARACTERS:
        raise NotYaml(_TOO_LONG, 1, _SIMPLER)
    events = iter(yaml.parse(text, yaml.CSafeLoader))
    reading = _Reading(events)
    try:
        value = _document(reading)
    except yaml.YAMLError as error:
        raise _translated(error, text) from error
    return Written(value, reading.lines, tuple(reading.repeated))


def _document(reading: _Reading) -> Value:
    """Read the one document of a text."""
    value: Value = None
    seen = False
    for event in reading.events:
        if isinstance(event, yaml.DocumentStartEvent):
            if seen:
                raise NotYaml(_TWO_DOCUMENTS, _line(event), _SIMPLER)
            seen = True
            value = reading.value(next(reading.events), ())
    return value


def _scalar(event: yaml.Event) -> str | None:
    said = str(getattr(event, "value", ""))
    is_plain = not getattr(event, "style", None)
    is_string = getattr(event, "tag", None) == _STRING
    return None if is_plain and not is_string and said in NOTHING else said


def _refuse_tag(event: yaml.Event, line: int) -> None:
    tag = getattr(event, "tag", None)
    if tag and tag not in {"!", _STRING}:
        reason = Text(
            f"l'étiquette {tag} n'est pas admise", f"the tag {tag} is not allowed"
        )
        raise NotYaml(reason, line, _SIMPLER)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


def _translated(error: yaml.YAMLError, text: str) -> NotYaml:
    """Say in both languages what the parser says in one."""
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else 1
    if mark is None and isinstance(position, int):
        line = text.count("\n", 0, position) + 1
    english = str(said or error)
    return NotYaml(Text(_FRENCH.get(english, english), english), line)


_TOO_LONG: Final = Text(
    f"le fichier dépasse {MOST_CHARACTERS} caractères",
    f"the file has more than {MOST_CHARACTERS} characters",
)
_TOO_MANY: Final = Text(
    f"le fichier tient, alias compris, plus de {MOST_VALUES} valeurs",
    f"the file holds, aliases included, more than {MOST_VALUES} values",
)
_TOO_DEEP: Final = Text(
    f"plus de {DEEPEST} niveaux sont imbriqués",
    f"more than {DEEPEST} levels are nested",
)
_NO_KEY: Final = Text("une clé n'est pas un mot", "a key is no word")
_TWO_DOCUMENTS: Final = Text(
    "un second document (---) commence ici", "a second document (---) begins here"
)


def _no_anchor(name: str) -> Text:
    return Text(
        f"l'alias *{name} ne renvoie à rien de complet",
        f"the alias *{name} stands for nothing complete",
    )


_FRENCH: Final = {
    "mapping values are not allowed in this context": (
        "un deux-points est de trop (mettez la valeur entre guillemets)"
    ),
    "found character that cannot start any token": (
        "un caractère ne peut commencer une valeur (tabulation, @, %, `)"
    ),
    "found a tab character that violates indentation": (
        "une tabulation sert de retrait (n'utilisez que des espaces)"
    ),
    "could not find expected ':'": "il manque un deux-points",
    "did not find expected key": "une clé est attendue (vérifiez le retrait)",
    "did not find expected '-' indicator": "un tiret de liste est attendu",
    "did not find expected ',' or ']'": "une virgule ou un ] est attendu",
    "did not find expected ',' or '}'": "une virgule ou un } est attendu",
    "did not find expected node content": "une valeur est attendue",
    "did not find expected <document start>": "le texte ne commence pas par une clé",
    "block sequence entries are not allowed in this context": (
        "un élément de liste (-) n'est pas admis ici"
    ),
    "found unexpected end of stream": "des guillemets ne sont pas fermés",
    "found unknown escape character": "une barre oblique inverse est de trop",
    "control characters are not allowed": "un caractère de contrôle n'est pas admis",
}
