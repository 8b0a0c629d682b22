"""Who may have the data and under which conditions; and what the law asks of them.

data.gouv.fr takes the label of a licence before its address and knows no address of
SPDX, so that the label is the title that it knows. The EU's access rights are nothing
to it, so that the INSPIRE limitation on public access stands among the rights.

References
----------
DCAT-AP 3.0.1, accessRights, license, rights; DCAT-AP HVD 3.0.0; GeoDCAT-AP 3.0.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from metadata.codelists import ACCESS_LIMITATIONS, CodedValue, Licence
from metadata.content import Label, RecordContent
from metadata.dcat_terms import (
    ACCESS_RIGHT,
    HVD_LEGISLATION,
    categories_named,
    licence_named,
)
from metadata.language_tags import language_tag
from metadata.rdf import Iri, Statement, node, text

_OPEN = ACCESS_LIMITATIONS["none"].uri


def access_statements(content: RecordContent) -> Iterator[Statement]:
    """Yield the access rights, and the limitation on public access if there is any."""
    limits = [label for label in _labels(content, on_access=True) if label.href]
    closed = [label for label in limits if label.href != _OPEN]
    if limits:
        right = "RESTRICTED" if closed else "PUBLIC"
        address = f"{ACCESS_RIGHT}{right}"
        yield "dct:accessRights", node("dct:RightsStatement", [], address)
    for label in closed:
        yield "dct:rights", node("dct:RightsStatement", [], label.href)


def is_public(content: RecordContent) -> bool:
    """Tell whether a record says that nothing limits public access."""
    limits = [label.href for label in _labels(content, on_access=True)]
    return bool(limits) and set(limits) <= {_OPEN}


def licence_of(content: RecordContent) -> Licence | None:
    """Return the licence; `None` when none that is known is stated."""
    return licence_named(label.href for label in _labels(content, on_access=False))


def licence_statements(content: RecordContent) -> Iterator[Statement]:
    """Yield the licence, else what stands in its place as a statement of rights."""
    licence = licence_of(content)
    if licence is not None:
        title = licence.fr if content.language == "fre" else licence.en
        yield (
            "dct:license",
            node(
                "dct:LicenseDocument",
                [
                    text("dct:title", title, language_tag(content.language)),
                    text("rdfs:label", licence.text),
                    text("dct:identifier", licence.spdx),
                ],
                licence.uri,
            ),
        )
        return
    for label in _labels(content, on_access=False):
        if label.href:
            yield "dct:rights", node("dct:RightsStatement", [], label.href)
        elif label.text:
            said = [text("rdfs:label", label.text)]
            yield "dct:rights", node("dct:RightsStatement", said)


def hvd_statements(
    content: RecordContent, *, categories: bool = True
) -> Iterator[Statement]:
    """Yield what makes data high-value: the regulation and, if asked, categories."""
    found = hvd_categories(content)
    if not found:
        return
    law = node("eli:LegalResource", [], HVD_LEGISLATION)
    yield "dcatap:applicableLegislation", law
    if categories:
        yield from (("dcatap:hvdCategory", Iri(each.uri)) for each in found)


def hvd_categories(content: RecordContent) -> tuple[CodedValue, ...]:
    """Return the high-value categories of a record, each once."""
    blocks = content.identification.keywords
    return categories_named(label.href for b in blocks for label in b.keywords)


def _labels(content: RecordContent, *, on_access: bool) -> Iterator[Label]:
    return (
        label
        for found in content.identification.constraints
        if (found.on_access if on_access else found.on_use)
        for label in found.others
    )
