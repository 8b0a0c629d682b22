"""Keywords and the vocabularies they come from (C.15, C.16, ds 1.4, sds 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    HREF,
    Evidence,
    Path,
    Requirement,
    content,
    place,
    text,
    value,
)
from metadata.checks.rules import Flaw, flaw
from metadata.codelists import THEMES

_BLOCK: Final = Path("gmd:descriptiveKeywords/gmd:MD_Keywords")
_THESAURUS: Final = Path("gmd:descriptiveKeywords/gmd:MD_Keywords/gmd:thesaurusName")
_TITLE: Final = Path("gmd:CI_Citation/gmd:title")
_DATE: Final = Path("gmd:CI_Citation/gmd:date/gmd:CI_Date/gmd:date")
_DATE_TYPE: Final = Path(
    "gmd:CI_Citation/gmd:date/gmd:CI_Date/gmd:dateType/gmd:CI_DateTypeCode"
)
_BLOCK_TITLE: Final = Path("gmd:thesaurusName/gmd:CI_Citation/gmd:title/*")
_WORD: Final = Path("gmd:keyword/*")
_KEYWORD: Final = Path("gmd:descriptiveKeywords/gmd:MD_Keywords/gmd:keyword")
_ANCHOR: Final = Path("gmx:Anchor")
THEMES_TITLE: Final = "GEMET - INSPIRE themes, version 1.0"
"""Title of the vocabulary of themes, to the letter."""
_CATEGORY: Final = "inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceCategory/"


def cited_vocabulary(record: Evidence) -> Iterator[Flaw]:
    """Check C.15: each thesaurus is cited with title, date and type of date."""
    for thesaurus in record.identified(_THESAURUS):
        types = [value(kind) for kind in _DATE_TYPE.all(thesaurus)]
        if not any(text(title) for title in _TITLE.all(thesaurus)):
            yield flaw("title", place(thesaurus))
        elif not _DATE.all(thesaurus):
            yield flaw("date", place(thesaurus), thesaurus=content(thesaurus))
        elif not types or not all(record.accepts("date_types", kind) for kind in types):
            yield flaw("date_type", place(thesaurus), found=", ".join(types))


def one_block_per_vocabulary(record: Evidence) -> Iterator[Flaw]:
    """Check C.16: the keywords of one vocabulary stand in one block."""
    seen: set[str] = set()
    for thesaurus in record.identified(_THESAURUS):
        for title in _TITLE.all(thesaurus):
            said = content(title)
            if said in seen:
                yield flaw("repeated", place(thesaurus), found=said)
            seen.add(said)


def theme_keyword(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.4: at least one INSPIRE theme, in a block that cites GEMET."""
    blocks = [
        block
        for block in record.identified_first(_BLOCK)
        if any(_own_text(title) == THEMES_TITLE for title in _BLOCK_TITLE.all(block))
    ]
    if not blocks:
        yield flaw("absent", record.expected(_BLOCK))
    for block in blocks:
        words = [_own_text(word) for word in _WORD.all(block)]
        if not _themes().intersection(words):
            yield flaw("unknown", place(block), found=", ".join(words))


@lru_cache(maxsize=1)
def _themes() -> frozenset[str]:
    """Return every text by which a theme is recognised."""
    entries = THEMES.values()
    return frozenset({t for e in entries for t in (e.code, e.fr, e.en)})


def _own_text(element: etree._Element) -> str:
    return (element.text or "").strip()


def service_category(record: Evidence) -> Iterator[Flaw]:
    """Check sds 3.4: a keyword of the classification of spatial data services."""
    keywords = record.identified_first(_KEYWORD)
    found = False
    for keyword in keywords:
        for anchor in _ANCHOR.all(keyword):
            address = value(anchor, HREF)
            scheme, _, code = address.partition("://" + _CATEGORY)
            if not code:
                continue
            if scheme != "http" or not record.accepts("service_categories", code):
                yield flaw("anchor", place(anchor), found=address)
            found = True
        found = found or record.accepts("service_categories", text(keyword))
    if not found:
        yield flaw("absent", record.expected(_KEYWORD))


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.common.C.15": cited_vocabulary,
        "inspire.common.C.16": one_block_per_vocabulary,
        "inspire.ds.1.4": theme_keyword,
        "inspire.sds.3.4": service_category,
    }
)
