"""Scores what a table is about, by the words that it uses for itself.

The words are data (``words/themes.toml``, ``words/topics.toml``), in French and
English. Nothing is proposed without a word that says it; a word in the name or
in the first sentence weighs more than one in a column, and the first word more
than those that follow: French names a thing first, then what it is of.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

Stems = tuple[str, ...]
_SILENT = frozenset(
    [
        "a",
        "au",
        "aux",
        "d",
        "de",
        "des",
        "du",
        "en",
        "et",
        "l",
        "la",
        "le",
        "les",
        "of",
        "on",
        "par",
        "pour",
        "s",
        "sur",
        "the",
        "un",
        "une",
        "in",
        "for",
        "and",
    ]
)
"""Words passed over."""
_PREFIXES = frozenset(
    [
        "t",
        "tb",
        "tbl",
        "table",
        "v",
        "vw",
        "vue",
        "view",
        "vm",
        "mv",
        "sig",
        "gis",
        "geo",
        "r",
        "ref",
        "l",
        "lyr",
        "layer",
        "couche",
        "n",
    ]
)
"""First parts of a table's name that say what it is in the database, not about."""
_CAMEL = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_WORD = re.compile(r"[a-z]+|\d+")
_SHORT = 3
"""Letters up to which a word is left as it is (bus, gas)."""
_FOLDED = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})

_WHOLE: Mapping[str, str] = MappingProxyType({"pluie": "pluie", "pluies": "pluie"})
"""Words that would have the stem of another (PLUi)."""

NAME, SENTENCE, COMMENT, FIELD, FIELD_COMMENT = 4.0, 3.0, 1.0, 0.5, 0.25
"""Weights of the places where a word may stand."""
_TOGETHER = 3.0
"""Weight of a set of columns that speaks for a theme together."""
_LATER = 0.5
"""What remains of a word's weight when it is not the first of its place."""
_CEILINGS: Mapping[float, float] = MappingProxyType({FIELD: 1.5, FIELD_COMMENT: 1.0})
"""What columns may weigh at most: many do not say what the table is about."""
_ENOUGH = 2.0
"""Score below which nothing is proposed."""
_NEAR = 0.75
"""Share of the best score that another proposal must reach."""
_MOST = 2
"""Proposals at most."""


@dataclass(frozen=True)
class Words:
    """A word list, ready to be looked up."""

    terms: Mapping[Stems, tuple[tuple[str, str, str], ...]]
    """Stems → code, language and the word as it is written; none for an expression
    whose words mean something else."""
    together: tuple[tuple[str, tuple[Stems, ...]], ...]
    """Code, and columns that speak for it together."""
    longest: int


@dataclass(frozen=True)
class Place:
    """A text in which words are looked for."""

    text: str
    weight: float


@dataclass(frozen=True)
class Scored:
    """What the words say."""

    codes: tuple[str, ...]
    """Best first; empty when nothing says anything."""
    keywords: tuple[tuple[str, str], ...]
    """Language and word of what was found in name and comment for these codes."""


