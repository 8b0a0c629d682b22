"""A platform that holds to the protocol of the API Entrepôt, and publishing to it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway.outlets.geoplateforme.outlet import GeoplateformeOutlet
from gateway.outlets.http import Pacing
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from gateway.publication.result import OutletResult
from metadata.record import Record
from providers.configuration import OutletConfiguration, Secret
from providers.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
SECRET = "s3cret é&="


def _loaded(name: str) -> ModuleType:
    """Load a module that lies beside this one."""
    place = Path(__file__).with_name(f"{name}.py")
    specification = importlib.util.spec_from_file_location(f"entrepot_{name}", place)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def entrepot() -> ModuleType:
    return _loaded("server")


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
def publish(settings: OutletConfiguration, store: Store) -> Publish:
    """Publish records as the command does: revisions, then the outlet."""

    def act(*records: Record, **options: Any) -> OutletResult:
        configuration = replace(settings, **options.pop("outlet", {}))
        pacing = options.pop("pacing", IMPATIENT)
        ledgers = options.pop("store", store)
        order = Order(wanted=records, **options).made_for(configuration)
        ledgers.keep_revisions(records, now=NOW)
        with closing(GeoplateformeOutlet(configuration, pacing)) as opened:
            ledger = Ledger(ledgers, opened.name, now=NOW)
            return publish_to_outlet(opened, ledger, order, None)

    return act
