"""A publish and a withdrawal as the commands do them: the portal gets its own form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from gateway.outlets.opening import open_outlet
from gateway.publication.publish import publish_records, withdraw_records
from gateway.publication.report import result_json
from metadata.ckan import encode_ckan
from metadata.forms import FORMS
from metadata.record import Record
from providers.configuration import Configuration, OutletConfiguration
from providers.store import Store

pytestmark = pytest.mark.ckan


def test_what_is_published_and_withdrawn_is_there_and_gone(
    configure: Callable[..., Configuration],
    settings: OutletConfiguration,
    store: Store,
    record: Callable[..., Record],
    make_record: Callable[..., Record],
    portal: Any,
    now: Any,
) -> None:
    outlets = MappingProxyType({settings.name: settings})
    configuration = replace(configure(), outlets=outlets)
    result = publish_records(
        [make_record("a"), make_record("b")],
        forms={"ckan": [record("a"), record("b")]},
        configuration=configuration,
        store=store,
        now=now,
    )
    assert result.exit_code == 0, result_json(result)
    assert portal.one("a")["license_id"] == "lov2"
    (kept,) = store.revisions(record("a").identifier)
    assert kept.record.content == record("a").content
    portal.edit("a", title="Là-bas")
    result = withdraw_records({"a"}, configuration=configuration, store=store, now=now)
    assert result.exit_code == 0, result_json(result)
    assert portal.one("a")["state"] == "deleted"
    assert portal.one("b")["state"] == "active"


def test_its_form_is_known_by_its_type(settings: OutletConfiguration) -> None:
    outlet = open_outlet(settings)
    outlet.close()
    assert outlet.name == settings.name
    assert FORMS["ckan"] is encode_ckan
