"""pygeoapi's form of the configuration: its own schema accepts it, word for word."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from pygeoapi.config import validate_config

from metadata.dataset import Collection, Dataset
from metadata.finding import Language
from metadata.measured import (
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import (
    CollectionDescription,
    Columns,
    Description,
    Organisation,
    Status,
)
from providers.configuration import (
    Configuration,
    ServiceConfiguration,
    SiloConfiguration,
)
from providers.resource import pygeoapi_config, resource_entry

GOLDEN = Path(__file__).parent.parent / "golden" / "pygeoapi.yml"
SILOS = MappingProxyType(
    {
        "sig": SiloConfiguration(name="sig", location="postgresql://r:s@h:5432/sig"),
        "fonds": SiloConfiguration(name="fonds", location="/srv/silo"),
    }
)
ORGANISATION = Organisation(
    name="Service des essais",
    siren="229300082",
    email="sig@essais.example",
    identifier_base="https://data.example/id",
    licence="etalab-2.0",
)


def collection(silo: str, table: str, *, geometry: bool = True) -> Collection:
    source = Source(silo=silo, container="public", table=table)
    columns = Columns(exclude=("secret",), rename={"nom": "name"})
    geometries = (GeometryColumn(name="geom", type=GeometryType.POINT, srid=2154),)
    return Collection(
        description=CollectionDescription(id=table, source=source, columns=columns),
        survey=Survey(
            source=source,
            kind=RelationKind.TABLE,
            surveyed_at=datetime(2026, 3, 1, tzinfo=UTC),
            fields=(
                Field(name="id", type=FieldType.INTEGER, native_type="integer"),
                Field(name="nom", type=FieldType.STRING, native_type="text"),
                Field(name="secret", type=FieldType.STRING, native_type="text"),
                Field(name="vu", type=FieldType.DATE, native_type="date"),
            ),
            key=("id",),
            geometries=geometries if geometry else (),
            extent=Extent(2.0, 48.5, 3.0, 49.0) if geometry else None,
            periods=(Period(field="vu", start="2020-01-01", end="2024-12-31"),),
            temporal_field="vu",
        ),
    )


def dataset(*collections: Collection) -> Dataset:
    return Dataset(
        description=Description(
            id="lieux",
            identifier="https://data.example/id/lieux",
            record_identifier="fr-229300082-jdd-1",
            service_identifier="fr-229300082-srv-1",
            status=Status.PUBLISHED,
            title="Lieux",
            abstract="Des lieux d'essai.",
            keywords=("essai",),
            collections=tuple(c.description for c in collections),
        ),
        collections=collections,
        organisation=ORGANISATION,
        service_url="http://service.example/geo",
    )


@pytest.fixture
def configuration() -> Configuration:
    return Configuration(
        path=Path("/etc/passerelle/passerelle.yml"),
        organisation=ORGANISATION,
        service=ServiceConfiguration(
            url="http://service.example/geo",
            languages=(Language.FRENCH, Language.ENGLISH),
        ),
        silos=SILOS,
        outlets={},
        store="sqlite:///:memory:",
    )


def test_the_configuration_passes_pygeoapis_own_validation(
    configuration: Configuration,
) -> None:
    both = dataset(collection("sig", "places"), collection("fonds", "table"))
    assert validate_config(pygeoapi_config([both], configuration))


def test_the_configuration_is_the_golden_one(
    configuration: Configuration, bless: bool
) -> None:
    both = dataset(
        collection("sig", "places"), collection("fonds", "table", geometry=False)
    )
    made = pygeoapi_config([both], configuration)
    if bless:
        text = yaml.safe_dump(made, allow_unicode=True, sort_keys=False)
        GOLDEN.write_text(text, encoding="utf-8")
    assert made == yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))


def test_a_collection_without_place_has_no_geometry_and_only_crs84() -> None:
    entry = resource_entry(dataset(collection("sig", "t", geometry=False)), SILOS)
    provider = entry["t"]["providers"][0]
    assert "geom_field" not in provider
    assert provider["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]


def test_a_file_is_named_by_its_own_path() -> None:
    entry = resource_entry(dataset(collection("fonds", "t")), SILOS)
    assert entry["t"]["providers"][0]["data"] == "/srv/silo/public"
