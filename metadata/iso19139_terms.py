"""The fixed sentences and addresses that INSPIRE and its validator look for.

Titles of regulations are matched letter by letter, in French with ``N o`` and
straight apostrophes, as the validator's own list has them.
"""

from __future__ import annotations

from typing import Final

from metadata.content import Citation, CitationDate, DateType, Label
from metadata.finding import Language, Text

CODE_LISTS: Final = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
LANGUAGE_LIST: Final = "http://www.loc.gov/standards/iso639-2/"
STANDARD_NAME: Final = "ISO 19115:2003/19139"
STANDARD_VERSION: Final = "1.0"

OGC_API_FEATURES: Final = Label(
    "OGC API - Features", "http://www.opengis.net/def/docs/17-069r3"
)
DOWNLOAD_SERVICE: Final = Label(
    "download",
    "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceType/download",
)
WEB_LINK: Final = Label("WWW:LINK-1.0-http--link")
WEB_DOWNLOAD: Final = Label("WWW:DOWNLOAD-1.0-http--download")
FEATURE_ACCESS: Final = Label(
    "infoFeatureAccessService",
    "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceCategory/"
    "infoFeatureAccessService",
)
HVD_WORD: Final = Label("hvd")
NO_CRS: Final = "http://www.opengis.net/def/nil/OGC/0/inapplicable"

_HVD_LEGISLATION: Final = Text(
    fr="Règlement d'exécution (UE) 2023/138",
    en="Implementing Regulation (EU) 2023/138",
)
_INTEROPERABILITY: Final = Text(
    fr="Règlement (UE) N o 1089/2010 de la Commission du 23 novembre 2010 portant "
    "modalités d'application de la directive 2007/2/CE du Parlement européen et du "
    "Conseil en ce qui concerne l'interopérabilité des séries et des services de "
    "données géographiques",
    en="Commission Regulation (EU) No 1089/2010 of 23 November 2010 implementing "
    "Directive 2007/2/EC of the European Parliament and of the Council as regards "
    "interoperability of spatial data sets and services",
)
_NETWORK_SERVICES: Final = Text(
    fr="Règlement (CE) n o 976/2009 de la Commission du 19 octobre 2009 portant "
    "modalités d'application de la directive 2007/2/CE du Parlement européen et du "
    "Conseil en ce qui concerne les services en réseau",
    en="Commission Regulation (EC) No 976/2009 of 19 October 2009 implementing "
    "Directive 2007/2/EC of the European Parliament and of the Council as regards "
    "the Network Services",
)


def hvd_legislation(language: Language) -> Label:
    """Name the regulation that makes data high-value, by its European identifier."""
    return Label(
        _HVD_LEGISLATION.said_in(language),
        "http://data.europa.eu/eli/reg_impl/2023/138/oj",
    )


def _published(title: Label, day: str) -> Citation:
    return Citation(title=title, date=CitationDate(day, DateType.PUBLICATION))


def interoperability(language: Language) -> Citation:
    """Cite Commission Regulation (EU) No 1089/2010 (tests C.21 and ds 1.10)."""
    return _published(Label(_INTEROPERABILITY.said_in(language)), "2010-12-08")


def network_services(language: Language) -> Citation:
    """Cite Commission Regulation (EC) No 976/2009 (test C.21)."""
    return _published(Label(_NETWORK_SERVICES.said_in(language)), "2009-10-20")


THEMES_THESAURUS: Final = _published(
    Label("GEMET - INSPIRE themes, version 1.0"), "2008-06-01"
)
HVD_THESAURUS: Final = _published(
    Label("High-value dataset categories", "http://data.europa.eu/bna/asd487ae75"),
    "2023-09-27",
)
SPATIAL_SCOPE_THESAURUS: Final = _published(
    Label(
        "Spatial scope", "http://inspire.ec.europa.eu/metadata-codelist/SpatialScope"
    ),
    "2019-05-22",
)
SERVICE_THESAURUS: Final = _published(Label("INSPIRE Service taxonomy"), "2010-04-22")
