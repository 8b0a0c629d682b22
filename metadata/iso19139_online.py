"""The online resources of a record.

`function=download` is what makes data.gouv.fr take an address for a resource; a
link without any function becomes its landing page, so exactly one has none; what
is only information says so. Of data that are not open it keeps the limitation on
public access only where there is some resource: the way to ask for them, `order`.
Protocol and application profile are the Anchors by
which INSPIRE links data to their download service.

References
----------
INSPIRE good practice for OGC API - Features as download service; TG 2.0, 3.1.3.1.
"""

from __future__ import annotations

from typing import Final

from metadata.content import Online, OnlineFunction
from metadata.dataset import Dataset
from metadata.distributions import Distribution, DistributionKind, distributions
from metadata.finding import Language
from metadata.iso19139_terms import (
    DOWNLOAD_SERVICE,
    OGC_API_FEATURES,
    WEB_DOWNLOAD,
    WEB_LINK,
)

_FUNCTIONS: Final = {
    DistributionKind.API: OnlineFunction.DOWNLOAD,
    DistributionKind.FILE: OnlineFunction.DOWNLOAD,
    DistributionKind.LANDING_PAGE: None,
    DistributionKind.ON_REQUEST: OnlineFunction.ORDER,
    DistributionKind.DOCUMENTATION: OnlineFunction.INFORMATION,
}
_PROTOCOLS: Final = {
    DistributionKind.API: OGC_API_FEATURES,
    DistributionKind.FILE: WEB_DOWNLOAD,
    DistributionKind.LANDING_PAGE: WEB_LINK,
    DistributionKind.ON_REQUEST: WEB_LINK,
    DistributionKind.DOCUMENTATION: WEB_LINK,
}


def dataset_online(dataset: Dataset, language: Language) -> tuple[Online, ...]:
    """Return every way to the data, in the order of `distributions`."""
    return tuple(_online(found, language) for found in distributions(dataset))


def service_online(dataset: Dataset, language: Language) -> tuple[Online, ...]:
    """Return the address of the service; empty when the data are not open."""
    return tuple(
        _online(found, language)
        for found in distributions(dataset)
        if found.kind is DistributionKind.API
    )


def _online(found: Distribution, language: Language) -> Online:
    is_service = found.kind is DistributionKind.API
    return Online(
        url=found.url,
        name=found.title.said_in(language),
        description=found.description.said_in(language),
        protocol=_PROTOCOLS[found.kind],
        application_profile=DOWNLOAD_SERVICE if is_service else None,
        function=_FUNCTIONS[found.kind],
    )
