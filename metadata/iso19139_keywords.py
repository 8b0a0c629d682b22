"""The keywords of a record: one block per vocabulary, and the free ones last.

What the INSPIRE validator demands and what data.gouv.fr understands differ, so
two things are said twice. A theme is both a text (data.gouv.fr reads the label)
and an Anchor, in the one block that its vocabulary may have. A high-value
category is an Anchor under its thesaurus, as the EU asks, and again among the
free keywords, as an Anchor and as words, where data.gouv.fr looks.

References
----------
INSPIRE Metadata TG 2.0, requirements C.15 and C.16, 1.4; Regulation (EU)
2023/138.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metadata.codelists import HVD_CATEGORIES, SPATIAL_SCOPES, THEMES, CodedValue
from metadata.content import Citation, KeywordBlock, Label, plain
from metadata.dataset import Dataset
from metadata.finding import Language
from metadata.iso19139_terms import (
    FEATURE_ACCESS,
    HVD_THESAURUS,
    HVD_WORD,
    SERVICE_THESAURUS,
    SPATIAL_SCOPE_THESAURUS,
    THEMES_THESAURUS,
    hvd_legislation,
)


def dataset_keywords(dataset: Dataset, language: Language) -> tuple[KeywordBlock, ...]:
    """Return the keyword blocks of a dataset's record; none of them is empty.

    Codes that are in no list are left out: a check reports them.
    """
    stated = dataset.description
    themes = _known(dataset.themes, THEMES)
    scopes = _known((stated.spatial_scope,), SPATIAL_SCOPES)
    categories = _known(stated.hvd, HVD_CATEGORIES)
    return _without_empty(
        _block(_twice(themes, language), THEMES_THESAURUS),
        _block(_anchors(categories, language), HVD_THESAURUS),
        _block(_anchors(scopes, language), SPATIAL_SCOPE_THESAURUS),
        _block(_free(stated.keywords, categories, language)),
    )


def service_keywords(dataset: Dataset, language: Language) -> tuple[KeywordBlock, ...]:
    """Return the keyword blocks of the download service's record.

    They are those of its data, and the category of the service (sds 3.4).
    """
    category = _block((FEATURE_ACCESS,), SERVICE_THESAURUS)
    return (category, *dataset_keywords(dataset, language))


def _known(
    codes: Iterable[str], values: Mapping[str, CodedValue]
) -> tuple[CodedValue, ...]:
    return tuple(values[code] for code in dict.fromkeys(codes) if code in values)


def _anchors(values: Iterable[CodedValue], language: Language) -> tuple[Label, ...]:
    return tuple(Label(value.label_in(language), value.uri) for value in values)


def _twice(values: Iterable[CodedValue], language: Language) -> tuple[Label, ...]:
    anchors = _anchors(values, language)
    return (*(Label(anchor.text) for anchor in anchors), *anchors)


def _free(
    words: Iterable[str], categories: tuple[CodedValue, ...], language: Language
) -> tuple[Label, ...]:
    stated = [Label(text) for text in map(plain, words) if text]
    if not categories:
        return _distinct(stated)
    anchors = _anchors(categories, language)
    said = [HVD_WORD, *(Label(category.fr) for category in categories)]
    return _distinct([*stated, *said, *anchors, hvd_legislation(language)])


def _distinct(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Leave out what was said before, whatever its case."""
    found = {
        (label.text.casefold(), label.href): label for label in reversed([*labels])
    }
    return tuple(reversed(found.values()))


def _block(
    keywords: tuple[Label, ...], thesaurus: Citation | None = None
) -> KeywordBlock:
    return KeywordBlock(keywords=keywords, thesaurus=thesaurus)


def _without_empty(*blocks: KeywordBlock) -> tuple[KeywordBlock, ...]:
    return tuple(block for block in blocks if block.keywords)
