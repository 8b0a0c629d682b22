"""A reader that knows nothing of ours, OWSLib, finds in a record what we meant."""

from __future__ import annotations

import warnings
from datetime import date

import pytest
from owslib.etree import etree
from owslib.iso import MD_Metadata

from metadata.iso19139 import encode_dataset_record, encode_service_record

TODAY = date(2026, 5, 4)


def read(content: bytes) -> MD_Metadata:
    with warnings.catch_warnings():
        # OWSLib announces its own renaming of members at every reading.
        warnings.simplefilter("ignore", FutureWarning)
        return MD_Metadata(etree.fromstring(content))


@pytest.fixture(scope="module")
def polygons(samples):
    return read(
        encode_dataset_record(samples["polygons-hvd"], date_stamp=TODAY).content
    )


def test_the_record_itself(polygons):
    assert (
        polygons.identifier == "fr-229300082-jdd-76d33e6f-5aca-53e5-8cd5-e4f1c430cbbf"
    )
    assert polygons.languagecode == "fre"
    assert polygons.hierarchy == "series"
    assert polygons.datestamp == "2026-05-04"
    assert [party.role for party in polygons.contact] == ["pointOfContact"]
    assert polygons.referencesystem.code == "EPSG:2154"


def test_the_citation(polygons):
    found = polygons.identificationinfo[0]
    assert found.title == "Communes de la Seine-Saint-Denis"
    assert found.uricode == ["https://data.example.org/id/limites"]
    assert [(d.date, d.type) for d in found.date] == [
        ("2012-02-29", "creation"),
        ("2013-01-01", "publication"),
        ("2026-01-15", "revision"),
    ]


def test_the_description(polygons):
    found = polygons.identificationinfo[0]
    assert found.abstract == "Contours des quarante communes du département."
    assert found.purpose == "Fonds de carte du département."
    assert found.topiccategory == ["boundaries", "society"]
    assert found.spatialrepresentationtype == ["vector"]
    assert found.denominators == ["25000"]
    assert (found.distance, found.uom) == (["10.5"], ["m"])
    assert found.resourcelanguagecode == ["fre"]
    assert [(c.organization, c.email, c.role) for c in found.contact] == [
        ("Service géomatique", "geomatique@example.org", "pointOfContact"),
        ("IGN", "ign@example.org", "originator"),
    ]


def test_keywords_are_grouped_by_vocabulary(polygons):
    blocks = polygons.identificationinfo[0].keywords2
    titles = [block.thesaurus and block.thesaurus["title"] for block in blocks]
    assert titles == [
        "GEMET - INSPIRE themes, version 1.0",
        "High-value dataset categories",
        "Spatial scope",
        None,
    ]
    assert blocks[0].keywords == ["Unités administratives", "Unités statistiques"]
    assert [(k.name, k.url) for k in blocks[1].keywords_object] == [
        ("Géospatiales", "http://data.europa.eu/bna/c_ac64a52d"),
        ("Statistiques", "http://data.europa.eu/bna/c_e1da4e07"),
    ]
    assert "hvd" in blocks[3].keywords


def test_the_constraints(polygons):
    found = polygons.identificationinfo[0]
    assert found.accessconstraints == ["otherRestrictions"]
    assert found.useconstraints == ["otherRestrictions"]
    assert found.uselimitation == ["Ne vaut pas limite cadastrale."]
    assert "Licence Ouverte version 2.0" in found.otherconstraints


def test_the_extents(polygons):
    found = polygons.identificationinfo[0]
    box = found.bbox
    assert (box.minx, box.miny, box.maxx, box.maxy) == (
        "2.2800",
        "48.8000",
        "2.6100",
        "49.0200",
    )
    assert found.temporalextent_start == "2012-01-01"


def test_where_the_data_are(polygons):
    online = polygons.distribution.online
    assert [(link.url, link.function) for link in online] == [
        ("https://geo.example.org/datasets/limites/", "download"),
        *(
            (
                f"https://geo.example.org/collections/{c}/download/{c}.{form}",
                "download",
            )
            for c in ("communes", "cantons", "grille_1km")
            for form in ("geojson", "gpkg", "csv", "fgb", "parquet", "shp.zip")
        ),
        ("https://geo.example.org/datasets/limites/?f=html", None),
        ("https://www.example.org/doc?q=%C3%A9t%C3%A9&n=1", "information"),
    ]
    assert online[1].protocol == "WWW:DOWNLOAD-1.0-http--download"


def test_quality(polygons):
    quality = polygons.dataquality
    assert quality.lineage == "Contours tirés d'Admin Express, simplifiés à dix mètres."
    assert quality.conformancedegree == ["false"]
    assert "1089/2010" in quality.conformancetitle[0]


def test_the_service_is_coupled_with_its_data(samples):
    record = encode_service_record(samples["polygons-hvd"], date_stamp=TODAY)
    service = read(record.content).identificationinfo[0]
    assert service.type == "download"
    assert [data["uuidref"] for data in service.operateson] == [
        "https://data.example.org/id/limites"
    ]
    assert [data["href"] for data in service.operateson] == [
        "https://geo.example.org/records/limites.xml"
    ]
    connect = service.operations[0]["connectpoint"][0]
    assert connect.url == "https://geo.example.org/datasets/limites/"
