"""The formats that every item exists in (clause 3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.dcat import rdf_element, resource_node
from metadata.dublincore import OAI_DC, OAI_DC_SCHEMA, oai_dc
from metadata.rdf import PREFIXES
from metadata.xml import NAMESPACES, parse
from service.catalogue import Published
from service.dcat import facts_of
from service.oai.problems import Code, OaiProblem

_SHOWN: Final = 40
_PREFIX: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format."""

    prefix: str
    schema: str
    namespace: str
    element: Callable[[Published], etree._Element]
    """Returns a record in it."""


def _iso19139(published: Published) -> etree._Element:
    return parse(published.revision.content)


def _oai_dc(published: Published) -> etree._Element:
    return oai_dc(published.content)


def _dcat(published: Published) -> etree._Element:
    return rdf_element([resource_node(published.content, facts_of(published))])


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        found.prefix: found
        for found in (
            Format(
                prefix="oai_dc",
                schema=OAI_DC_SCHEMA,
                namespace=OAI_DC,
                element=_oai_dc,
            ),
            Format(
                prefix="iso19139",
                schema="http://www.isotc211.org/2005/gmd/gmd.xsd",
                namespace=NAMESPACES["gmd"],
                element=_iso19139,
            ),
            Format(
                prefix="dcat",
                schema="http://www.openarchives.org/OAI/2.0/rdf.xsd",
                namespace=PREFIXES["rdf"],
                element=_dcat,
            ),
        )
    }
)


def require_format(prefix: str) -> Format:
    """Return a format.

    Raises
    ------
    OaiProblem
        cannotDisseminateFormat: there is none of that prefix. badArgument: it is no
        prefix at all.
    """
    if not _PREFIX.fullmatch(prefix):
        message = "metadataPrefix is no prefix"
        raise OaiProblem(Code.BAD_ARGUMENT, message)
    found = FORMATS.get(prefix)
    if found is None:
        message = f"there is no format “{prefix[:_SHOWN]}”"
        raise OaiProblem(Code.CANNOT_DISSEMINATE_FORMAT, message)
    return found
