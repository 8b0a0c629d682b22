"""Records are put into GeoNetwork, once each, read back, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import requests

from gateway.outlets.geonetwork.outlet import GeoNetworkOutlet
from gateway.outlets.geonetwork.session import api_root
from gateway.outlets.http import LoginRefused
from gateway.outlets.opening import open_outlet
from gateway.publication.result import OutletResult
from metadata.errors import ConfigurationError, OutletRefused, OutletUnreachable
from metadata.record import Record
from metadata.xml import NAMESPACES, parse
from providers.configuration import OutletConfiguration, Secret

Publish = Callable[..., OutletResult]
Make = Callable[..., Record]


def outcomes(result: OutletResult) -> dict[str, int]:
    assert result.problem is None, result.problem
    return {str(outcome): n for outcome, n in result.counts.items() if n}


def test_a_new_record_belongs_to_the_group_and_everybody_sees_it(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    record = make_record("communes")
    assert outcomes(publish(record)) == {"done": 1}
    (kept,) = catalogue.records.values()
    assert (kept.owner, kept.group, kept.public) == ("passerelle", 12, True)
    anybody = requests.get(
        f"{catalogue.url}/srv/api/records/{record.identifier}/formatters/xml",
        headers={"Accept": "application/xml"},
        timeout=10,
    )
    assert "Communes : « communes » <&> 🎉" in "".join(
        map(str, parse(anybody.content).itertext())
    )


def test_what_is_there_already_is_not_sent_again(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    record = make_record("communes")
    publish(record)
    (before,) = (kept.xml for kept in catalogue.records.values())
    assert outcomes(publish(record)) == {"kept": 1}
    assert [kept.xml for kept in catalogue.records.values()] == [before]


@pytest.mark.parametrize("fixes", [True, False])
@pytest.mark.parametrize("location", [True, False])
def test_a_changed_record_is_updated_in_place_and_kept_ever_after(
    publish: Publish, make_record: Make, catalogue: Any, fixes: bool, location: bool
) -> None:
    catalogue.fixes, catalogue.keeps_location = fixes, location
    publish(make_record("communes"))
    changed = make_record("communes", title="Communes 2026", stamp=date(2026, 4, 1))
    assert outcomes(publish(changed)) == {"done": 1}
    assert outcomes(publish(changed)) == {"kept": 1}
    assert outcomes(publish(make_record("communes", title="Autre"))) == {"done": 1}
    assert len(catalogue.records) == catalogue.inserts == 1


def test_a_withdrawn_record_is_deleted_and_can_come_back(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    records = [make_record(name) for name in "abc"]
    publish(*records)
    assert outcomes(publish(*records[:2])) == {"kept": 2, "done": 1}
    assert len(catalogue.records) == 2
    assert outcomes(publish(*records)) == {"kept": 2, "done": 1}


def test_records_of_others_are_never_touched(
    publish: Publish, make_record: Make, catalogue: Any, geonetwork: Any
) -> None:
    foreign = geonetwork.Kept(b"<gmd:MD_Metadata/>", "somebody", 12, public=True)
    catalogue.records["foreign"] = foreign
    publish(make_record("a"))
    publish()
    assert catalogue.records == {"foreign": foreign}


def test_a_record_edited_there_is_a_conflict_until_it_is_overwritten(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    publish(make_record("communes"))
    (kept,) = catalogue.records.values()
    kept.xml = kept.xml.replace(b"Contours des", b"Contours officiels des")
    edited = kept.xml
    assert outcomes(publish(make_record("communes"))) == {"refused": 1}
    assert kept.xml == edited
    assert outcomes(publish(make_record("communes"), overwrite=True)) == {"done": 1}
    assert b"Contours officiels" not in kept.xml


def test_a_record_that_another_made_meanwhile_is_not_overwritten(
    outlet: GeoNetworkOutlet, make_record: Make, catalogue: Any, geonetwork: Any
) -> None:
    from gateway.outlets.outlet import Action, Change
    from metadata.finding import Text
    from providers.store_model import Operation

    record = make_record("communes")
    outlet.check()
    catalogue.records[record.identifier] = geonetwork.Kept(b"<x/>", "somebody", 12)
    change = Change(
        action=Action.CREATE,
        identifier=record.identifier,
        dataset_id=record.dataset_id,
        kind=record.kind,
        reason=Text("", ""),
        record=record,
    )
    with pytest.raises(OutletRefused, match="already exist"):
        outlet.apply(Operation.CREATE, [change])
    assert catalogue.records[record.identifier].xml == b"<x/>"


@pytest.mark.parametrize(("harvested", "group"), [(True, 12), (False, 99)])
def test_a_record_that_may_not_be_changed_fails_alone(
    publish: Publish, make_record: Make, catalogue: Any, harvested: bool, group: int
) -> None:
    publish(*[make_record(name) for name in "abc"])
    one = make_record("a").identifier
    kept = catalogue.records[one]
    kept.harvested, kept.group, kept.owner = harvested, group, "somebody"
    changed = [make_record(name, title=f"Autre {name}") for name in "abc"]
    result = publish(*changed)
    assert outcomes(result) == {"failed": 1, "done": 2}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "privilege" in failed.message.fr
    result = publish(*changed[1:])
    assert outcomes(result) == {"failed": 1, "kept": 2}
    assert one in catalogue.records


def test_a_record_that_we_may_not_see_is_a_conflict(
    publish: Publish, make_record: Make, catalogue: Any, geonetwork: Any
) -> None:
    record = make_record("communes")
    there = geonetwork.Kept(record.content, "somebody", 99, hidden=True)
    catalogue.records[record.identifier] = there
    result = publish(record)
    assert outcomes(result) == {"refused": 1}
    (receipt,) = result.receipts
    shown = {str(d.name.fr): d.there for d in receipt.change.disagreements}
    assert shown["access"] == "HTTP 403"
    assert catalogue.records[record.identifier] == there


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "RegisteredUser"},
        {"profile": "Guest"},
        {"groups": (99,)},
    ],
)
def test_an_account_that_may_not_write_is_told_before_anything_is_sent(
    publish: Publish, make_record: Make, catalogue: Any, change: dict[str, Any]
) -> None:
    account = catalogue.accounts["passerelle"]
    catalogue.accounts["passerelle"] = replace(account, **change)
    result = publish(make_record("a"))
    assert isinstance(result.problem, LoginRefused)
    assert "Editor" in result.problem.remedy.fr
    assert catalogue.records == {}


def test_an_administrator_writes_in_every_group(
    publish: Publish, make_record: Make, catalogue: Any, geonetwork: Any
) -> None:
    account = replace(catalogue.accounts["passerelle"], profile="Administrator")
    catalogue.accounts["passerelle"] = account
    assert outcomes(publish(make_record("a"))) == {"done": 1}


def test_without_a_group_the_record_has_none(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    assert outcomes(publish(make_record("a"), outlet={"group": ""})) == {"done": 1}
    (kept,) = catalogue.records.values()
    assert kept.group is None


def test_a_wrong_password_stops_before_anything_is_sent_and_is_in_no_message(
    publish: Publish, make_record: Make, catalogue: Any, caplog: Any
) -> None:
    outlet = {"password": Secret("tout autre chose")}
    result = publish(make_record("a"), outlet=outlet)
    assert isinstance(result.problem, LoginRefused)
    assert "tout autre chose" not in f"{result} {result.problem} {caplog.text}"
    assert catalogue.records == {}


def test_an_address_that_is_no_geonetwork_is_said_to_be_none(
    publish: Publish, make_record: Make, catalogue: Any
) -> None:
    url = catalogue.url.replace("/geonetwork", "/autre")
    result = publish(make_record("a"), url=url)
    assert isinstance(result.problem, OutletUnreachable)


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("https://c.example/geonetwork", "https://c.example/geonetwork/srv/api"),
        ("https://c.example/geonetwork/", "https://c.example/geonetwork/srv/api"),
        ("https://c.example/gn/srv", "https://c.example/gn/srv/api"),
        ("https://c.example/gn/srv/fre/catalog.search", "https://c.example/gn/srv/api"),
        ("https://c.example/gn/srv/api", "https://c.example/gn/srv/api"),
        ("https://c.example/gn/eau/api/", "https://c.example/gn/eau/api"),
    ],
)
def test_the_api_is_found_from_each_address_that_a_person_may_give(
    given: str, root: str
) -> None:
    assert api_root(given) == root


@pytest.mark.parametrize(
    ("change", "said"),
    [({"user": ""}, "outlets.geonetwork.user"), ({"group": "sig"}, "group")],
)
def test_settings_are_checked_before_anything_is_sent(
    settings: OutletConfiguration, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        GeoNetworkOutlet(replace(settings, **change))


def test_the_type_of_the_configuration_opens_it(settings: OutletConfiguration) -> None:
    with closing(open_outlet(settings)) as opened:
        assert isinstance(opened, GeoNetworkOutlet)


def test_what_is_read_back_is_the_record(
    outlet: GeoNetworkOutlet, publish: Publish, make_record: Make
) -> None:
    record = make_record("communes")
    publish(record)
    publish(changed := make_record("communes", title="Communes d'ici"))
    found = outlet.read_back(record.identifier)
    assert found is not None
    assert changed.fingerprint == replace(record, content=found).fingerprint
    path = "gmd:dateStamp/gco:Date"
    assert parse(found).findtext(path, namespaces=NAMESPACES)
    assert outlet.read_back("nobody's") is None
