"""Finds datasets that look like one dataset described twice.

One pass over all of them, by hashed keys: n datasets take n log n. A series is no
duplicate: editions of several years, and the same sheet of several places, differ in
the numbers of their titles, in their periods or in their extents.

Of two datasets the strongest likeness is told, once, at the one that comes later.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeVar

from metadata.checks.rules import HOUSE_RULES, Flaw, RuleSet, flaw, rule_set
from metadata.dataset import Collection, Dataset
from metadata.finding import Finding
from metadata.measured import Bounds, Extent

_FEW: Final = 3
"""Tables of equal measures; more of them are a series that shares its places."""
_SHORT: Final = 3
"""Letters of a table's name that tell what it is; ``t1`` and ``t2`` tell nothing."""
_WORD: Final = re.compile(r"\d+|[^\W\d_]+")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_T = TypeVar("_T")
_COMPARED: Final = 8
"""Members of a group that each other one is compared with at most."""


@dataclass(frozen=True)
class Seen:
    """One dataset, and what of it is compared."""

    dataset: Dataset
    rules: RuleSet

    @property
    def id(self) -> str:
        """Short name."""
        return self.dataset.id

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words and numbers of the title."""
        return _words(self.dataset.description.title)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the title: of the year, of the sheet."""
        return tuple(word for word in self.words if word.isdigit())

    @cached_property
    def meaning(self) -> tuple[str, ...]:
        """Words that tell something, each in the singular, in one order."""
        noise = self.rules.lists["title_noise"]
        kept = (word for word in self.words if word not in noise)
        return tuple(sorted(map(_singular, kept)))

    @cached_property
    def geometries(self) -> tuple[str, ...]:
        """Geometry types served."""
        found = (collection.geometry for collection in self.dataset.collections)
        return tuple(sorted(column.type for column in found if column))

    @cached_property
    def extent(self) -> Extent | None:
        """Where the data are."""
        return self.dataset.extent


Table = tuple[Seen, Collection]
Pairs = Iterator[tuple[Seen, Seen, Flaw]]
"""A dataset, one that comes before it, and what both have in common."""
Judge = Callable[[Sequence[Seen]], Pairs]


def check_duplicates(datasets: Iterable[Dataset]) -> Iterator[Finding]:
    """Yield a finding for each dataset that looks like another one.

    The datasets are compared as they are, drafts and restricted ones too.
    """
    rules = rule_set(HOUSE_RULES)
    seen = [Seen(dataset, rules) for dataset in sorted(datasets, key=lambda d: d.id)]
    told: set[tuple[str, str]] = set()
    for code, judge in REQUIREMENTS.items():
        for one, other, found in judge(seen):
            pair = (one.id, other.id)
            if pair not in told:
                told.add(pair)
                yield rules.rules[code].finding(found, subject=one.id)


def same_table(seen: Sequence[Seen]) -> Pairs:
    """Tell when a table is in two datasets."""
    by_table: dict[Hashable, Seen] = {}
    for each in seen:
        for collection in each.dataset.collections:
            source = collection.survey.source
            other = by_table.setdefault(source, each)
            if other is not each:
                element = f"collections.{collection.id}.source"
                yield _pair(each, other, "same", element, found=str(source))


def same_identifier(seen: Sequence[Seen]) -> Pairs:
    """Tell when two identifiers differ in spelling only.

    Equal ones are told of the records, see `metadata.checks.sets`.
    """
    for group in _groups(seen, lambda each: _spelt(each.dataset)):
        for one, other in _paired(group, _otherwise_spelt):
            found = one.dataset.description.identifier
            yield _pair(one, other, "spelling", "identifier", found=found)


