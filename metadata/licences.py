"""Which licence a person means: from free text, a label, an address or an old id.

The answer is for a message, never for a record: what a description states is changed
by whoever wrote it. The names are data (``codelists/licence_names.toml``); the list of
licences is `metadata.codelists.LICENCES`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote

from metadata.codelists import LICENCES

_LONGEST: Final = 2000
"""Characters that are looked at."""
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"'()\[\]]+", re.IGNORECASE)
_BARE_ADDRESS: Final = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\d+(?:\.\d+)*|[^\W\d_]+")
_VERSION: Final = re.compile(r"\d{1,2}(?:\.\d+)?")
_DASHED: Final = re.compile(r"(?<=\d)[-_](?=\d)")
_ENDING: Final = re.compile(r"\.(html?|json|txt|rdf)$", re.IGNORECASE)

Tokens = tuple[str, ...]


class Verdict(StrEnum):
    """What a text is, seen as a licence."""

    KEY = "key"
    """The key of a licence, as descriptions hold it."""
    NAMED = "named"
    """Another name for one licence."""
    UNVERSIONED = "unversioned"
    """A name that does not say which version."""
    VERSION = "version"
    """A name with a version that is not listed."""
    SEVERAL = "several"
    """The names of several licences."""
    VAGUE = "vague"
    """Words that may mean several, or none."""
    CLOSED = "closed"
    """The name of a licence that is not open."""
    OTHER = "other"
    """The name of a licence for which there is no key."""
    UNKNOWN = "unknown"
    """None of these."""


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """A verdict, and the licences that may be meant."""

    verdict: Verdict
    keys: tuple[str, ...] = ()
    """Keys of `LICENCES`, the likeliest first; empty where nothing is proposed."""


@dataclass(frozen=True, kw_only=True)
class _Family:
    """One licence in all its versions, those listed from the one in force on."""

    name: str
    versions: Mapping[str, str]
    unlisted: frozenset[str]
    instead_of: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Names:
    """The names, each as its tokens, and what they stand for."""

    by_tokens: Mapping[Tokens, tuple[str, str]]
    """Tokens → kind (``families``, ``closed``…) and which of them."""
    families: Mapping[str, _Family]
    vague: tuple[tuple[str, ...], ...]
    exact: Mapping[Tokens, str]
    pages: Mapping[str, str]
    registers: Mapping[str, str]
    longest: int
    """Tokens of the longest name."""


def recognise(text: str) -> Recognition:
    """Tell which licence a text means.

    An address is read as what stands in it; text around names does not matter, unless
    it names another licence or takes a freedom away.
    """
    if text in LICENCES:
        return Recognition(verdict=Verdict.KEY, keys=(text,))
    names, short = _names(), text[:_LONGEST]
    if key := names.exact.get(_tokens(short)):
        return Recognition(verdict=Verdict.NAMED, keys=(key,))
    addresses = _ADDRESS.findall(short) or _BARE_ADDRESS.findall(short)
    rest = _BARE_ADDRESS.sub(" ", _ADDRESS.sub(" ", short))
    pages = {page for address in addresses if (page := _page(address))}
    read = [_tokens(_in_register(address)) for address in addresses]
    return _judged(pages, [_tokens(rest), *read])


def _judged(pages: set[str], texts: Iterable[Tokens]) -> Recognition:
    """Judge what several texts and pages name together."""
    found: dict[tuple[str, str], None] = {}
    numbers: set[str] = set()
    for tokens in texts:
        named, left = _named(tokens)
        found.update(dict.fromkeys(named))
        numbers.update(n for n in left if _VERSION.fullmatch(n))
    kinds: dict[str, list[str]] = {}
    for kind, which in found:
        kinds.setdefault(kind, []).append(which)
    if "closed" in kinds:
        return Recognition(verdict=Verdict.CLOSED)
    families = _without_parts(kinds.get("families", []))
    if families or pages:
        return _of_families(families, numbers, pages)
    if "other" in kinds:
        return Recognition(verdict=Verdict.OTHER)
    if "vague" in kinds:
        proposed = _names().vague[int(kinds["vague"][0])]
        return Recognition(verdict=Verdict.VAGUE, keys=proposed)
    return Recognition(verdict=Verdict.UNKNOWN)


def _without_parts(found: Iterable[str]) -> tuple[_Family, ...]:
    """Return the families but for those that were only a part of another's name."""
    families = [_names().families[name] for name in found]
    parts = {part for family in families for part in family.instead_of}
    return tuple(family for family in families if family.name not in parts)


