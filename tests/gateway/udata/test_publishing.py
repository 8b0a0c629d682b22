"""A publish to several outlets, and a withdrawal: each gets the form that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from gateway.publication.publish import publish_records, withdraw_records
from gateway.publication.report import result_json
from metadata.errors import DescriptionError
from metadata.record import Record
from providers.configuration import (
    Configuration,
    OutletConfiguration,
    read_configuration,
)
from providers.store import Store

WRITTEN = """\
organisation:
  name: D
  siren: "229300082"
  email: a@example.org
  identifier_base: https://data.example.org/id
service: {{url: https://geo.example.org/}}
silos: {{sig: ./silo}}
outlets:
  portail:
    type: udata
    url: https://portail.example.org
    organisation: departement
    key: ${{KEY}}
    route: {route}
"""


@pytest.fixture
def configuration(
    configure: Callable[..., Configuration], settings: OutletConfiguration
) -> Configuration:
    """A configuration with one outlet, the portal."""
    outlets = MappingProxyType({settings.name: settings})
    return replace(configure(), outlets=outlets)


@pytest.mark.udata
def test_the_portal_gets_its_own_form_and_our_catalogue_the_records(
    configuration: Configuration,
    store: Store,
    record: Callable[..., Record],
    make_record: Callable[..., Record],
    portal: Any,
    now: Any,
) -> None:
    result = publish_records(
        [make_record("communes")],
        forms={"udata": [record("communes")]},
        configuration=configuration,
        store=store,
        now=now,
    )
    assert result.exit_code == 0, result_json(result)
    assert portal.one("communes")["license"] == "lov2"
    (applied,) = store.applied()
    assert applied.record.content.startswith(b"<?xml")
    (kept,) = store.revisions(record("communes").identifier)
    assert kept.record.content == record("communes").content


@pytest.mark.udata
def test_a_dry_run_sends_nothing(
    configuration: Configuration,
    store: Store,
    record: Callable[..., Record],
    portal: Any,
    now: Any,
) -> None:
    result = publish_records(
        [],
        forms={"udata": [record("communes")]},
        configuration=configuration,
        store=store,
        now=now,
        dry_run=True,
    )
    (outlet,) = result.outlets
    assert {str(o): n for o, n in outlet.counts.items() if n} == {"planned": 1}
    assert portal.datasets() == []
    assert store.entries("data.gouv.fr") == ()


@pytest.mark.udata
def test_what_is_withdrawn_is_archived_even_if_edited_there(
    configuration: Configuration,
    store: Store,
    record: Callable[..., Record],
    portal: Any,
    now: Any,
) -> None:
    publish_records(
        [],
        forms={"udata": [record("a"), record("b")]},
        configuration=configuration,
        store=store,
        now=now,
    )
    portal.edit("a", title="Là-bas")
    result = withdraw_records({"a"}, configuration=configuration, store=store, now=now)
    assert result.exit_code == 0, result_json(result)
    assert portal.one("a")["archived"]
    assert not portal.one("b")["archived"]


def test_settings_are_read_and_the_key_shows_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "passerelle.yml"
    path.write_text(WRITTEN.format(route="harvest"), encoding="utf-8")
    read = read_configuration(path, {"KEY": "udata_secret"})
    outlet = read.outlets["portail"]
    assert outlet.key.value == "udata_secret"
    assert "udata_secret" not in repr(read)
    assert (outlet.route, outlet.organisation) == ("harvest", "departement")
    assert outlet.service_url == "https://geo.example.org"


def test_a_route_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "passerelle.yml"
    path.write_text(WRITTEN.format(route="both"), encoding="utf-8")
    with pytest.raises(DescriptionError, match="route"):
        read_configuration(path, {"KEY": "x"})