def same_measures(seen: Sequence[Seen]) -> Pairs:
    """Tell when two tables have the same rows, as far as was measured.

    Their names say so, or so many columns that no two tables share them by chance.
    """
    groups: dict[tuple[Hashable, ...], list[Table]] = {}
    for each in seen:
        for collection in each.dataset.collections:
            if _is_telling(collection, each.rules):
                for key in _measured_keys(each, collection):
                    groups.setdefault(key, []).append((each, collection))
    for key, group in groups.items():
        if key[0] == "" and len(group) > _FEW:
            continue
        for (one, mine), (other, theirs) in _paired(group, _same_edition):
            yield _pair(
                one,
                other,
                "same",
                f"collections.{mine.id}.source",
                table=str(mine.survey.source),
                found=str(theirs.survey.source),
                count=str(mine.survey.feature_count),
            )


def same_title(seen: Sequence[Seen]) -> Pairs:
    """Tell when two titles are the same but for case, accents and punctuation."""
    for group in _groups(seen, lambda each: each.words):
        for one, other in _paired(group, lambda *_: True):
            title = one.dataset.description.title
            yield _pair(one, other, "same", "title", found=title)


def same_abstract(seen: Sequence[Seen]) -> Pairs:
    """Tell when two datasets of one place say the same of themselves."""

    def key(each: Seen) -> tuple[object, ...]:
        least = each.rules.limits["abstract_characters"]
        said = each.dataset.abstract
        return (_words(said), each.numbers) if len(said) >= least else ()

    for group in _groups(seen, key):
        for one, other in _paired(sorted(group, key=_place), _at_one_place):
            yield _pair(one, other, "same", "abstract")


def near_title(seen: Sequence[Seen]) -> Pairs:
    """Tell when titles of data of one kind and place differ in next to nothing.

    In the order of words, in plurals, or in one letter of one long word.
    """
    spatial = sorted((each for each in seen if each.extent), key=_place)
    groups: dict[Hashable, list[Seen]] = {}
    for each in spatial:
        for key in _spellings(each):
            groups.setdefault((each.geometries, key), []).append(each)
    for group in groups.values():
        for one, other in _paired(group, _near):
            mine = one.dataset.description.title
            theirs = other.dataset.description.title
            yield _pair(one, other, "near", "title", found=mine, title=theirs)


def _pair(
    one: Seen, other: Seen, case: str, element: str, **values: str
) -> tuple[Seen, Seen, Flaw]:
    """Put a pair in the order of their ids, which is that of telling."""
    later, earlier = (one, other) if one.id > other.id else (other, one)
    return later, earlier, flaw(case, element, other=earlier.id, **values)


def _groups(
    seen: Iterable[Seen], key: Callable[[Seen], str | tuple[object, ...]]
) -> Iterator[list[Seen]]:
    """Yield the datasets of each key that is not empty."""
    groups: dict[Hashable, list[Seen]] = {}
    for each in seen:
        found = key(each)
        if found:
            groups.setdefault(found, []).append(each)
    yield from (group for group in groups.values() if len(group) > 1)


def _paired(
    group: Iterable[_T], agree: Callable[[_T, _T], bool]
) -> Iterator[tuple[_T, _T]]:
    """Yield each member with one before it that it agrees with, if there is any.

    Each is compared with the last few that agreed with none.
    """
    firsts: list[_T] = []
    for each in group:
        other = next((first for first in firsts if agree(each, first)), None)
        if other is None:
            firsts = [*firsts[1 - _COMPARED :], each]
        else:
            yield each, other


def _spelt(dataset: Dataset) -> str:
    """Return an identifier without what readers of addresses overlook."""
    said = dataset.description.identifier.casefold()
    return re.sub(r"^https?://(www\.)?", "", said).rstrip("/")


def _otherwise_spelt(one: Seen, other: Seen) -> bool:
    mine = one.dataset.description.identifier
    return mine != other.dataset.description.identifier


def _is_telling(collection: Collection, rules: RuleSet) -> bool:
    """Tell whether equal measures are more than chance."""
    survey, limits = collection.survey, rules.limits
    spatial = survey.geometry is not None
    least = limits["duplicate_rows" if spatial else "duplicate_plain_rows"]
    if spatial:
        enough = _bounds(collection) is not None
    else:
        enough = len(survey.fields) >= limits["duplicate_plain_fields"]
    return enough and (survey.feature_count or 0) >= least


