"""A dataset in the words of udata: blessed, complete, and stable when read back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.codelists import ACCESS_LIMITATIONS, LICENCES
from metadata.record import canonical
from metadata.stated import Frequency, Role, TableSchema
from metadata.udata import (
    FINGERPRINT,
    WORDS,
    encode_udata,
    sealed,
    slug,
    understood,
)
from metadata.udata_body import body

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "udata"


def as_answered(record, **changes):
    """Return what a portal that keeps all of it answers of a dataset."""
    content = json.loads(record.content)
    sent = body(content, organisation="o", contact_points=["c"])
    number = iter(range(1000))
    resources = [{"id": str(next(number)), **each} for each in sent["resources"]]
    contacts = [{"id": "c", **each} for each in content["contact_points"]]
    said = {"resources": resources, "contact_points": contacts, "id": "d"}
    return {**sent, **said, **changes}


@pytest.mark.parametrize("name", ["points", "polygons-hvd", "restricted", "table"])
def test_a_dataset_is_as_it_was_blessed(samples, name, bless):
    written = encode_udata(samples[name]).content
    path = GOLDEN / f"{name}.json"
    if bless:
        path.write_bytes(written)
    assert written == path.read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_dataset_is_understood_as_it_was_written(datasets, data):
    record = encode_udata(data.draw(datasets))
    answer = json.loads(json.dumps(as_answered(record)))
    assert canonical(understood(answer)) == canonical(record.content)
    assert sealed(answer)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_keys_of_resources_are_each_its_own(datasets, data):
    resources = json.loads(encode_udata(data.draw(datasets)).content)["resources"]
    keys = [each["key"] for each in resources]
    assert len(set(keys)) == len(keys)
    assert all(keys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Autre"),
        ("description", ""),
        ("license", "fr-lo"),
        ("tags", []),
        ("private", True),
        ("temporal_coverage", None),
        ("spatial", None),
        ("contact_points", []),
        ("resources", []),
        ("frequency", "daily"),
        ("access_type", "open_with_account"),
    ],
)
def test_an_edit_over_there_breaks_the_seal(samples, name, value):
    record = encode_udata(samples["polygons-hvd"])
    assert sealed(as_answered(record))
    edited = as_answered(record, **{name: value})
    assert not sealed(edited)
    assert canonical(understood(edited)) != canonical(record.content)


def test_a_seal_of_nobody_is_none(samples):
    answer = as_answered(encode_udata(samples["points"]))
    del answer["extras"][FINGERPRINT]
    assert not sealed(answer)


def with_schema(dataset, schema):
    """Return a dataset whose first collection follows a schema."""
    first = dataset.collections[0]
    followed = replace(first, description=replace(first.description, schema=schema))
    return replace(dataset, collections=(followed, *dataset.collections[1:]))


def test_a_schema_is_said_of_the_csv_file_of_its_collection(samples):
    schema = TableSchema(name="etalab/schema-irve", version="2.3.1")
    record = encode_udata(with_schema(samples["points"], schema))
    answer = as_answered(record)
    assert canonical(understood(answer)) == canonical(record.content)
    said = {"name": "etalab/schema-irve", "version": "2.3.1", "url": None}
    (stated,) = (r for r in json.loads(record.content)["resources"] if "schema" in r)
    assert (stated["format"], stated["schema"]) == ("csv", said)
    for each in answer["resources"]:
        each["schema"] = None
    assert canonical(understood(answer)) != canonical(record.content)


@pytest.mark.parametrize("knows_zones", [True, False])
def test_zones_are_understood_whether_the_portal_knows_them_or_not(
    samples, knows_zones
):
    dataset = samples["points"]
    zones = ("fr:departement:93", "fr:commune:93066")
    stated = replace(dataset, description=replace(dataset.description, zones=zones))
    record = encode_udata(stated)
    content = json.loads(record.content)
    sent = body(
        content, organisation="o", contact_points=["c"], knows_zones=knows_zones
    )
    assert bool(sent["spatial"]["zones"]) == knows_zones
    assert bool(sent["spatial"]["geom"]) != knows_zones
    answer = as_answered(record, spatial=sent["spatial"])
    assert sealed(answer)
    answer["spatial"] = {"zones": ["fr:departement:75"], "geom": None}
    assert not sealed(answer)


def test_zones_of_the_organisation_hold_for_datasets_that_state_none(samples):
    dataset = samples["points"]
    ours = replace(dataset.organisation, zones=("fr:departement:93",))
    record = encode_udata(replace(dataset, organisation=ours))
    assert json.loads(record.content)["zones"] == ["fr:departement:93"]
    assert "zones" not in json.loads(encode_udata(dataset).content)


def test_a_record_without_a_schema_says_nothing_of_any(samples):
    """Else what was published before would count as edited by somebody."""
    resources = json.loads(encode_udata(samples["points"]).content)["resources"]
    assert not any("schema" in each for each in resources)


def test_what_others_keep_there_is_sent_back(samples):
    record = encode_udata(samples["points"])
    there = as_answered(record)
    there["extras"]["autre"] = "x"
    there["resources"][0]["extras"]["autre"] = "y"
    content = json.loads(record.content)
    sent = body(content, organisation="o", contact_points=[], there=there)
    assert sent["extras"]["autre"] == "x"
    assert sent["resources"][0]["extras"]["autre"] == "y"
    assert [each["id"] for each in sent["resources"]] == [
        each["id"] for each in there["resources"]
    ]


@settings(max_examples=300, deadline=None)
@given(word=st.text(max_size=200))
def test_a_tag_is_a_fixed_point_of_udatas_own_slugs(word):
    tag = slug(word)
    assert tag == "" or re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", tag)
    assert tag == "" or 3 <= len(tag) <= 96
    assert slug(tag) == tag


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("Cœur d'îlot", "coeur-d-ilot"),
        ("Géospatiales", "geospatiales"),
        ("eau & gaz", "eau-gaz"),
        ("a", ""),
        ("x" * 120, "x" * 96),
    ],
)
def test_a_tag_is_spelled_as_people_expect(word, tag):
    assert slug(word) == tag


def test_every_word_of_ours_has_one_there():
    assert set(WORDS["licences"]) == {k for k, v in LICENCES.items() if v.text}
    assert set(WORDS["frequencies"]) == set(Frequency)
    assert set(WORDS["roles"]) == set(Role)
    assert set(WORDS["reasons"]) == set(ACCESS_LIMITATIONS) - {"none"}
