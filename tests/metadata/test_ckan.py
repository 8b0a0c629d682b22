"""A dataset in the words of CKAN: blessed, complete, and stable when read back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.ckan import (
    FINGERPRINT,
    KEY,
    LICENCES,
    encode_ckan,
    package_name,
    portal_licence,
    sealed,
    tag,
    understood,
)
from metadata.ckan_body import body
from metadata.ckan_extras import OURS
from metadata.codelists import LICENCES as OUR_LICENCES
from metadata.record import canonical

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "ckan"
NAME = re.compile("[a-z0-9_-]{2,100}")


def as_answered(record, **changes):
    """Return what a portal that keeps all of it answers of a dataset."""
    content = json.loads(record.content)
    licence = next(iter(LICENCES.get(content["license"], ("",))))
    sent = body(content, organisation="o", licence=licence)
    return {**sent, "id": "d", **changes}


@pytest.mark.parametrize("name", ["points", "polygons-hvd", "restricted", "table"])
def test_a_dataset_is_as_it_was_blessed(samples, name, bless):
    written = encode_ckan(samples[name]).content
    path = GOLDEN / f"{name}.json"
    if bless:
        path.write_bytes(written)
    assert written == path.read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_dataset_is_understood_as_it_was_written(datasets, data):
    record = encode_ckan(data.draw(datasets))
    answer = json.loads(json.dumps(as_answered(record)))
    assert canonical(understood(answer)) == canonical(record.content)
    assert sealed(answer)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_dataset_is_within_the_rules_of_the_portal(datasets, data):
    sent = as_answered(encode_ckan(data.draw(datasets)))
    assert NAME.fullmatch(sent["name"])
    assert all(re.fullmatch(r"[\w .-]{2,100}", each["name"]) for each in sent["tags"])
    keys = [each["key"] for each in sent["extras"]]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & sent.keys()
    assert set(keys) <= {*OURS, FINGERPRINT}
    assert all(isinstance(e["value"], str) and e["value"] for e in sent["extras"])
    identifiers = [each["id"] for each in sent["resources"]]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "autre"),
        ("title", "Autre"),
        ("notes", ""),
        ("url", ""),
        ("author", "Moi"),
        ("maintainer", "Moi"),
        ("maintainer_email", "moi@example.org"),
        ("license_id", "notspecified"),
        ("tags", []),
        ("private", True),
        ("resources", []),
    ],
)
def test_an_edit_over_there_breaks_the_seal(samples, name, value):
    record = encode_ckan(samples["polygons-hvd"])
    assert sealed(as_answered(record))
    edited = as_answered(record, **{name: value})
    assert not sealed(edited)
    assert canonical(understood(edited)) != canonical(record.content)


def test_an_extra_changed_or_removed_breaks_the_seal(samples):
    record = encode_ckan(samples["polygons-hvd"])
    for position, each in enumerate(as_answered(record)["extras"]):
        changed, removed = as_answered(record), as_answered(record)
        changed["extras"][position] = {**each, "value": "x"}
        del removed["extras"][position]
        assert not sealed(changed), each["key"]
        assert not sealed(removed), each["key"]


def test_what_others_keep_there_is_no_edit_and_is_sent_back(samples):
    record = encode_ckan(samples["points"])
    there = as_answered(record, groups=[{"id": "g"}], version="2")
    there["extras"].append({"key": "autre", "value": "x"})
    there["resources"][0]["autre"] = "y"
    there["tags"].append({"name": "à eux", "vocabulary_id": "v"})
    assert sealed(there)
    content = json.loads(record.content)
    sent = body(content, organisation="o", licence="lov2", there=there)
    assert {"key": "autre", "value": "x"} in sent["extras"]
    assert {"name": "à eux", "vocabulary_id": "v"} in sent["tags"]
    assert (sent["groups"], sent["version"]) == ([{"id": "g"}], "2")
    assert sent["resources"][0]["autre"] == "y"
    assert [r["id"] for r in sent["resources"]] == [r["id"] for r in there["resources"]]


def test_a_resource_keeps_the_identifier_that_it_has_there(samples):
    record = encode_ckan(samples["points"])
    there = as_answered(record)
    there["resources"][0]["id"] = "theirs"
    content = json.loads(record.content)
    sent = body(content, organisation="o", licence="lov2", there=there)
    assert sent["resources"][0]["id"] == "theirs"
    assert sent["resources"][0][KEY] == there["resources"][0][KEY]


@settings(max_examples=300, deadline=None)
@given(word=st.text(max_size=200))
def test_a_tag_is_one_or_nothing(word):
    made = tag(word)
    assert made == "" or re.fullmatch(r"[\w .-]{2,100}", made)
    assert tag(made) == made


@pytest.mark.parametrize(
    ("word", "made"),
    [
        ("Cœur d'îlot", "Cœur d îlot"),
        ("eau & gaz", "eau gaz"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("a", ""),
        ("x" * 120, "x" * 100),
    ],
)
def test_a_tag_is_spelled_as_people_expect(word, made):
    assert tag(word) == made


@settings(max_examples=300, deadline=None)
@given(one=st.text(max_size=200), other=st.text(max_size=200))
def test_names_are_names_and_differ(one, other):
    base = "https://data.example.org/id"
    made = package_name(f"{base}/{one}"), package_name(f"{base}/{other}")
    assert all(NAME.fullmatch(each) for each in made)
    assert (made[0] == made[1]) == (one == other)


def test_every_licence_of_ours_has_names_and_no_two_the_same():
    assert set(LICENCES) == {key for key, row in OUR_LICENCES.items() if row.text}
    names = [name for each in LICENCES.values() for name in each]
    assert len(set(names)) == len(names)
    assert portal_licence("cc-by-4.0", {"cc-by", "cc-zero"}) == "cc-by"
    assert portal_licence("cc-by-4.0", {"cc-zero"}) == ""
