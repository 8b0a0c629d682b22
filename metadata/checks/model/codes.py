"""Codes of closed lists: themes, topics, access, language, frequency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import INSPIRE_RULES, Flaw, flaw, rule_set
from metadata.codelists import (
    ACCESS_LIMITATIONS,
    HVD_CATEGORIES,
    LANGUAGES,
    SPATIAL_SCOPES,
    THEMES,
    TOPICS,
    CodedValue,
)
from metadata.finding import Text
from metadata.stated import Access, Frequency

_ZONE: Final = re.compile("[a-z][a-z-]*(:[a-z-]+)*:[0-9A-Za-z-]+")
"""Level, and code in it: ``fr:departement:93``, ``country:fr``."""
_NEAR: Final = 3
"""How many valid codes a remedy proposes."""


def themes_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset belongs to at least one INSPIRE theme."""
    if not judged.dataset.themes and not judged.offered.themes:
        yield flaw("missing", "themes")


def topics_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset belongs to at least one topic of ISO 19115."""
    if not judged.dataset.topics and not judged.offered.topics:
        yield flaw("missing", "topics")


def themes_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a theme is one of the 34."""
    yield from _known("themes", judged.stated.themes, THEMES)


def topics_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a topic is one of the 19."""
    yield from _known("topics", judged.stated.topics, TOPICS)


def zones_spelled(judged: Judged) -> Iterator[Flaw]:
    """Check that a territory is spelled as data.gouv.fr spells them."""
    for zone in judged.dataset.zones:
        if not _ZONE.fullmatch(zone):
            yield flaw("invalid", "zones", found=zone)


def hvd_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a high-value category is one of Regulation (EU) 2023/138."""
    yield from _known("hvd", judged.stated.hvd, HVD_CATEGORIES)


def spatial_scope_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a spatial scope is one of the INSPIRE list."""
    yield from _known("spatial_scope", [judged.stated.spatial_scope], SPATIAL_SCOPES)


def access_limitation_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a limitation is a letter of Article 13."""
    letters = [judged.stated.access_limitation]
    yield from _known("access_limitation", letters, ACCESS_LIMITATIONS)


def language_known(judged: Judged) -> Iterator[Flaw]:
    """Check that the language of the data is a code of ISO 639-2/B."""
    said = judged.stated.language
    if said not in rule_set(INSPIRE_RULES).lists["languages"]:
        near = nearest(said, LANGUAGES)
        yield flaw("unknown", "language", found=said, nearest=near)


def organisation_codes_known(judged: Judged) -> Iterator[Flaw]:
    """Check that what holds for all datasets is in the lists."""
    stated = judged.organisation
    yield from _known("organisation.themes", stated.themes, THEMES)
    yield from _known("organisation.topics", stated.topics, TOPICS)
    yield from _known("organisation.language", [stated.language], LANGUAGES)


def _known(
    element: str, codes: Iterable[str], among: Mapping[str, CodedValue]
) -> Iterator[Flaw]:
    for code in codes:
        if code and code not in among:
            near = nearest(code, among)
            yield flaw("unknown", element, found=code, nearest=near)


def nearest(said: str, among: Mapping[str, CodedValue]) -> Text:
    """Return the valid codes that look most like what was written, else all."""
    names = {
        name.casefold(): code
        for code, entry in among.items()
        for name in (entry.en, entry.fr, code)
    }
    close = get_close_matches(said.casefold(), names, n=_NEAR, cutoff=0.5)
    codes = dict.fromkeys(names[name] for name in close)
    if not codes:
        every = ", ".join(among)
        return Text(fr=every, en=every)
    return Text(
        fr=", ".join(f"{code} ({among[code].fr})" for code in codes),
        en=", ".join(f"{code} ({among[code].en})" for code in codes),
    )


def restriction_justified(judged: Judged) -> Iterator[Flaw]:
    """Check that restricted data say which letter of Article 13 restricts them."""
    letter = judged.stated.access_limitation
    if judged.stated.access is Access.RESTRICTED and letter in {"", "none"}:
        yield flaw("missing", "access_limitation")


def frequency_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset says how often it is brought up to date."""
    usual = judged.organisation.frequency or Frequency.UNKNOWN
    if {judged.stated.frequency, usual} == {Frequency.UNKNOWN}:
        yield flaw("unknown", "frequency")


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.themes.missing": themes_stated,
        "dataset.topics.missing": topics_stated,
        "dataset.themes.unknown": themes_known,
        "dataset.topics.unknown": topics_known,
        "dataset.zone.invalid": zones_spelled,
        "dataset.hvd.unknown": hvd_known,
        "dataset.spatial-scope.unknown": spatial_scope_known,
        "dataset.access-limitation.unknown": access_limitation_known,
        "dataset.access-limitation.missing": restriction_justified,
        "dataset.language.unknown": language_known,
        "dataset.frequency.unknown": frequency_stated,
        "organisation.codes.unknown": organisation_codes_known,
    }
)
