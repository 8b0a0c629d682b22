"""Codes of closed lists: themes, topics, licence, access, language, frequency."""

from __future__ import annotations

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
    LICENCES,
    SPATIAL_SCOPES,
    THEMES,
    TOPICS,
    CodedValue,
)
from metadata.finding import Text
from metadata.stated import Access, Frequency

_UNKNOWN_CONDITIONS: Final = "conditions-unknown"
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


def licence_known(judged: Judged) -> Iterator[Flaw]:
    """Check that a licence is one that catalogues recognise."""
    yield from _known("licence", [judged.stated.licence], LICENCES)


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
        nearest = _nearest(said, LANGUAGES)
        yield flaw("unknown", "language", found=said, nearest=nearest)


def organisation_codes_known(judged: Judged) -> Iterator[Flaw]:
    """Check that what holds for all datasets is in the lists."""
    stated = judged.organisation
    yield from _known("organisation.themes", stated.themes, THEMES)
    yield from _known("organisation.topics", stated.topics, TOPICS)
    yield from _known("organisation.licence", [stated.licence], LICENCES)
    yield from _known("organisation.language", [stated.language], LANGUAGES)


def _known(
    element: str, codes: Iterable[str], among: Mapping[str, CodedValue]
) -> Iterator[Flaw]:
    for code in codes:
        if code and code not in among:
            nearest = _nearest(code, among)
            yield flaw("unknown", element, found=code, nearest=nearest)


def _nearest(said: str, among: Mapping[str, CodedValue]) -> Text:
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


def licence_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset has a licence, its own or the default one."""
    usual, maker = judged.organisation.licence, judged.organisation.name
    producer = judged.stated.producer or judged.offered.producer
    if judged.dataset.licence or (usual and producer == maker):
        return
    if not usual:
        yield flaw("missing", "licence")
    elif not producer:
        yield flaw("no_producer", "licence", licence=usual, organisation=maker)
    else:
        yield flaw(
            "not_applied",
            "licence",
            licence=usual,
            organisation=maker,
            producer=producer,
        )


def open_data_licensed(judged: Judged) -> Iterator[Flaw]:
    """Check that open data have a licence, and not only the lack of one."""
    is_open = judged.stated.access is Access.OPEN
    if is_open and judged.dataset.licence == _UNKNOWN_CONDITIONS:
        yield flaw("none", "licence", found=_UNKNOWN_CONDITIONS)


def restricted_data_not_licensed(judged: Judged) -> Iterator[Flaw]:
    """Tell when an open licence is stated for data that are not open."""
    licence = judged.dataset.licence
    is_restricted = judged.stated.access is Access.RESTRICTED
    if is_restricted and licence in LICENCES and licence != _UNKNOWN_CONDITIONS:
        case = "stated" if judged.stated.licence else "default"
        yield flaw(case, "licence", found=licence)


def hvd_licence_open(judged: Judged) -> Iterator[Flaw]:
    """Check that high-value data are open: CC BY 4.0, CC0, or a licence no stricter."""
    licence = judged.dataset.licence
    allowed = judged.rules.lists["hvd_licences"]
    if judged.stated.hvd and licence in LICENCES and licence not in allowed:
        names = ", ".join(sorted(allowed))
        yield flaw("closed", "licence", found=licence, allowed=names)


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
        "dataset.licence.missing": licence_stated,
        "dataset.licence.unknown": licence_known,
        "dataset.hvd.unknown": hvd_known,
        "dataset.licence.none": open_data_licensed,
        "dataset.licence.restricted": restricted_data_not_licensed,
        "dataset.hvd.licence": hvd_licence_open,
        "dataset.spatial-scope.unknown": spatial_scope_known,
        "dataset.access-limitation.unknown": access_limitation_known,
        "dataset.access-limitation.missing": restriction_justified,
        "dataset.language.unknown": language_known,
        "dataset.frequency.unknown": frequency_stated,
        "organisation.codes.unknown": organisation_codes_known,
    }
)
