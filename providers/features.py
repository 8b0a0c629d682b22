"""Features of a silo, whatever it is kept in: the protocols and the door.

A feature goes out as GeoJSON text (RFC 7946), built where the data are. Its
coordinates are in the CRS and axis order that the query asks for.
"""

from __future__ import annotations

from providers.configuration import SiloConfiguration
from providers.feature_source import (
    BATCH_BYTES,
    Counted,
    FeatureReader,
    FeatureSilo,
    FeatureSource,
    FeatureStream,
    Found,
    Limits,
    Page,
)
from providers.postgis_features import PostgisSilo

__all__ = [
    "BATCH_BYTES",
    "Counted",
    "FeatureReader",
    "FeatureSilo",
    "FeatureSource",
    "FeatureStream",
    "Found",
    "Limits",
    "Page",
    "open_features",
]


def open_features(silo: SiloConfiguration, limits: Limits | None = None) -> FeatureSilo:
    """Return a silo whose features can be read; connects when first asked.

    Parameters
    ----------
    silo
        A database, a GeoPackage file, or a folder of them.
    limits
        How much of it to take; `None` takes the defaults.
    """
    given = limits or Limits()
    if silo.is_database:
        return PostgisSilo(silo, given)
    # only where there are files: with GDAL it takes 20 MiB of every worker
    from providers.geopackage_features import GeopackageSilo  # noqa: PLC0415

    return GeopackageSilo(silo, given)