def _of_families(
    families: Sequence[_Family], numbers: set[str], pages: set[str]
) -> Recognition:
    """Judge the names and pages of licences of the list."""
    meant = set(pages)
    for family in families:
        if not pages.intersection(family.versions.values()):
            meant.add(next(iter(family.versions.values())))
    if len(meant) > 1:
        keys = tuple(key for key in LICENCES if key in meant)
        return Recognition(verdict=Verdict.SEVERAL, keys=keys)
    if pages:
        return Recognition(verdict=Verdict.NAMED, keys=tuple(pages))
    return _of_one_family(families[0], numbers)


def _of_one_family(family: _Family, numbers: set[str]) -> Recognition:
    """Judge the name of one licence by the version that is said."""
    listed = tuple(family.versions.values())
    said = tuple(key for number, key in family.versions.items() if number in numbers)
    if len(said) == 1 and not numbers & family.unlisted:
        return Recognition(verdict=Verdict.NAMED, keys=said)
    if len(said) > 1:
        return Recognition(verdict=Verdict.SEVERAL, keys=said)
    if numbers:
        return Recognition(verdict=Verdict.VERSION, keys=listed)
    only_one = len(listed) == 1 and not family.unlisted
    verdict = Verdict.NAMED if only_one else Verdict.UNVERSIONED
    return Recognition(verdict=verdict, keys=listed)


def _named(tokens: Tokens) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what the longest names in a text stand for, and the words around."""
    names = _names()
    found: list[tuple[str, str]] = []
    left: list[str] = []
    start = 0
    while start < len(tokens):
        for length in range(min(names.longest, len(tokens) - start), 0, -1):
            what = names.by_tokens.get(tokens[start : start + length])
            if what:
                found.append(what)
                start += length
                break
        else:
            left.append(tokens[start])
            start += 1
    return found, left


def _page(address: str) -> str:
    """Return the key of the licence that an address is a page of; may be empty."""
    bare = _bare(address)
    names = _names()
    best = max((p for p in names.pages if _is_below(bare, p)), key=len, default="")
    return names.pages.get(best, "")


def _in_register(address: str) -> str:
    """Return the name that an address ends with, in a register that we know."""
    bare = _bare(address)
    for register, prefix in _names().registers.items():
        if _is_below(bare, register):
            return f"{prefix} {_ENDING.sub('', bare.removeprefix(register))}"
    return ""


def _is_below(address: str, start: str) -> bool:
    return address == start or address.startswith((f"{start}/", f"{start}#"))


def _bare(address: str) -> str:
    """Return an address without scheme, ``www.``, query and what ends a sentence."""
    found = re.sub(r"^https?://", "", unquote(address).casefold())
    return found.removeprefix("www.").partition("?")[0].rstrip("/.,;:")


def _tokens(text: str) -> Tokens:
    """Return the words and numbers of a text that count, in one spelling."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    noise, spellings = _words()
    found = _TOKEN.findall(_DASHED.sub(".", plain.casefold()))
    spelt = (part for word in found for part in spellings.get(word, word).split())
    return tuple(_number(word) for word in spelt if word not in noise)


def _number(word: str) -> str:
    """Return a version without its final zeros: ``2.0`` is ``2``."""
    return re.sub(r"(\.0)+$", "", word) if word[0].isdigit() else word


@cache
def _data() -> Mapping[str, Any]:
    path = files("metadata").joinpath("codelists", "licence_names.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _words() -> tuple[frozenset[str], Mapping[str, str]]:
    return frozenset(_data()["noise"]), _data()["spellings"]


@cache
def _names() -> _Names:
    data = _data()
    by_tokens = {_tokens(name): what for name, what in _every_name(data)}
    by_tokens.pop((), None)
    exact = {_tokens(name): key for name, key in _ids(data)}
    return _Names(
        by_tokens=by_tokens,
        families={
            name: _Family(
                name=name,
                versions=row["versions"],
                unlisted=frozenset(row.get("unlisted", ())),
                instead_of=frozenset(row.get("instead_of", ())),
            )
            for name, row in data["families"].items()
        },
        vague=tuple(tuple(row["proposes"]) for row in data["vague"]),
        exact=exact,
        pages={**data["pages"], **{_bare(v.uri): k for k, v in LICENCES.items()}},
        registers=data["registers"],
        longest=max(map(len, by_tokens)),
    )


def _every_name(data: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each name and what it stands for, families last so that they win."""
    for number, row in enumerate(data["vague"]):
        yield from ((name, ("vague", str(number))) for name in row["names"])
    for kind in ("other", "closed"):
        yield from ((name, (kind, "")) for name in data[kind]["names"])
    for family, row in data["families"].items():
        yield from ((name, ("families", family)) for name in row["names"])


def _ids(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what stands for one licence of the list as a whole."""
    for key, licence in LICENCES.items():
        yield from ((name, key) for name in (key, licence.spdx) if name)
    yield from data["ids"].items()
