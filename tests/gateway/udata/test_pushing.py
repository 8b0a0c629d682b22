"""Pushing to the real udata: what is meant is what is there, once, read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.outlets.http import LoginRefused
from gateway.outlets.udata.outlet import UdataOutlet
from gateway.publication.result import OutletResult
from metadata.errors import ConfigurationError, OutletRefused, OutletUnreachable
from metadata.record import Record
from metadata.stated import Access, Frequency, StatedPeriod, TableSchema
from metadata.udata import WORDS
from providers.configuration import OutletConfiguration, Secret
from providers.store import Store

pytestmark = pytest.mark.udata
OURS = "https://geo.example.org"
BASE = "https://data.example.org/id"
Publish = Callable[..., OutletResult]
MakeRecord = Callable[..., Record]


def planned(result: OutletResult) -> dict[str, int]:
    assert result.plan is not None, result.problem
    return {str(action): n for action, n in result.plan.counts.items() if n}


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


def messages(result: OutletResult) -> list[str]:
    return [f"{r.change.reason.en} {r.message.en}" for r in result.receipts]


VARIANTS: dict[str, dict[str, Any]] = {
    "all": {},
    "bare": {
        "abstract": "",
        "lineage": "",
        "purpose": "",
        "limitations": "",
        "keywords": (),
        "themes": (),
        "hvd": (),
        "period": None,
        "contacts": (),
        "links": (),
        "frequency": Frequency.UNKNOWN,
    },
    "open end": {"period": StatedPeriod(start=date(2021, 7, 1))},
    "schema": {"schema": TableSchema(name="etalab/schema-irve", version="2.3.1")},
    "schema of any version": {"schema": TableSchema(name="etalab/schema-irve")},
    "schema elsewhere": {"schema": TableSchema(url="https://example.org/s.json")},
    "restricted": {"access": Access.RESTRICTED, "access_limitation": "f"},
    **{
        f"frequency {each}": {"frequency": each}
        for each in Frequency
        if each is not Frequency.UNKNOWN
    },
    **{f"licence {key}": {"licence": key} for key in WORDS["licences"]},
}


class TestWhatIsPushed:
    @pytest.mark.parametrize("variant", VARIANTS)
    def test_is_read_back_as_meant_and_not_sent_again(
        self, record: MakeRecord, publish: Publish, variant: str
    ) -> None:
        wanted = record(**VARIANTS[variant])
        first = publish(wanted)
        assert outcomes(first) == {"done": 1}, messages(first)
        assert planned(publish(wanted)) == {"keep": 1}

    def test_is_what_a_stranger_sees(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.one("communes")
        assert found["license"] == "lov2"
        assert found["frequency"] == "annual"
        assert found["access_type"] == "open"
        assert {"hvd", "geospatiales", "inspire", "hydrographie"} <= set(found["tags"])
        assert found["spatial"]["geom"]["type"] == "MultiPolygon"
        assert found["temporal_coverage"]["start"].startswith("2019-01-01")
        assert {c["role"] for c in found["contact_points"]} == {
            "contact",
            "rightsHolder",
        }
        kinds = [each["type"] for each in found["resources"]]
        assert kinds.count("api") == 1
        assert kinds[0] == "main"
        assert "documentation" in kinds

    def test_carries_the_reason_of_article_13(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record(access=Access.RESTRICTED, access_limitation="f"))
        found = portal.one("communes")
        assert found["access_type"] == "restricted"
        reason = found["access_type_reason_category"]
        assert reason == "confidentiality_of_personal_data"


class TestATerritory:
    KNOWN = ("fr:departement:93", "fr:commune:93066")

    @pytest.fixture(autouse=True)
    def _zones(self, portal: Any) -> None:
        for zone in self.KNOWN:
            portal.behind("zone", id=zone)

    def test_that_the_portal_knows_stands_for_the_box(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        wanted = record(zones=self.KNOWN)
        result = publish(wanted)
        assert outcomes(result) == {"done": 1}, messages(result)
        spatial = portal.one("communes")["spatial"]
        assert sorted(spatial["zones"]) == sorted(self.KNOWN)
        assert spatial["geom"] is None
        assert planned(publish(wanted)) == {"keep": 1}

    def test_that_it_does_not_know_leaves_the_box(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        wanted = record(zones=("fr:departement:93", "fr:epci:0"))
        result = publish(wanted)
        assert outcomes(result) == {"done": 1}, messages(result)
        assert portal.one("communes")["spatial"]["geom"]["type"] == "MultiPolygon"
        assert planned(publish(wanted)) == {"keep": 1}

    def test_comes_and_goes(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        for zones in (self.KNOWN, self.KNOWN[:1], ()):
            result = publish(record(zones=zones))
            assert outcomes(result) == {"done": 1}, messages(result)
        assert portal.one("communes")["spatial"]["geom"]

    def test_changed_there_is_a_conflict(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record(zones=self.KNOWN))
        portal.edit("communes", spatial={"zones": [self.KNOWN[0]]})
        assert planned(publish(record(zones=self.KNOWN))) == {"conflict": 1}


class TestAChange:
    def test_sends_one_update_and_keeps_the_identifiers(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record("a"), record("b"))
        before = portal.one("b")
        result = publish(record("a"), record("b", title="Autre"))
        assert planned(result) == {"update": 1, "keep": 1}
        assert outcomes(result) == {"done": 1, "kept": 1}, messages(result)
        after = portal.one("b")
        assert after["title"] == "Autre"
        assert after["id"] == before["id"]
        identifiers = [each["id"] for each in before["resources"]]
        assert [each["id"] for each in after["resources"]] == identifiers

    @pytest.mark.parametrize(
        "fact",
        ["period", "keywords", "contacts", "links", "abstract", "licence", "hvd"],
    )
    def test_takes_away_what_is_not_stated_any_more(
        self, record: MakeRecord, publish: Publish, fact: str
    ) -> None:
        nothing: dict[str, Any] = {"period": None, "abstract": "", "licence": ""}
        publish(record(producer="Autre", licence="etalab-2.0"))
        less = {"producer": "Autre", "licence": "etalab-2.0"}
        wanted = record(**{**less, fact: nothing.get(fact, ())})
        result = publish(wanted)
        assert outcomes(result) == {"done": 1}, messages(result)
        assert planned(publish(wanted)) == {"keep": 1}

    def test_takes_the_box_away_with_the_last_row(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        result = publish(record(measured=None))
        assert outcomes(result) == {"done": 1}, messages(result)
        assert portal.one("communes")["spatial"]["geom"] is None

    def test_opens_what_was_restricted(
        self, record: MakeRecord, publish: Publish
    ) -> None:
        publish(record(access=Access.RESTRICTED, access_limitation="f"))
        result = publish(record())
        assert outcomes(result) == {"done": 1}, messages(result)

    def test_puts_a_schema_on_the_csv_file_alone_and_takes_it_away(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record(schema=TableSchema(name="etalab/schema-irve")))
        named = [
            each["format"]
            for each in portal.one("communes")["resources"]
            if (each["schema"] or {}).get("name") == "etalab/schema-irve"
        ]
        assert named == ["csv"]
        result = publish(record())
        assert outcomes(result) == {"done": 1}, messages(result)
        schemas = [each["schema"] for each in portal.one("communes")["resources"]]
        assert not any((each or {}).get("name") for each in schemas)

    def test_leaves_the_schema_that_somebody_stated_there(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        resources = portal.one("communes")["resources"]
        resources[0]["schema"] = {"url": "https://example.org/s.json"}
        portal.edit("communes", resources=resources)
        assert planned(publish(record())) == {"keep": 1}
        result = publish(record(title="Autre"))
        assert outcomes(result) == {"done": 1}, messages(result)
        after = portal.one("communes")["resources"][0]["schema"]
        assert after["url"] == "https://example.org/s.json"

    def test_leaves_the_extras_of_others(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.one("communes")
        resources = found["resources"]
        resources[0]["extras"]["autre:note"] = "aussi"
        extras = {**found["extras"], "autre:note": "à garder"}
        portal.edit("communes", extras=extras, resources=resources)
        result = publish(record(title="Autre"))
        assert outcomes(result) == {"done": 1}, messages(result)
        after = portal.one("communes")
        assert after["extras"]["autre:note"] == "à garder"
        assert after["resources"][0]["extras"]["autre:note"] == "aussi"


class TestWhatVanishes:
    def test_is_archived_and_nothing_else_is_touched(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record("a"), record("b"))
        before = portal.one("b")
        result = publish(record("a"))
        assert planned(result) == {"delete": 1, "keep": 1}
        assert outcomes(result) == {"done": 1, "kept": 1}, messages(result)
        after = portal.one("b")
        assert after["archived"]
        assert after["deleted"] is None
        passing = {"archived", "last_modified", "last_update", "internal", "quality"}
        for name in before.keys() - passing:
            assert after[name] == before[name], name
        assert planned(publish(record("a"))) == {"keep": 1}

    @pytest.mark.parametrize("how", ["archived by us", "deleted by somebody"])
    def test_comes_back_under_its_address(
        self, record: MakeRecord, publish: Publish, portal: Any, how: str
    ) -> None:
        publish(record("a"), record("b"))
        before = portal.one("b")
        if how == "archived by us":
            publish(record("a"))
        else:
            portal.delete("b")
        result = publish(record("a"), record("b"))
        assert planned(result) == {"create": 1, "keep": 1}
        assert outcomes(result) == {"done": 1, "kept": 1}, messages(result)
        after = portal.one("b")
        assert (after["id"], after["archived"], after["deleted"]) == (
            before["id"],
            None,
            None,
        )
        assert [r["id"] for r in after["resources"]] == [
            r["id"] for r in before["resources"]
        ]


class TestAConflict:
    def test_is_shown_field_by_field_and_left_alone(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record(title="Envoyé"))
        portal.edit("communes", title="Là-bas", frequency="daily")
        result = publish(record(title="Voulu"))
        assert planned(result) == {"conflict": 1}
        (receipt,) = result.receipts
        said = {d.name.en: d for d in receipt.change.disagreements}
        title, frequency = said["title"], said["frequency"]
        assert (title.sent, title.there, title.wanted) == ("Envoyé", "Là-bas", "Voulu")
        assert (frequency.sent, frequency.there) == ("annual", "daily")
        assert "license" not in said
        assert portal.one("communes")["title"] == "Là-bas"

    def test_is_overwritten_on_demand(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        portal.edit("communes", title="Là-bas")
        result = publish(record(title="Voulu"), overwrite=True)
        assert outcomes(result) == {"done": 1}, messages(result)
        assert portal.one("communes")["title"] == "Voulu"

    def test_a_resource_added_there_by_hand_is_one(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        resources = portal.one("communes")["resources"]
        extra = {
            "title": "À la main",
            "type": "main",
            "filetype": "remote",
            "url": "https://example.org/main.csv",
            "format": "csv",
        }
        portal.edit("communes", resources=[*resources, extra])
        assert planned(publish(record())) == {"conflict": 1}

    def test_without_our_ledger_what_nobody_edited_is_still_ours(
        self, record: MakeRecord, publish: Publish, store: Store
    ) -> None:
        publish(record())
        for entry in store.entries("data.gouv.fr"):
            lost = replace(entry, fingerprint="", published_fingerprint="")
            store.keep_entries([lost])
        result = publish(record(title="Autre"))
        assert planned(result) == {"update": 1}
        assert outcomes(result) == {"done": 1}, messages(result)


class TestBeforeAnythingIsSent:
    def test_a_licence_that_the_portal_does_not_have_is_a_finding(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        good = record("a")
        content = json.loads(record("b").content)
        odd = replace(
            record("b"), content=json.dumps({**content, "license": "gpl"}).encode()
        )
        result = publish(good, odd)
        (finding,) = result.findings
        assert (finding.code, finding.subject) == ("outlet.licence-unknown", "b")
        assert "gpl" in finding.reason.fr
        assert result.exit_code == 1
        assert planned(result) == {"create": 1}
        assert len(portal.datasets()) == 1

    @pytest.mark.parametrize(
        ("schema", "said"),
        [
            (TableSchema(name="etalab/nul"), "etalab/nul"),
            (TableSchema(name="etalab/schema-irve", version="9"), "2.3.1"),
            (
                TableSchema(url="https://schema.example.org/irve/2.3.1.json"),
                "name: etalab/schema-irve",
            ),
        ],
        ids=["name", "version", "address of a known one"],
    )
    def test_a_schema_that_the_portal_takes_otherwise_is_a_finding(
        self,
        record: MakeRecord,
        publish: Publish,
        portal: Any,
        schema: TableSchema,
        said: str,
    ) -> None:
        result = publish(record("a"), record("b", schema=schema))
        (finding,) = result.findings
        assert (finding.code, finding.subject) == ("outlet.schema-unknown", "b")
        assert said in f"{finding.reason.fr} {finding.hint.fr}"
        assert planned(result) == {"create": 1}

    @pytest.mark.parametrize(
        ("changed", "error", "said"),
        [
            ({"key": Secret("udata_wrong")}, LoginRefused, "access refused"),
            ({"organisation": "nobody"}, OutletRefused, "no organisation “nobody”"),
            ({"url": "http://127.0.0.1:9"}, OutletUnreachable, "no connection"),
        ],
    )
    def test_who_may_not_write_is_told(
        self,
        record: MakeRecord,
        publish: Publish,
        portal: Any,
        changed: dict[str, Any],
        error: type[Exception],
        said: str,
    ) -> None:
        result = publish(record(), outlet=changed)
        assert isinstance(result.problem, error)
        assert said in result.problem.text.en
        assert portal.key not in repr(result.problem)
        assert portal.datasets() == []

    def test_a_stranger_to_the_organisation_is_refused(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        result = publish(record(), outlet={"key": Secret(portal.stranger)})
        assert result.exit_code == 1
        assert result.problem is not None
        assert "neither an editor" in result.problem.text.en

    @pytest.mark.parametrize("missing", ["organisation", "key"])
    def test_a_setting_left_out_is_named(
        self, settings: OutletConfiguration, missing: str
    ) -> None:
        nothing = Secret("") if missing == "key" else ""
        with pytest.raises(ConfigurationError, match=missing):
            UdataOutlet(replace(settings, **{missing: nothing}))


class TestOneRoute:
    @pytest.mark.parametrize(
        "address",
        [
            f"{OURS}/dcat/catalog.jsonld",
            "http://GEO.example.org/csw",
            "https://geo.example.org",
        ],
    )
    def test_a_harvest_source_on_our_address_stops_the_push(
        self, record: MakeRecord, publish: Publish, portal: Any, address: str
    ) -> None:
        portal.behind("source", url=address, organisation=portal.organisation)
        result = publish(record())
        assert result.exit_code == 1
        assert isinstance(result.problem, OutletRefused)
        assert "moissonne déjà" in result.problem.text.fr
        assert portal.datasets() == []

    @pytest.mark.parametrize(
        "address", ["https://geo.example.org.evil.com/csw", "https://other.example.com"]
    )
    def test_another_source_does_not(
        self, record: MakeRecord, publish: Publish, portal: Any, address: str
    ) -> None:
        portal.behind("source", url=address, organisation=portal.organisation)
        assert outcomes(publish(record())) == {"done": 1}

    def test_a_harvested_dataset_with_our_address_stops_the_push(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.one("communes")
        uri = f"{BASE}/communes"
        portal.behind("harvested", id=found["id"], uri=uri)
        result = publish(record(title="Autre"))
        assert result.exit_code == 1
        assert result.problem is not None
        assert "harvested from us" in result.problem.text.en
        assert len(portal.datasets()) == 1

    def test_harvest_is_refused_where_nothing_harvests(
        self, record: MakeRecord, publish: Publish
    ) -> None:
        result = publish(record(), outlet={"route": "harvest"})
        assert result.exit_code == 1
        assert result.problem is not None
        assert "no harvest source" in result.problem.text.en

    def test_from_push_to_harvest_what_was_pushed_is_archived(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        portal.behind("source", url=OURS, organisation=portal.organisation)
        result = publish(record(), outlet={"route": "harvest"})
        assert planned(result) == {"delete": 1}
        assert outcomes(result) == {"done": 1}, messages(result)
        assert portal.one("communes")["archived"]
