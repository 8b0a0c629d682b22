"""The addresses of a dataset, as the service will serve it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.distributions import (
    DistributionKind,
    api_root,
    distributions,
    record_address,
    web_address,
)
from metadata.file_formats import FORMATS
from metadata.stated import Access, Link

LEGAL = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
LEGAL |= set("-._~:/?#[]@!$&'()*+,;=%")


def test_an_open_dataset_has_an_api_files_and_a_page(samples):
    found = distributions(samples["polygons-hvd"])
    assert [(item.kind, item.collection) for item in found] == [
        (DistributionKind.API, ""),
        *[(DistributionKind.FILE, "communes")] * 6,
        *[(DistributionKind.FILE, "cantons")] * 6,
        *[(DistributionKind.FILE, "grille_1km")] * 6,
        (DistributionKind.LANDING_PAGE, ""),
        (DistributionKind.DOCUMENTATION, ""),
    ]


def test_no_two_have_the_same_address(samples):
    for sample in samples.values():
        urls = [item.url for item in distributions(sample)]
        assert len(set(urls)) == len(urls)


def test_restricted_data_have_only_the_record_that_says_whom_to_ask(make_dataset):
    link = Link(url="https://www.example.org/", title="À propos")
    dataset = make_dataset(access=Access.RESTRICTED, links=(link,))
    assert [(item.kind, item.url) for item in distributions(dataset)] == [
        (DistributionKind.ON_REQUEST, record_address(dataset)),
        (DistributionKind.DOCUMENTATION, "https://www.example.org/"),
    ]


def test_internal_data_have_no_address(make_dataset):
    assert distributions(make_dataset(access=Access.INTERNAL)) == ()


def test_collections_are_told_apart_by_title_then_by_name(samples):
    titles = [item.title.fr for item in distributions(samples["polygons-hvd"])]
    assert titles[1:19] == [
        f"{title} ({words.name})"
        for title in ("Communes", "cantons", "Grille de 1 km")
        for words in FORMATS.values()
    ]


def test_files_have_the_media_types_of_inspire(make_dataset):
    files = distributions(make_dataset())[1:4]
    assert [(file.url.rpartition(".")[2], file.media_type) for file in files] == [
        ("geojson", "application/geo+json"),
        ("gpkg", "application/geopackage+sqlite3"),
        ("csv", "text/csv"),
    ]


def test_an_only_collection_has_the_title_of_its_dataset(make_dataset):
    file = distributions(make_dataset())[1]
    assert file.title.fr == "Communes de la Seine-Saint-Denis (GeoJSON)"


def test_addresses_of_the_service(make_dataset):
    dataset = make_dataset(service_url="https://sig.example.org/geo")
    assert api_root(dataset) == "https://sig.example.org/geo/datasets/communes/"
    assert record_address(dataset) == "https://sig.example.org/geo/records/communes.xml"


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("https://example.org/a?b=c&d=1#e", "https://example.org/a?b=c&d=1#e"),
        (" https://example.org/é à ", "https://example.org/%C3%A9%20%C3%A0"),
        ("https://example.org/%C3%A9", "https://example.org/%C3%A9"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/a[1]?q=[x]", "https://example.org/a%5B1%5D?q=%5Bx%5D"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("HTTPS://WWW.Example.ORG:443/Doc", "https://www.example.org:443/Doc"),
        ("https://Moi@Été.fr/É", "https://Moi@xn--t-9fab.fr/%C3%89"),
        ("https://example.org/#a#b", "https://example.org/#a%23b"),
        ("", ""),
    ],
)
def test_an_address_holds_only_what_an_address_may(stated, written):
    assert web_address(stated) == written


@given(text=st.text())
def test_any_text_becomes_an_address_and_then_stays_one(text):
    once = web_address(text)
    assert set(once) <= LEGAL
    assert web_address(once) == once


def test_files_of_a_table_without_geometry_speak_of_none(samples):
    files = {
        each.url.rpartition("/")[2].partition(".")[2]: each
        for each in distributions(samples["table"])
        if each.kind is DistributionKind.FILE
    }
    assert sorted(files) == ["csv", "geojson", "gpkg", "parquet"]
    assert files["parquet"].title.fr.endswith("(Parquet)")
    for each in files.values():
        for said in (each.description.fr, each.description.en):
            assert not any(
                word in said
                for word in ("WKT", "GeoParquet", "longitude", "spatial", "système")
            )
