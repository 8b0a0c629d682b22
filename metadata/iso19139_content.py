"""From a `Dataset` to the content of its two records, without any XML.

Nothing is invented on the way: what nobody stated or measured is absent, and a
check says so. Decisions that the standards leave open:

- The extent is the measured one, else the stated one (a table without
  geometry), rounded *outwards* to four decimals, so that nothing is cut off.
- The revision date is the stated one, else the last change that the silo knows.
  When there is no date of any kind, it is the day of the survey, the last day
  on which the data are known to have been in the state described.
- A code of no list, a CRS that EPSG does not know, a scale or a resolution that
  is not above zero are left out.
- A table without geometry says that no coordinate reference system applies.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from metadata.codelists import TOPICS
from metadata.content import (
    CitationDate,
    Conformance,
    DataIdentification,
    DateType,
    Online,
    OperatedData,
    Operation,
    RecordContent,
    ServiceIdentification,
    plain,
    tidy,
)
from metadata.dataset import Dataset
from metadata.distributions import api_root, record_address, web_address
from metadata.finding import Language, Text
from metadata.iso19139_keywords import dataset_keywords, service_keywords
from metadata.iso19139_online import dataset_online, service_online
from metadata.iso19139_parts import (
    bounding_box,
    constraints,
    contacts,
    data_format,
    frequency,
    organisation_party,
    period,
    reference_systems,
    representations,
    resolution,
)
from metadata.iso19139_terms import (
    OGC_API_FEATURES,
    interoperability,
    network_services,
)
from metadata.record import RecordKind
from metadata.stated import Conformity, Organisation

_PASSED: Final = {
    Conformity.CONFORMANT: True,
    Conformity.NOT_CONFORMANT: False,
    Conformity.NOT_EVALUATED: None,
}
_EXPLANATION: Final = {
    True: Text(
        fr="Les données sont conformes à la spécification citée.",
        en="The data conform to the specification cited.",
    ),
    False: Text(
        fr="Les données ne sont pas conformes à la spécification citée.",
        en="The data do not conform to the specification cited.",
    ),
    None: Text(
        fr="La conformité à la spécification citée n'a pas été évaluée.",
        en="Conformity to the specification cited has not been evaluated.",
    ),
}


def record_language(organisation: Organisation) -> Language:
    """Return the language that labels and sentences of a record are in."""
    french = organisation.language == "fre"
    return Language.FRENCH if french else Language.ENGLISH


def dataset_content(dataset: Dataset) -> RecordContent:
    """Return what the record of the dataset itself says.

    References
    ----------
    INSPIRE Metadata TG 2.0, conformance classes 1 and 2.
    """
    stated, language = dataset.description, record_language(dataset.organisation)
    passed = _PASSED[stated.conformity]
    return tidy(
        RecordContent(
            identifier=stated.record_identifier,
            kind=RecordKind.SERIES if stated.series else RecordKind.DATASET,
            language=dataset.organisation.language,
            level_name=_level_name(language) if stated.series else "",
            contacts=(organisation_party(dataset.organisation),),
            reference_systems=reference_systems(dataset, language),
            identification=_data(dataset, language),
            formats=(data_format(dataset, language),),
            online=dataset_online(dataset, language),
            conformance=(
                Conformance(
                    specification=interoperability(language),
                    explanation=_EXPLANATION[passed].said_in(language),
                    passed=passed,
                ),
            ),
            lineage=stated.lineage,
        )
    )


def service_content(dataset: Dataset) -> RecordContent:
    """Return what the record of the dataset's download service says.

    References
    ----------
    INSPIRE Metadata TG 2.0, conformance classes 3 and 4.
    """
    language = record_language(dataset.organisation)
    return tidy(
        RecordContent(
            identifier=dataset.description.service_identifier,
            kind=RecordKind.SERVICE,
            language=dataset.organisation.language,
            level_name="service",
            contacts=(organisation_party(dataset.organisation),),
            reference_systems=(),
            identification=_service(dataset, language),
            formats=(data_format(dataset, language),),
            online=service_online(dataset, language),
            conformance=(
                Conformance(
                    specification=network_services(language),
                    explanation=_EXPLANATION[None].said_in(language),
                    passed=None,
                ),
            ),
        )
    )


def citation_dates(dataset: Dataset) -> tuple[CitationDate, ...]:
    """Return the dates of the data, at most one of each type.

    Created, published and revised as stated; when no revision is stated, the
    last change that the silo knows of; without any of these, the day of the
    survey stands for the revision. Empty only for a dataset of no collection.
    """
    stated = dataset.description.dates
    changes = [c.survey.changed_at for c in dataset.collections if c.survey.changed_at]
    revised = stated.revised or (max(changes).date() if changes else None)
    if not (stated.created or stated.published or revised):
        seen = [c.survey.surveyed_at for c in dataset.collections]
        revised = max(seen).date() if seen else None
    return (
        *_dated(stated.created, DateType.CREATION),
        *_dated(stated.published, DateType.PUBLICATION),
        *_dated(revised, DateType.REVISION),
    )


def _dated(day: date | None, kind: DateType) -> tuple[CitationDate, ...]:
    return (CitationDate(day.isoformat(), kind),) if day else ()


def _level_name(language: Language) -> str:
    return Text(fr="série", en="series").said_in(language)


def _data(dataset: Dataset, language: Language) -> DataIdentification:
    stated = dataset.description
    return DataIdentification(
        title=stated.title,
        identifier=stated.identifier,
        dates=citation_dates(dataset),
        abstract=dataset.abstract,
        contacts=contacts(dataset),
        keywords=dataset_keywords(dataset, language),
        limitations=(stated.limitations,) if plain(stated.limitations) else (),
        constraints=constraints(dataset, language),
        purpose=stated.purpose,
        frequency=frequency(dataset),
        thumbnail=web_address(stated.thumbnail),
        extent=bounding_box(dataset),
        temporal=period(dataset.temporal),
        representations=representations(dataset),
        scale=stated.scale if stated.scale and stated.scale > 0 else None,
        resolution=resolution(stated.resolution),
        language=stated.language,
        topics=tuple(t for t in dict.fromkeys(dataset.topics) if t in TOPICS),
    )


def _service(dataset: Dataset, language: Language) -> ServiceIdentification:
    stated = dataset.description
    title, abstract = plain(stated.title), plain(dataset.abstract)
    return ServiceIdentification(
        title=Text(
            fr=f"Service de téléchargement : {title}", en=f"Download service: {title}"
        ).said_in(language),
        identifier=f"{stated.identifier}/service",
        dates=citation_dates(dataset),
        abstract=Text(
            fr="Service de téléchargement direct (OGC API - Features) du jeu de "
            f"données « {title} ».\n\n{abstract}",
            en="Direct access download service (OGC API - Features) of the dataset "
            f"“{title}”.\n\n{abstract}",
        ).said_in(language),
        contacts=contacts(dataset),
        keywords=service_keywords(dataset, language),
        limitations=(stated.limitations,) if plain(stated.limitations) else (),
        constraints=constraints(dataset, language),
        extent=bounding_box(dataset),
        type="download",
        versions=("OGC API - Features 1.0",),
        operations=(_landing_page(dataset),),
        operates_on=(
            OperatedData(identifier=stated.identifier, href=record_address(dataset)),
        ),
    )


def _landing_page(dataset: Dataset) -> Operation:
    root = Online(url=api_root(dataset), protocol=OGC_API_FEATURES)
    return Operation(name="GetLandingPage", connect_point=root)
