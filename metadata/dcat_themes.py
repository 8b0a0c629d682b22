"""Keywords and themes.

Words that stand for nothing else are keywords. Whatever has an address in a
vocabulary is a theme with its label: the INSPIRE themes, the EU's data themes, and
the high-value categories, which data.gouv.fr looks for among the themes only.

References
----------
DCAT-AP 3.0.1, keyword and theme; GeoDCAT-AP 3.0.0, keyword.
"""

from __future__ import annotations

from collections.abc import Iterator

from metadata.codelists import CodedValue
from metadata.content import DataIdentification, Label, RecordContent
from metadata.dcat_rights import hvd_categories
from metadata.dcat_terms import (
    DATA_THEMES,
    HVD_SCHEME,
    INSPIRE_THEMES,
    data_themes,
    scopes_named,
    themes_named,
)
from metadata.language_tags import language_tag
from metadata.rdf import Iri, Statement, node, text


def keyword_statements(content: RecordContent) -> Iterator[Statement]:
    """Yield the free keywords, each once, in the language of the record."""
    language = language_tag(content.language)
    words = (
        label.text
        for block in content.identification.keywords
        if block.thesaurus is None
        for label in block.keywords
        if not label.href
    )
    for word in dict.fromkeys(words):
        statement = text("dcat:keyword", word, language)
        if statement is not None:
            yield statement


def theme_statements(content: RecordContent) -> Iterator[Statement]:
    """Yield the themes, and the spatial scope as a subject."""
    addresses = tuple(label.href for label in _labels(content))
    inspire = themes_named(addresses)
    for theme in inspire:
        yield _concept("dcat:theme", theme, INSPIRE_THEMES)
    for theme in data_themes(inspire, _topics(content)):
        yield _concept("dcat:theme", theme, DATA_THEMES)
    for category in hvd_categories(content):
        yield _concept("dcat:theme", category, HVD_SCHEME)
    for scope in scopes_named(addresses):
        yield _concept("dct:subject", scope, "")


def _labels(content: RecordContent) -> Iterator[Label]:
    for block in content.identification.keywords:
        yield from block.keywords


def _topics(content: RecordContent) -> tuple[str, ...]:
    found = content.identification
    return found.topics if isinstance(found, DataIdentification) else ()


def _concept(name: str, value: CodedValue, scheme: str) -> Statement:
    return (
        name,
        node(
            "skos:Concept",
            [
                text("skos:prefLabel", value.fr, "fr"),
                text("skos:prefLabel", value.en, "en"),
                ("skos:inScheme", Iri(scheme)) if scheme else None,
            ],
            value.uri,
        ),
    )
