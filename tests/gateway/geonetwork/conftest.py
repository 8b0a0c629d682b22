"""A catalogue that holds to GeoNetwork's protocol, and publishing to it."""

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

from gateway.outlets.geonetwork.outlet import GeoNetworkOutlet
from gateway.outlets.http import Pacing
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from gateway.publication.result import OutletResult
from metadata.record import Record
from providers.configuration import OutletConfiguration, Secret
from providers.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
PASSWORD = "mot de passe é"


def _loaded(name: str) -> ModuleType:
    """Load a module that lies beside this one."""
    place = Path(__file__).with_name(f"{name}.py")
    specification = importlib.util.spec_from_file_location(f"geonetwork_{name}", place)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def geonetwork() -> ModuleType:
    return _loaded("server")


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
def publish(settings: OutletConfiguration, store: Store) -> Publish:
    """Publish records as the command does: revisions, then the outlet."""

    def act(*records: Record, url: str = "", **options: Any) -> OutletResult:
        configuration = replace(settings, **({"url": url} if url else {}))
        configuration = replace(configuration, **options.pop("outlet", {}))
        ledgers = options.pop("store", store)
        order = Order(wanted=records, **options).made_for(configuration)
        ledgers.keep_revisions(records, now=NOW)
        with closing(GeoNetworkOutlet(configuration, IMPATIENT)) as opened:
            ledger = Ledger(ledgers, opened.name, now=NOW)
            return publish_to_outlet(opened, ledger, order, None)

    return act