def fold(text: str) -> str:
    """Return a text in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_FOLDED)


def name_parts(name: str) -> list[str]:
    """Return the words of a table's or column's name, its technical prefix left out."""
    spaced = re.sub(r"[\W_]+", " ", _CAMEL.sub(" ", name)).split()
    while len(spaced) > 1 and fold(spaced[0]) in _PREFIXES:
        spaced = spaced[1:]
    return spaced


def stems(text: str) -> list[str]:
    """Return the words of a text without plural, accents, case and articles."""
    words = _WORD.findall(fold(text))
    return [_stem(word) for word in words if word not in _SILENT]


@lru_cache(maxsize=4)
def words(name: str) -> Words:
    """Return the word list ``words/<name>.toml``."""
    text = files("providers").joinpath(f"words/{name}.toml").read_text("utf-8")
    terms: dict[Stems, list[tuple[str, str, str]]] = {}
    together: list[tuple[str, tuple[Stems, ...]]] = []
    for code, entry in tomllib.loads(text).items():
        for language in ("fr", "en"):
            for word in entry[language]:
                terms.setdefault(tuple(stems(word)), []).append((code, language, word))
        together.extend(
            (code, tuple(tuple(stems(column)) for column in columns))
            for columns in entry.get("fields", ())
        )
    for word in _elsewhere():
        terms.setdefault(tuple(stems(word)), [])
    return Words(
        MappingProxyType({key: tuple(value) for key, value in terms.items()}),
        tuple(together),
        max(len(key) for key in terms),
    )


def _elsewhere() -> Iterator[str]:
    """Yield expressions that take their words away and speak for nothing."""
    text = files("providers").joinpath("words/elsewhere.toml").read_text("utf-8")
    for expressions in tomllib.loads(text).values():
        yield from expressions


def score(known: Words, places: Sequence[Place], columns: Iterable[str]) -> Scored:
    """Return the codes that the words of a table speak for.

    Parameters
    ----------
    places
        Texts with the weight that words in them have.
    columns
        Names of the columns, for sets of columns that speak together.
    """
    scores: dict[str, float] = {}
    said: list[tuple[str, str, str]] = []
    for weight in dict.fromkeys(place.weight for place in places):
        texts = [place.text for place in places if place.weight == weight]
        found = _weigh(known, texts, weight)
        for code, points in found.items():
            ceiling = _CEILINGS.get(weight, points)
            scores[code] = scores.get(code, 0.0) + min(points, ceiling)
        if weight >= COMMENT:
            said.extend(entry for text in texts for _, entry in _matches(known, text))
    for code in _together(known, columns):
        scores[code] = scores.get(code, 0.0) + _TOGETHER
    codes = _best(scores)
    keywords = dict.fromkeys(
        (language, word) for code, language, word in said if code in codes
    )
    return Scored(codes, tuple(keywords))


def _best(scores: Mapping[str, float]) -> tuple[str, ...]:
    """Return the codes that reach enough, and are near the best."""
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ranked or ranked[0][1] < _ENOUGH:
        return ()
    bar = max(_ENOUGH, _NEAR * ranked[0][1])
    return tuple(code for code, points in ranked if points >= bar)[:_MOST]


def _weigh(known: Words, texts: Sequence[str], weight: float) -> dict[str, float]:
    """Return the points of each code for texts of one weight; a word counts once."""
    points: dict[tuple[str, Stems], float] = {}
    for text in texts:
        for place, (code, _, word) in _matches(known, text):
            gained = weight if place == 0 else weight * _LATER
            key = (code, tuple(stems(word)))
            points[key] = max(points.get(key, 0.0), gained)
    totals: dict[str, float] = {}
    for (code, _), gained in points.items():
        totals[code] = totals.get(code, 0.0) + gained
    return totals


def _matches(known: Words, text: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield each word found with its place; the longest match takes its words away.

    So "occupation du sol" says nothing about soil, and "transports en commun"
    nothing about communes.
    """
    parts = stems(text)
    place = 0
    while place < len(parts):
        for length in range(min(known.longest, len(parts) - place), 0, -1):
            found = known.terms.get(tuple(parts[place : place + length]))
            if found is not None:
                for entry in found:
                    yield place, entry
                place += length
                break
        else:
            place += 1


def _together(known: Words, columns: Iterable[str]) -> set[str]:
    """Return the codes for which a whole set of columns is there."""
    names = [tuple(stems(" ".join(name_parts(column)))) for column in columns]

    def has(column: Stems) -> bool:
        return any(_contains(name, column) for name in names)

    return {code for code, wanted in known.together if all(map(has, wanted))}


def _contains(name: Stems, wanted: Stems) -> bool:
    return any(
        name[start : start + len(wanted)] == wanted for start in range(len(name))
    )


def _stem(word: str) -> str:
    """Take the plural off, alike for French and English, and whatever is written.

    The result is no word: only equal where the words mean the same
    (communes → commun, boundaries and boundary → boundari, canaux → canal).
    """
    if len(word) <= _SHORT or word.isdigit():
        return word
    if word in _WHOLE:
        return _WHOLE[word]
    if word.endswith("aux") and not word.endswith("eaux"):
        return word[:-3] + "al"
    if word[-1] in "sx" and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") else word
