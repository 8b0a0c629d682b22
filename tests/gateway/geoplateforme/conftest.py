"""A platform that holds to the protocol of the API Entrepôt, and publishing to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway.outlets.geoplateforme.outlet import GeoplateformeOutlet
from gateway.outlets.http import Pacing
from gateway.publication.result import OutletResult
from providers.configuration import OutletConfiguration, Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
SECRET = "s3cret é&="


@pytest.fixture(scope="session")
def entrepot(loaded: Callable[[Path], ModuleType]) -> ModuleType:
    return loaded(Path(__file__).with_name("server.py"))


@pytest.fixture
def platform(entrepot: ModuleType) -> Iterator[Any]:
    """A platform with one datastore, empty, and one catalogue."""
    made = entrepot.Platform(
        clients={"passerelle": SECRET, "public": ""}, users={"sig": "mot de passe"}
    )
    with entrepot.running(made) as running:
        yield running


@pytest.fixture
def settings(platform: Any, entrepot: ModuleType) -> OutletConfiguration:
    return OutletConfiguration(
        name="geoplateforme",
        type="geoplateforme",
        url=platform.api,
        token_url=platform.token_url,
        datastore=entrepot.DATASTORE,
        client="passerelle",
        key=Secret(SECRET),
        timeout=20,
    )


@pytest.fixture
def outlet(settings: OutletConfiguration) -> Iterator[GeoplateformeOutlet]:
    with closing(GeoplateformeOutlet(settings, IMPATIENT)) as opened:
        yield opened


Publish = Callable[..., OutletResult]


@pytest.fixture
def publish(
    publishing_by: Callable[..., Publish], settings: OutletConfiguration
) -> Publish:
    return publishing_by(GeoplateformeOutlet, settings)
