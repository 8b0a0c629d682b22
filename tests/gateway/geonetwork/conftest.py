"""A catalogue that holds to GeoNetwork's protocol, and publishing to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway.outlets.geonetwork.outlet import GeoNetworkOutlet
from gateway.outlets.http import Pacing
from gateway.publication.result import OutletResult
from providers.configuration import OutletConfiguration, Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
PASSWORD = "mot de passe é"


@pytest.fixture(scope="session")
def geonetwork(loaded: Callable[[Path], ModuleType]) -> ModuleType:
    return loaded(Path(__file__).with_name("server.py"))


@pytest.fixture
def catalogue(geonetwork: ModuleType) -> Iterator[Any]:
    """An empty catalogue with one reviewer of group 12."""
    accounts = {"passerelle": geonetwork.Account(PASSWORD)}
    with geonetwork.running(geonetwork.Catalogue(accounts=accounts)) as running:
        yield running


@pytest.fixture
def settings(catalogue: Any) -> OutletConfiguration:
    return OutletConfiguration(
        name="geonetwork",
        type="geonetwork",
        url=catalogue.url,
        user="passerelle",
        password=Secret(PASSWORD),
        group="12",
        timeout=20,
    )


@pytest.fixture
def outlet(settings: OutletConfiguration) -> Iterator[GeoNetworkOutlet]:
    with closing(GeoNetworkOutlet(settings, IMPATIENT)) as opened:
        yield opened


Publish = Callable[..., OutletResult]


@pytest.fixture
def publish(
    publishing_by: Callable[..., Publish], settings: OutletConfiguration
) -> Publish:
    return publishing_by(GeoNetworkOutlet, settings)
