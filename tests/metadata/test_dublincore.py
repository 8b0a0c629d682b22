"""Simple Dublin Core: what a record says, where a library looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from metadata.dublincore import OAI_DC, dublin_core, oai_dc
from metadata.iso19139 import dataset_content, service_content
from metadata.stated import Contact, Role

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "oai_dc"
DC = "{http://purl.org/dc/elements/1.1/}"
ELEMENTS = {
    "contributor",
    "coverage",
    "creator",
    "date",
    "description",
    "format",
    "identifier",
    "language",
    "publisher",
    "relation",
    "rights",
    "source",
    "subject",
    "title",
    "type",
}


def values(content, name):
    return [value for found, value in dublin_core(content) if found == name]


@pytest.mark.parametrize(
    "name", ["points", "polygons-hvd", "restricted", "table", "service"]
)
def test_a_record_is_as_it_was_blessed(samples, name, bless):
    if name == "service":
        content = service_content(samples["polygons-hvd"])
    else:
        content = dataset_content(samples[name])
    root = oai_dc(content)
    etree.indent(root)
    written = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    path = GOLDEN / f"{name}.xml"
    if bless:
        path.write_bytes(written)
    assert written == path.read_bytes()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_record_has_the_fifteen_elements_only_each_said_once(datasets, data):
    dataset = data.draw(datasets)
    for content in (dataset_content(dataset), service_content(dataset)):
        root = etree.fromstring(etree.tostring(oai_dc(content)))
        assert root.tag == f"{{{OAI_DC}}}dc"
        assert {child.tag for child in root} <= {DC + name for name in ELEMENTS}
        said = [(child.tag, child.text) for child in root]
        assert len(said) == len(set(said))
        assert all(text and text.strip() for _, text in said)
        assert root.find(f"{DC}title") is not None
        assert root.find(f"{DC}identifier") is not None


def test_the_first_identifier_is_the_address_of_the_data(make_dataset):
    found = values(dataset_content(make_dataset()), "identifier")
    assert found[0] == "https://data.example.org/id/communes"
    assert "https://geo.example.org/datasets/communes/?f=html" in found


@pytest.mark.parametrize(
    ("role", "element"),
    [
        (Role.AUTHOR, "creator"),
        (Role.ORIGINATOR, "creator"),
        (Role.OWNER, "creator"),
        (Role.PUBLISHER, "publisher"),
        (Role.DISTRIBUTOR, "contributor"),
        (Role.POINT_OF_CONTACT, "contributor"),
    ],
)
def test_each_role_has_its_element(make_dataset, role, element):
    contact = Contact(organisation="IGN", email="ign@example.org", role=role)
    content = dataset_content(make_dataset(contacts=(contact,)))
    found = {name for name, value in dublin_core(content) if value == "IGN"}
    assert found == {element}


def test_there_is_one_date_the_last_revision(make_dataset):
    assert values(dataset_content(make_dataset()), "date") == ["2026-01-15"]


def test_rights_are_said_by_name_and_by_address(make_dataset):
    found = values(dataset_content(make_dataset()), "rights")
    assert "https://spdx.org/licenses/etalab-2.0" in found
    assert "Licence Ouverte version 2.0" in found


def test_where_the_data_lie_is_a_box(make_dataset):
    (box,) = values(dataset_content(make_dataset()), "coverage")
    assert box == (
        "northlimit=49.0124; eastlimit=2.6029; southlimit=48.8073; westlimit=2.2881; "
        "units=degrees; projection=EPSG:4326"
    )


def test_a_service_is_related_to_its_data(make_dataset):
    content = service_content(make_dataset())
    assert values(content, "relation") == ["https://data.example.org/id/communes"]
    assert values(content, "type") == ["Service"]
