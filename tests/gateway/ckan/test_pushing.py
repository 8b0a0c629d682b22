"""Pushing to the real CKAN: what is meant is what is there, once, read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.outlets.ckan.outlet import CkanOutlet
from gateway.publication.result import OutletResult
from metadata.ckan import FINGERPRINT, package_name
from metadata.dcat_terms import file_type
from metadata.errors import ConfigurationError, OutletRefused, OutletUnreachable
from metadata.record import Record
from metadata.stated import Access, Contact, Frequency, StatedPeriod
from providers.configuration import OutletConfiguration, Secret
from providers.store import Store

pytestmark = pytest.mark.ckan
Publish = Callable[..., OutletResult]
MakeRecord = Callable[..., Record]


def planned(result: OutletResult) -> dict[str, int]:
    assert result.plan is not None, result.problem
    return {str(action): n for action, n in result.plan.counts.items() if n}


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


def messages(result: OutletResult) -> list[str]:
    return [f"{r.change.reason.en} {r.message.en}" for r in result.receipts]


def extras(dataset: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in dataset["extras"]}


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
    "restricted": {"access": Access.RESTRICTED, "access_limitation": "f"},
    "no licence": {"producer": "Autre"},
    "odd words": {
        "title": "  Été\u00a0: l'eau\tà\n«\u202fParis\u202f» e\u0301 \U0001f30d ",
        "keywords": ("l'eau, l'air", "e\u0301te\u0301", "a/b", "œ", "x.y-z_1", "…"),
    },
    "no mail": {
        "contacts": (
            Contact(organisation="Agence", email="", url="https://example.org/c"),
        )
    },
    **{f"frequency {each}": {"frequency": each} for each in Frequency},
    **{
        f"licence {key}": {"licence": key}
        for key in ("etalab-1.0", "odbl-1.0", "cc-by-4.0", "cc-by-sa-4.0")
    },
}


class TestWhatIsPushed:
    def test_is_read_back_as_meant_and_not_sent_again(
        self, record: MakeRecord, publish: Publish
    ) -> None:
        wanted = [
            record(f"jeu-{number}", **VARIANTS[variant])
            for number, variant in enumerate(VARIANTS)
        ]
        first = publish(*wanted)
        assert outcomes(first) == {"done": len(wanted)}, messages(first)
        assert planned(publish(*wanted)) == {"keep": len(wanted)}

    def test_is_what_a_stranger_sees(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.act("package_show", portal.stranger, id=portal.named("communes"))
        said = extras(found)
        assert found["license_title"] == "Licence Ouverte 2.0"
        assert found["maintainer"].startswith("Service de l'eau (")
        assert found["maintainer_email"] == "sig@example.org"
        assert found["url"].startswith("https://geo.example.org/")
        assert {"hvd", "Cœur d îlot", "eau gaz", "Été 2024"} <= {
            each["name"] for each in found["tags"]
        }
        assert json.loads(said["spatial"])["type"] == "Polygon"
        assert said["temporal_start"] == "2019-01-01"
        assert said["issued"] == "2020-02-29"
        assert said["frequency"].endswith("/ANNUAL")
        assert said["creator_name"] == "Agence"
        assert said["uri"] == said["identifier"] == f"{portal.base}/communes"
        assert json.loads(said["hvd_category"])[0].startswith("http://data.europa.eu/")
        assert said["spatial_resolution_in_meters"] == "2.5"
        kinds = [each["resource_type"] for each in found["resources"]]
        assert kinds[0] == "file"
        assert kinds.count("api") == 1
        assert {"GeoJSON", "CSV", "OGC API Features"} <= {
            each["format"] for each in found["resources"]
        }

    def test_formats_are_spelled_as_the_portal_spells_them(self, portal: Any) -> None:
        endings = ("geojson", "gpkg", "csv", "shp", "kml", "pdf", "xlsx", "ods", "json")
        for ending in endings:
            assert file_type(f"a.{ending}") or ending == "shp"
            spelled = portal.formats.get(ending, ending.upper())
            assert spelled == ("GeoJSON" if ending == "geojson" else ending.upper())

    def test_a_file_says_where_it_is_downloaded(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        for each in portal.one("communes")["resources"]:
            is_file = each["resource_type"] == "file"
            assert each.get("download_url") == (each["url"] if is_file else None)


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
        assert (after["id"], after["name"]) == (before["id"], before["name"])
        identifiers = [each["id"] for each in before["resources"]]
        assert [each["id"] for each in after["resources"]] == identifiers

    def test_takes_away_what_is_not_stated_any_more(
        self, record: MakeRecord, publish: Publish
    ) -> None:
        facts = ("period", "keywords", "contacts", "links", "abstract", "licence")
        nothing: dict[str, Any] = {"period": None, "abstract": "", "licence": ""}
        stated = {"producer": "Autre", "licence": "etalab-2.0"}
        publish(*(record(fact, **stated) for fact in facts))
        wanted = [
            record(fact, **{**stated, fact: nothing.get(fact, ())}) for fact in facts
        ]
        result = publish(*wanted)
        assert outcomes(result) == {"done": len(facts)}, messages(result)
        assert planned(publish(*wanted)) == {"keep": len(facts)}

    def test_leaves_what_others_keep_there(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.one("communes")
        resources = found["resources"]
        resources[0]["autre_note"] = "aussi"
        note = {"key": "autre_note", "value": "à garder"}
        portal.edit(
            "communes",
            extras=[*found["extras"], note],
            resources=resources,
            version="7",
        )
        assert planned(publish(record())) == {"keep": 1}
        result = publish(record(title="Autre"))
        assert outcomes(result) == {"done": 1}, messages(result)
        after = portal.one("communes")
        assert extras(after)["autre_note"] == "à garder"
        assert after["version"] == "7"
        assert after["resources"][0]["autre_note"] == "aussi"

    def test_made_there_since_the_list_was_read_is_not_undone(
        self, record: MakeRecord, publish: Publish, portal: Any, faulty_before: Any
    ) -> None:
        publish(record())
        proxy = faulty_before(portal.url)

        def edit_first(handler: Any, body: bytes) -> None:
            portal.edit("communes", title="Entre-temps")
            proxy_forward(handler, body)

        proxy_forward = proxy.act_for(b"nothing")
        proxy.then("package_show", edit_first)
        address = proxy.url.removesuffix("/csw")
        result = publish(record(title="Voulu"), url=address)
        assert outcomes(result) == {"failed": 1}
        assert portal.one("communes")["title"] == "Entre-temps"
        assert planned(publish(record(title="Voulu"))) == {"conflict": 1}


class TestWhatVanishes:
    def test_is_deleted_and_others_are_not_touched(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record("a"), record("b"))
        before = portal.one("a")
        result = publish(record("a"))
        assert planned(result) == {"delete": 1, "keep": 1}
        assert outcomes(result) == {"done": 1, "kept": 1}, messages(result)
        assert portal.one("b")["state"] == "deleted"
        assert portal.one("a") == before
        assert planned(publish(record("a"))) == {"keep": 1}

    @pytest.mark.parametrize("how", ["deleted by us", "deleted by somebody", "purged"])
    def test_comes_back_under_its_address(
        self, record: MakeRecord, publish: Publish, portal: Any, how: str
    ) -> None:
        publish(record("a"), record("b"))
        before = portal.one("b")
        if how == "deleted by us":
            publish(record("a"))
        elif how == "purged":
            portal.behind("purge", id=before["id"])
        else:
            portal.act("package_delete", id=before["id"])
        result = publish(record("a"), record("b"))
        assert planned(result) == {"create": 1, "keep": 1}
        assert outcomes(result) == {"done": 1, "kept": 1}, messages(result)
        after = portal.one("b")
        assert (after["name"], after["state"]) == (before["name"], "active")
        assert (after["id"] == before["id"]) == (how != "purged")
        assert [r["id"] for r in after["resources"]] == [
            r["id"] for r in before["resources"]
        ]


class TestAConflict:
    def test_is_shown_field_by_field_and_left_alone(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record(title="Envoyé"))
        portal.edit("communes", title="Là-bas", maintainer="Moi")
        result = publish(record(title="Voulu"))
        assert planned(result) == {"conflict": 1}
        (receipt,) = result.receipts
        said = {d.name.en: d for d in receipt.change.disagreements}
        title, maintainer = said["title"], said["maintainer"]
        assert (title.sent, title.there, title.wanted) == ("Envoyé", "Là-bas", "Voulu")
        assert maintainer.there == "Moi"
        assert "license" not in said
        assert portal.one("communes")["title"] == "Là-bas"

    @pytest.mark.parametrize(
        "edit",
        [{"private": True}, {"name": "autre-nom", "tags": []}],
        ids=["private", "name and tags"],
    )
    def test_is_overwritten_on_demand(
        self, record: MakeRecord, publish: Publish, portal: Any, edit: dict[str, Any]
    ) -> None:
        publish(record())
        before = portal.one("communes")
        portal.edit("communes", **edit)
        assert planned(publish(record())) == {"conflict": 1}
        result = publish(record(title="Voulu"), overwrite=True)
        assert outcomes(result) == {"done": 1}, messages(result)
        after = portal.one("communes")
        assert (after["title"], after["private"]) == ("Voulu", False)
        assert after["id"] == before["id"]
        assert len(after["tags"]) == len(before["tags"])

    def test_a_resource_added_there_by_hand_is_one(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        resources = portal.one("communes")["resources"]
        extra = {"name": "À la main", "url": "https://example.org/main.csv"}
        portal.edit("communes", resources=[*resources, extra])
        assert planned(publish(record())) == {"conflict": 1}

    def test_without_our_ledger_what_nobody_edited_is_still_ours(
        self, record: MakeRecord, publish: Publish, store: Store
    ) -> None:
        publish(record())
        for entry in store.entries("portail"):
            lost = replace(entry, fingerprint="", published_fingerprint="")
            store.keep_entries([lost])
        result = publish(record(title="Autre"))
        assert planned(result) == {"update": 1}
        assert outcomes(result) == {"done": 1}, messages(result)


class TestSomebodyElse:
    def test_who_moved_our_dataset_to_another_organisation_keeps_it(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        other = portal.behind("group", name=portal.named("ailleurs"), title="Ailleurs")
        portal.edit("communes", owner_org=other["id"])
        result = publish(record(title="Autre"))
        assert outcomes(result) == {"failed": 1}
        (said,) = messages(result)
        assert "another organisation's (Ailleurs)" in said
        assert portal.one("communes")["title"] != "Autre"

    def test_who_has_our_name_for_a_private_dataset_is_left_alone(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        name = portal.named("communes")
        hidden = portal.behind("hidden", name=name)
        result = publish(record())
        assert outcomes(result) == {"failed": 1}
        assert "already in use" in messages(result)[0]
        portal.behind("purge", id=hidden["id"])

    def test_has_a_copy_of_ours_and_ours_is_the_one_with_our_name(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        publish(record())
        found = portal.one("communes")
        copied = {
            **{name: found[name] for name in ("title", "notes", "owner_org", "extras")},
            "name": f"copie-{found['name']}"[:100],
        }
        portal.act("package_create", **copied)
        assert planned(publish(record())) == {"keep": 1}
        assert outcomes(publish(record(title="Autre"))) == {"done": 1}
        assert portal.one("communes")["title"] == "Autre"

    def test_harvests_us_and_nothing_is_sent(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        harvested = {"key": "identifier", "value": f"{portal.base}/communes"}
        portal.act(
            "package_create",
            name=f"moissonne-{portal.named('communes')}",
            owner_org=portal.organisation,
            extras=[harvested],
        )
        result = publish(record())
        assert result.exit_code == 1
        assert isinstance(result.problem, OutletRefused)
        assert "harvested from us" in result.problem.text.en
        assert len(portal.datasets()) == 1


class TestBeforeAnythingIsSent:
    def test_a_licence_that_the_portal_does_not_have_is_a_finding(
        self, record: MakeRecord, publish: Publish, portal: Any
    ) -> None:
        result = publish(record("a"), record("b", licence="cc0-1.0"))
        (finding,) = result.findings
        assert (finding.code, finding.subject) == ("outlet.licence-unknown", "b")
        assert "cc0-1.0" in finding.reason.fr
        assert result.exit_code == 1
        assert planned(result) == {"create": 1}
        assert len(portal.datasets()) == 1

    @pytest.mark.parametrize(
        ("changed", "error", "said"),
        [
            ({"key": Secret("wrong")}, OutletRefused, "wrong or expired"),
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

    @pytest.mark.parametrize("ending", ["/", "/api/3/action/"])
    def test_the_address_may_be_that_of_the_portal_or_of_its_api(
        self, publish: Publish, portal: Any, ending: str
    ) -> None:
        assert planned(publish(url=portal.url + ending)) == {}

    @pytest.mark.parametrize("missing", ["organisation", "key"])
    def test_a_setting_left_out_is_named(
        self, settings: OutletConfiguration, missing: str
    ) -> None:
        nothing = Secret("") if missing == "key" else ""
        with pytest.raises(ConfigurationError, match=missing):
            CkanOutlet(replace(settings, **{missing: nothing}))


def test_many_datasets_are_looked_at_in_a_few_requests(
    record: MakeRecord, publish: Publish, portal: Any, faulty_before: Any
) -> None:
    """The portal pages by at most so many, whatever is asked for."""
    wanted = [record(f"jeu{number:03}", links=()) for number in range(12)]
    assert outcomes(publish(*wanted)) == {"done": 12}
    proxy = faulty_before(portal.url)
    result = publish(*wanted, url=proxy.url.removesuffix("/csw"))
    assert planned(result) == {"keep": 12}
    assert len(proxy.seen) == 4


def test_a_name_is_the_portals_kind_of_name_and_nobody_elses() -> None:
    one = package_name("https://data.example.org/id/Communes_2024")
    other = package_name("https://data.example.com/id/Communes_2024")
    assert one.startswith("communes_2024-")
    assert one != other
    assert len(package_name(f"https://data.example.org/{'é' * 300}")) <= 100


def test_the_seal_is_in_an_extra(
    record: MakeRecord, publish: Publish, portal: Any
) -> None:
    wanted = record()
    publish(wanted)
    assert extras(portal.one("communes"))[FINGERPRINT] == wanted.fingerprint
