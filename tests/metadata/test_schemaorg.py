"""schema.org JSON-LD, read as the graph that a search engine makes of it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.dcat import Facts, FileFacts
from metadata.iso19139 import dataset_content
from metadata.schemaorg import in_a_script, schema_org_dataset
from metadata.stated import Access, Contact, Link, Role, StatedPeriod

CATALOGUE = "https://geo.example.org/datasets/"
FILE = "https://geo.example.org/collections/communes/download/communes.geojson"


def said(dataset, facts=None):
    return schema_org_dataset(dataset_content(dataset), CATALOGUE, facts or Facts())


def test_what_google_demands_and_recommends_is_there(make_dataset):
    document = said(make_dataset())
    assert document["@type"] == "Dataset"
    assert document["name"] == "Communes de la Seine-Saint-Denis"
    assert document["description"].startswith("Contours des quarante communes")
    assert document["license"].startswith("https://www.etalab.gouv.fr/")
    assert document["isAccessibleForFree"] is True
    assert document["url"] == "https://geo.example.org/datasets/communes/?f=html"
    assert document["identifier"][0] == "https://data.example.org/id/communes"
    assert document["creator"][0]["name"] == "Département de la Seine-Saint-Denis"
    assert document["publisher"]["contactPoint"]["email"] == "sig@example.org"
    assert document["datePublished"] == "2020-05-04"
    assert document["dateModified"] == "2026-01-15"
    assert document["includedInDataCatalog"]["url"] == CATALOGUE
    assert document["spatialCoverage"]["geo"]["box"] == "48.8073 2.2881 49.0124 2.6029"


def test_a_file_is_a_download_with_size_and_digest(make_dataset):
    facts = Facts(
        files={FILE: FileFacts(size=7, sha256="ab", modified=date(2026, 5, 1))}
    )
    api, file, *_ = said(make_dataset(), facts)["distribution"]
    assert api["contentUrl"] == "https://geo.example.org/datasets/communes/"
    assert file == {
        "@type": "DataDownload",
        "name": "Communes de la Seine-Saint-Denis (GeoJSON)",
        "contentUrl": FILE,
        "encodingFormat": "application/geo+json",
        "contentSize": "7 B",
        "sha256": "ab",
        "dateModified": "2026-05-01",
    }


@pytest.mark.parametrize(
    ("start", "end", "period"),
    [
        (date(2012, 1, 1), None, "2012-01-01/.."),
        (None, date(2020, 1, 1), "../2020-01-01"),
        (date(2012, 1, 1), date(2020, 1, 1), "2012-01-01/2020-01-01"),
    ],
)
def test_a_period_may_be_open(make_dataset, start, end, period):
    document = said(make_dataset(period=StatedPeriod(start=start, end=end)))
    assert document["temporalCoverage"] == period


def test_restricted_data_are_not_free_and_have_no_download(make_dataset):
    document = said(make_dataset(access=Access.RESTRICTED, access_limitation="h"))
    assert document["isAccessibleForFree"] is False
    assert "distribution" not in document


@pytest.mark.parametrize(
    ("facts", "contacts", "creator"),
    [
        (Facts(producer="Agence de l'eau"), (), "Agence de l'eau"),
        (
            Facts(),
            (Contact(organisation="IGN", email="a@b.org", role=Role.AUTHOR),),
            "IGN",
        ),
        (Facts(), (), "Département de la Seine-Saint-Denis"),
    ],
)
def test_whoever_made_the_data_is_the_creator(make_dataset, facts, contacts, creator):
    document = said(make_dataset(contacts=contacts), facts)
    assert [each["name"] for each in document["creator"]] == [creator]


def test_keywords_are_words_and_themes_are_terms(make_dataset):
    document = said(make_dataset(hvd=("geospatial",)))
    words = [k for k in document["keywords"] if isinstance(k, str)]
    terms = [k for k in document["keywords"] if not isinstance(k, str)]
    assert words == ["commune", "limite administrative", "hvd", "Géospatiales"]
    assert [term["url"] for term in terms] == ["http://inspire.ec.europa.eu/theme/au"]


def test_documents_are_about_it(make_dataset):
    page = Link(url="https://www.example.org/notice.pdf", title="Notice")
    document = said(make_dataset(links=(page,)))
    assert document["subjectOf"] == [
        {"@type": "CreativeWork", "name": "Notice", "url": page.url}
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_in_any_dataset_ends_the_script(datasets, data):
    document = said(data.draw(datasets))
    written = in_a_script(document)
    assert not set("<>&") & set(written)
    assert json.loads(written) == document


def test_markup_in_a_title_stays_a_title(make_dataset):
    title = "</script><script>alert(1)</script><!--"
    written = in_a_script(said(make_dataset(title=title)))
    assert "</script" not in written
    assert json.loads(written)["name"] == title
