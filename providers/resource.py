"""The one place where pygeoapi's dict form appears: resources and configuration.

What comes out can be served by an unmodified pygeoapi with our plugins
(`providers.postgis.PostgisProvider`, `providers.geopackage.GeopackageProvider`),
and passes pygeoapi's own `validate_config`. Secrets are in it: it is never logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from metadata.crs import CRS84_URI, epsg
from metadata.dataset import Collection, Dataset
from metadata.distributions import collection_title
from metadata.measured import Extent
from providers.configuration import Configuration, SiloConfiguration
from providers.query import served_crs

Entry = dict[str, Any]
"""Part of pygeoapi's configuration."""
POSTGIS = "providers.postgis.PostgisProvider"
GEOPACKAGE = "providers.geopackage.GeopackageProvider"
_WORLD = Extent(west=-180.0, south=-90.0, east=180.0, north=90.0)


def resource_entry(
    dataset: Dataset, silos: Mapping[str, SiloConfiguration]
) -> dict[str, Entry]:
    """Return pygeoapi's resource of each collection of a dataset, by id.

    Parameters
    ----------
    silos
        The silos by name; one that a collection names must be among them.
    """
    return {
        collection.id: _resource(
            dataset, collection, silos[collection.survey.source.silo]
        )
        for collection in dataset.collections
    }


def pygeoapi_config(datasets: Iterable[Dataset], configuration: Configuration) -> Entry:
    """Return a whole configuration of pygeoapi for some datasets."""
    resources: dict[str, Entry] = {}
    for dataset in datasets:
        resources |= resource_entry(dataset, configuration.silos)
    return {
        "server": _server(configuration),
        "logging": {"level": "ERROR"},
        "metadata": _metadata(configuration),
        "resources": resources,
    }


def _resource(
    dataset: Dataset, collection: Collection, silo: SiloConfiguration
) -> Entry:
    stated = dataset.description
    return {
        "type": "collection",
        "title": collection_title(dataset, collection),
        "description": dataset.abstract or stated.title or collection.id,
        "keywords": list(stated.keywords),
        "extents": _extents(collection),
        "links": [],
        "providers": [_provider(collection, silo)],
    }


def _provider(collection: Collection, silo: SiloConfiguration) -> Entry:
    """Return what the plugin is given; names of columns are those of the silo."""
    source, columns = collection.survey.source, collection.description.columns
    entry: Entry = {
        "type": "feature",
        "name": POSTGIS if silo.is_database else GEOPACKAGE,
        "data": _data(silo, source.container),
        "table": source.table,
        "id_field": ",".join(collection.key),
        "crs": [crs.uri for crs in served_crs(collection)],
        "storage_crs": _storage_crs(collection),
        "columns": {
            "exclude": list(columns.exclude),
            "rename": dict(columns.rename),
            "describe": dict(columns.describe),
        },
    }
    if silo.is_database:
        entry["schema"] = source.container
    if collection.geometry is not None:
        entry["geom_field"] = collection.geometry.name
    if collection.time_field:
        entry["time_field"] = collection.time_field
    return entry


def _data(silo: SiloConfiguration, container: str) -> str:
    """Return the address of the database, or the path of the one file."""
    path = Path(silo.location)
    if silo.is_database or path.is_file():
        return silo.location
    return str(path / container)


def _storage_crs(collection: Collection) -> str:
    geometry = collection.geometry
    if geometry is None or not geometry.srid:
        return CRS84_URI
    return epsg(geometry.srid).uri


def _extents(collection: Collection) -> Entry:
    """Return the measured extents; without one the whole world, as pygeoapi asks."""
    extent = collection.extent or _WORLD
    box = [extent.west, extent.south, extent.east, extent.north]
    found: Entry = {"spatial": {"bbox": box, "crs": CRS84_URI}}
    temporal = collection.temporal
    if temporal is not None and collection.time_field:
        found["temporal"] = {
            "begin": temporal.start or None,
            "end": temporal.end or None,
        }
    return found


def _server(configuration: Configuration) -> Entry:
    return {
        "bind": {"host": "127.0.0.1", "port": 5000},
        "url": configuration.service.url,
        "mimetype": "application/json; charset=UTF-8",
        "encoding": "utf-8",
        "languages": [str(each) for each in configuration.service.languages],
        "map": {"url": "", "attribution": ""},
    }


def _metadata(configuration: Configuration) -> Entry:
    organisation, service = configuration.organisation, configuration.service
    title = service.title or organisation.name
    return {
        "identification": {
            "title": title,
            "description": service.description or title,
            "keywords": ["INSPIRE"],
            "keywords_type": "theme",
            "terms_of_service": service.url,
            "url": service.url,
        },
        "license": {"name": organisation.licence or "none"},
        "provider": {"name": organisation.name, "url": organisation.url or service.url},
        "contact": {"name": organisation.name, "email": organisation.email},
    }