def _measures(collection: Collection) -> Hashable:
    survey = collection.survey
    return (
        survey.feature_count,
        tuple((g.type, g.srid) for g in survey.geometries),
        _bounds(collection),
        tuple(sorted((f.name.casefold(), f.type) for f in survey.fields)),
        survey.periods,
    )


def _bounds(collection: Collection) -> Bounds | Extent | None:
    return collection.survey.native_extent or collection.survey.extent


def _measured_keys(
    seen: Seen, collection: Collection
) -> Iterator[tuple[Hashable, ...]]:
    """Yield keys that tables of the same rows have in common.

    With the name and the year, with the name alone since a copy may have lost its
    year, and without either where there are many columns.
    """
    measures, name = _measures(collection), _name(seen, collection)
    if sum(map(len, name)) >= _SHORT:
        yield name, measures, _years(seen, collection)
        yield name, measures
    if len(collection.survey.fields) >= seen.rules.limits["duplicate_columns"]:
        yield "", measures


def _name(seen: Seen, collection: Collection) -> frozenset[str]:
    """Return the words of a table's name but those of a copy, and its numbers."""
    words = _words(collection.survey.source.table)
    noise = seen.rules.lists["copy_words"]
    return frozenset(w for w in words if w not in noise and not w.isdigit())


def _same_edition(one: Table, other: Table) -> bool:
    """Tell whether no year tells two tables of two datasets apart."""
    mine, theirs = _years(*one), _years(*other)
    return one[0] is not other[0] and (not mine or not theirs or mine == theirs)


def _years(seen: Seen, collection: Collection) -> frozenset[str]:
    source = collection.survey.source
    said = (seen.dataset.description.title, source.table, source.container)
    return frozenset(_YEAR.findall(" ".join(said)))


def _place(seen: Seen) -> tuple[float, ...]:
    """Order by extent, so that what lies at one place is together."""
    box = seen.extent
    return (box.west, box.south, box.east, box.north) if box else ()


def _at_one_place(one: Seen, other: Seen) -> bool:
    """Tell whether two extents are the same, but for a share of their size."""
    mine, theirs = one.extent, other.extent
    if mine is None or theirs is None:
        return mine is theirs
    share = one.rules.limits["duplicate_extent_share"]
    width = max(mine.east - mine.west, theirs.east - theirs.west)
    height = max(mine.north - mine.south, theirs.north - theirs.south)
    return (
        max(abs(mine.west - theirs.west), abs(mine.east - theirs.east)) <= share * width
        and max(abs(mine.south - theirs.south), abs(mine.north - theirs.north))
        <= share * height
    )


def _near(one: Seen, other: Seen) -> bool:
    return one.words != other.words and _at_one_place(one, other)


def _spellings(seen: Seen) -> Iterator[Hashable]:
    """Yield keys of which titles that are nearly equal have one in common.

    One letter more, less or other in a long word: both have the word without it.
    """
    words = seen.meaning
    if not words:
        return
    yield words
    least = int(seen.rules.limits["duplicate_letters"])
    for place, word in enumerate(words):
        if len(word) < least or word.isdigit():
            continue
        rest = (*words[:place], *words[place + 1 :])
        yield rest, word
        for letter in range(len(word)):
            yield rest, word[:letter] + word[letter + 1 :]


def _words(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a text, without accents and case."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return tuple(_WORD.findall(plain))


def _singular(word: str) -> str:
    """Return a word without the usual ending of a French or an English plural."""
    return word if len(word) <= 3 else re.sub(r"[sx]$", "", word)  # noqa: PLR2004


REQUIREMENTS: Final[Mapping[str, Judge]] = MappingProxyType(
    {
        "duplicates.table": same_table,
        "duplicates.identifier": same_identifier,
        "duplicates.measured": same_measures,
        "duplicates.title": same_title,
        "duplicates.abstract": same_abstract,
        "duplicates.title-near": near_title,
    }
)
"""Code of the likeness → the function that finds it, the strongest first."""
