"""DCAT read by rdflib, as a portal would, and held against shapes and vocabularies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import RDF, BNode, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, SKOS

from metadata.content import Party
from metadata.dcat import (
    CatalogueFacts,
    Facts,
    FileFacts,
    Form,
    Page,
    catalogue_node,
    encode_dcat,
    record_node,
    resource_node,
    write,
)
from metadata.iso19139 import dataset_content, service_content
from metadata.stated import Access, Contact, Link, Role, StatedPeriod

pytestmark = [  # what rdflib and pyshacl say to each other
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:Dataset\.:DeprecationWarning"),
]
GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "dcat"
SHAPES = Path(__file__).resolve().parent / "dcat-ap.shapes.ttl"
PARSERS = {Form.TURTLE: "turtle", Form.JSON_LD: "json-ld", Form.RDF_XML: "xml"}
DCATAP = Namespace("http://data.europa.eu/r5r/")
GEODCAT = Namespace("http://data.europa.eu/930/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DQV = Namespace("http://www.w3.org/ns/dqv#")
FILES = "http://publications.europa.eu/resource/authority/file-type/"
IANA = "https://www.iana.org/assignments/media-types/"
RDFS_LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
GEOJSON_FILE = "https://geo.example.org/collections/communes/download/communes.geojson"
DATASET = URIRef("https://data.example.org/id/communes")


def read(content: bytes, form: Form = Form.TURTLE) -> Graph:
    return Graph().parse(data=content, format=PARSERS[form])


def graph_of(dataset, facts: Facts | None = None, form: Form = Form.TURTLE) -> Graph:
    content = dataset_content(dataset)
    return read(encode_dcat(content, form, facts or Facts()), form)


def catalogue_of(*datasets) -> Graph:
    """Return a whole page of a catalogue, as the service writes it."""
    contents = [dataset_content(dataset) for dataset in datasets]
    facts = CatalogueFacts(
        url="https://geo.example.org/dcat/catalog",
        title="Catalogue",
        description="Tous les jeux de données.",
        language="fre",
        publisher=Party(
            organisation="Département", email="a@example.org", role=Role.OWNER
        ),
        homepage="https://geo.example.org/",
    )
    page = Page(
        url="https://geo.example.org/dcat/catalog.ttl",
        first="https://geo.example.org/dcat/catalog.ttl",
        total=len(contents),
    )
    records = [
        record_node(c, f"https://geo.example.org/records/{i}.xml", date(2026, 5, 4))
        for i, c in enumerate(contents)
    ]
    nodes = [resource_node(content) for content in contents]
    return read(write([catalogue_node(facts, page, nodes, records)], Form.TURTLE))


def broken_rules(graph: Graph) -> str:
    conforms, _, text = validate(graph, shacl_graph=str(SHAPES), inference="none")
    return "" if conforms else text


def one(graph: Graph, subject, predicate):
    (found,) = graph.objects(subject, predicate)
    return found


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "name", ["points", "polygons-hvd", "restricted", "table", "service"]
)
def test_a_document_is_as_it_was_blessed(samples, name, form, bless):
    if name == "service":
        content = service_content(samples["polygons-hvd"])
    else:
        content = dataset_content(samples[name])
    written = encode_dcat(content, form)
    path = GOLDEN / f"{name}.{form}"
    if bless:
        path.write_bytes(written)
    assert written == path.read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_three_forms_say_the_same_of_any_dataset(datasets, data):
    dataset = data.draw(datasets)
    for content in (dataset_content(dataset), service_content(dataset)):
        first, *others = (read(encode_dcat(content, form), form) for form in Form)
        assert len(first) > 20
        assert all(isomorphic(first, other) for other in others)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_any_dataset_is_valid(datasets, data):
    assert broken_rules(catalogue_of(data.draw(datasets))) == ""


def test_a_catalogue_of_all_kinds_is_valid(samples):
    assert broken_rules(catalogue_of(*samples.values())) == ""


@pytest.mark.parametrize(
    ("predicate", "subject"),
    [
        (DCTERMS.title, DATASET),
        (DCAT.contactPoint, DATASET),
        (DCAT.accessURL, URIRef(f"{GEOJSON_FILE}#distribution")),
        (DCATAP.applicableLegislation, DATASET),
    ],
)
def test_the_shapes_find_what_is_missing(make_dataset, predicate, subject):
    graph = catalogue_of(make_dataset(hvd=("geospatial",)))
    assert broken_rules(graph) == ""
    assert list(graph.objects(subject, predicate))
    graph.remove((subject, predicate, None))
    assert str(predicate).rpartition("/")[2].rpartition("#")[2] in broken_rules(graph)


def test_jsonld_has_its_context_inside(make_dataset):
    document = json.loads(encode_dcat(dataset_content(make_dataset()), Form.JSON_LD))
    assert document["@context"]["dcat"] == str(DCAT)
    assert all(isinstance(value, str) for value in document["@context"].values())


def test_the_identifier_is_plain_and_equal_to_the_name(make_dataset):
    identifier = one(graph_of(make_dataset()), DATASET, DCTERMS.identifier)
    assert identifier == Literal(str(DATASET))


def test_a_file_has_type_media_type_size_and_digest(make_dataset):
    known = FileFacts(size=12345, sha256="ab" * 32, modified=date(2026, 5, 1))
    graph = graph_of(make_dataset(), Facts(files={GEOJSON_FILE: known}))
    (file,) = graph.subjects(DCAT.downloadURL, URIRef(GEOJSON_FILE))
    assert one(graph, file, DCAT.accessURL) == URIRef(GEOJSON_FILE)
    assert one(graph, file, DCTERMS.format) == URIRef(f"{FILES}GEOJSON")
    assert one(graph, file, DCAT.mediaType) == URIRef(f"{IANA}application/geo+json")
    assert one(graph, file, DCAT.byteSize).toPython() == 12345
    assert one(graph, file, DCTERMS.modified).toPython() == date(2026, 5, 1)
    checksum = one(graph, file, SPDX.checksum)
    assert one(graph, checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
    assert one(graph, checksum, SPDX.checksumValue).toPython() == "ab" * 32


def test_nothing_is_said_of_a_file_that_is_not_known(make_dataset):
    graph = graph_of(make_dataset())
    (file,) = graph.subjects(DCAT.downloadURL, URIRef(GEOJSON_FILE))
    for predicate in (DCAT.byteSize, SPDX.checksum, DCTERMS.modified):
        assert list(graph.objects(file, predicate)) == []


@pytest.mark.parametrize(
    ("ending", "file_type", "media_type", "packed"),
    [
        ("gpkg", f"{FILES}GPKG", "application/geopackage+sqlite3", None),
        ("csv", f"{FILES}CSV", "text/csv", None),
        ("shp.zip", f"{FILES}SHP", "application/vnd.shp", "application/zip"),
        ("parquet", f"{FILES}PARQUET", "application/vnd.apache.parquet", None),
        ("fgb", None, None, None),
    ],
)
def test_the_ending_of_a_file_tells_its_type(
    make_dataset, ending, file_type, media_type, packed
):
    address = f"https://geo.example.org/collections/a/download/a.{ending}"
    content = dataset_content(make_dataset())
    file = next(o for o in content.online if o.url == GEOJSON_FILE)
    content = replace(content, online=(replace(file, url=address),))
    graph = read(encode_dcat(content, Form.TURTLE))
    (found,) = graph.subjects(DCAT.downloadURL, URIRef(address))
    form = one(graph, found, DCTERMS.format)
    if file_type:
        assert form == URIRef(file_type)
    else:
        assert one(graph, form, RDFS_LABEL) == Literal(ending)
    media = [str(m).removeprefix(IANA) for m in graph.objects(found, DCAT.mediaType)]
    assert media == ([media_type] if media_type else [])
    archive = list(graph.objects(found, DCAT.packageFormat))
    assert archive == ([URIRef(IANA + packed)] if packed else [])


def test_the_api_is_typed_so_that_data_gouv_fr_reads_api(make_dataset):
    graph = graph_of(make_dataset())
    (api,) = graph.subjects(DCAT.accessService)
    service = one(graph, api, DCAT.accessService)
    root = URIRef("https://geo.example.org/datasets/communes/")
    assert one(graph, api, DCAT.accessURL) == root
    assert list(graph.objects(api, DCAT.downloadURL)) == []
    label = one(graph, one(graph, api, DCTERMS.format), RDFS_LABEL)
    assert label == Literal("OGC API Features")
    assert (service, RDF.type, DCAT.DataService) in graph
    standards = set(graph.objects(service, DCTERMS.conformsTo))
    assert standards == {
        URIRef("http://www.opengeospatial.org/standards/ogcapi-features"),
        URIRef("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"),
    }
    assert one(graph, service, DCAT.endpointURL) == root
    assert one(graph, service, DCAT.servesDataset) == DATASET


def test_the_licence_is_an_address_with_the_title_that_the_portal_knows(make_dataset):
    graph = graph_of(make_dataset())
    licence = one(graph, DATASET, DCTERMS.license)
    assert licence == URIRef("https://spdx.org/licenses/etalab-2.0")
    title = "Licence Ouverte / Open Licence version 2.0"
    assert one(graph, licence, DCTERMS.title) == Literal(title, lang="fr")
    assert one(graph, licence, DCTERMS.identifier) == Literal("etalab-2.0")
    assert one(graph, licence, RDFS_LABEL) == Literal("Licence Ouverte version 2.0")
    for distribution in graph.objects(DATASET, DCAT.distribution):
        assert one(graph, distribution, DCTERMS.license) == licence


def test_open_data_are_public(make_dataset):
    graph = graph_of(make_dataset())
    assert str(one(graph, DATASET, DCTERMS.accessRights)).endswith("/PUBLIC")
    assert list(graph.objects(DATASET, DCTERMS.rights)) == []


def test_restricted_data_say_why_and_offer_no_file(make_dataset):
    dataset = make_dataset(access=Access.RESTRICTED, access_limitation="h", licence="")
    graph = graph_of(dataset)
    assert str(one(graph, DATASET, DCTERMS.accessRights)).endswith("/RESTRICTED")
    reasons = [str(right) for right in graph.objects(DATASET, DCTERMS.rights)]
    assert any(reason.endswith("INSPIRE_Directive_Article13_1h") for reason in reasons)
    assert list(graph.subjects(DCAT.downloadURL)) == []
    assert list(graph.subjects(DCAT.accessService)) == []


def test_high_value_is_written_for_the_eu_and_for_data_gouv_fr(make_dataset):
    graph = graph_of(make_dataset(hvd=("geospatial",)))
    category = URIRef("http://data.europa.eu/bna/c_ac64a52d")
    law = URIRef("http://data.europa.eu/eli/reg_impl/2023/138/oj")
    assert one(graph, DATASET, DCATAP.hvdCategory) == category
    assert category in set(graph.objects(DATASET, DCAT.theme))
    words = {str(word) for word in graph.objects(DATASET, DCAT.keyword)}
    assert {"hvd", "Géospatiales"} <= words
    (service,) = graph.objects(None, DCAT.accessService)
    concerned = [DATASET, service, *graph.objects(DATASET, DCAT.distribution)]
    assert all(
        one(graph, each, DCATAP.applicableLegislation) == law for each in concerned
    )


def test_themes_have_addresses_and_labels(make_dataset):
    graph = graph_of(make_dataset(themes=("hy",), topics=("inlandWaters",)))
    themes = {
        str(theme): {str(label) for label in graph.objects(theme, SKOS.prefLabel)}
        for theme in graph.objects(DATASET, DCAT.theme)
    }
    eu = "http://publications.europa.eu/resource/authority/data-theme/"
    assert themes["http://inspire.ec.europa.eu/theme/hy"] == {
        "Hydrographie",
        "Hydrography",
    }
    assert set(themes) == {
        "http://inspire.ec.europa.eu/theme/hy",
        f"{eu}ENVI",
        f"{eu}TECH",
    }


def test_no_theme_of_the_eu_is_missing_for_any_inspire_theme(make_dataset):
    from metadata.codelists import THEMES
    from metadata.dcat_terms import data_themes

    without = [code for code, theme in THEMES.items() if not data_themes([theme], ())]
    assert without == []


def test_where_the_data_lie_is_a_polygon_without_crs(make_dataset):
    graph = graph_of(make_dataset())
    place = one(graph, DATASET, DCTERMS.spatial)
    wkt = str(one(graph, place, DCAT.bbox))
    geometry = URIRef("http://www.w3.org/ns/locn#geometry")
    geojson = json.loads(str(one(graph, place, geometry)))
    assert wkt.startswith("POLYGON((2.2881 48.8073, 2.6029 48.8073, 2.6029 49.0124,")
    assert geojson["type"] == "Polygon"
    assert geojson["coordinates"][0][0] == [2.2881, 48.8073]
    assert geojson["coordinates"][0][0] == geojson["coordinates"][0][-1]


def test_a_period_is_a_blank_node_of_days(make_dataset):
    period = StatedPeriod(start=date(2012, 1, 1))
    graph = graph_of(make_dataset(period=period))
    found = one(graph, DATASET, DCTERMS.temporal)
    assert isinstance(found, BNode)
    assert one(graph, found, DCAT.startDate).toPython() == date(2012, 1, 1)
    assert list(graph.objects(found, DCAT.endDate)) == []


def test_reference_systems_do_not_look_like_a_schema(make_dataset):
    """data.gouv.fr takes the IRI of a standard for the schema of the dataset."""
    graph = graph_of(make_dataset())
    system = one(graph, DATASET, DCTERMS.conformsTo)
    assert isinstance(system, BNode)
    identifier = str(one(graph, system, DCTERMS.identifier))
    assert identifier == "http://www.opengis.net/def/crs/EPSG/0/2154"
    assert list(graph.objects(system, DCTERMS.type)) == []


@pytest.mark.parametrize(
    ("role", "predicate"),
    [
        (Role.OWNER, DCTERMS.rightsHolder),
        (Role.AUTHOR, DCTERMS.creator),
        (Role.PUBLISHER, DCTERMS.publisher),
        (Role.CUSTODIAN, GEODCAT.custodian),
        (Role.DISTRIBUTOR, GEODCAT.distributor),
        (Role.ORIGINATOR, GEODCAT.originator),
        (Role.PRINCIPAL_INVESTIGATOR, GEODCAT.principalInvestigator),
        (Role.PROCESSOR, GEODCAT.processor),
        (Role.RESOURCE_PROVIDER, GEODCAT.resourceProvider),
        (Role.USER, GEODCAT.user),
    ],
)
def test_each_role_has_its_property(make_dataset, role, predicate):
    contact = Contact(organisation="IGN", email="ign@example.org", role=role)
    graph = graph_of(make_dataset(contacts=(contact,)))
    found = one(graph, DATASET, predicate)
    assert one(graph, found, FOAF.name) == Literal("IGN")
    assert one(graph, found, FOAF.mbox) == URIRef("mailto:ign@example.org")


def test_a_point_of_contact_is_a_card(make_dataset):
    contact = Contact(
        organisation="Département",
        name="Pôle données",
        email="geo@example.org",
        phone="01 23 45 67 89",
        url="https://www.example.org/contact",
    )
    graph = graph_of(make_dataset(contacts=(contact,)))
    card = one(graph, DATASET, DCAT.contactPoint)
    assert one(graph, card, VCARD.fn) == Literal("Pôle données")
    assert one(graph, card, VCARD["organization-name"]) == Literal("Département")
    assert one(graph, card, VCARD.hasEmail) == URIRef("mailto:geo@example.org")
    assert one(graph, card, VCARD.hasTelephone) == URIRef("tel:0123456789")
    assert one(graph, card, VCARD.hasURL) == URIRef("https://www.example.org/contact")


def test_a_second_publisher_is_attributed(make_dataset):
    contacts = tuple(
        Contact(organisation=name, email="a@example.org", role=Role.PUBLISHER)
        for name in ("Un", "Deux")
    )
    graph = graph_of(make_dataset(contacts=contacts))
    publisher = one(graph, DATASET, DCTERMS.publisher)
    assert one(graph, publisher, FOAF.name) == Literal("Un")
    attribution = one(graph, DATASET, PROV.qualifiedAttribution)
    assert one(graph, one(graph, attribution, PROV.agent), FOAF.name) == Literal("Deux")


@pytest.mark.parametrize(
    ("producer", "creators"),
    [("", []), ("Agence de l'eau", ["Agence de l'eau"])],
)
def test_whoever_made_the_data_is_their_creator(make_dataset, producer, creators):
    graph = graph_of(make_dataset(), Facts(producer=producer))
    found = [
        str(one(graph, creator, FOAF.name))
        for creator in graph.objects(DATASET, DCTERMS.creator)
    ]
    assert found == creators


def test_documents_are_parts_and_pages(make_dataset):
    page = Link(url="https://www.example.org/notice.pdf", title="Notice")
    graph = graph_of(make_dataset(links=(page,)))
    address = URIRef(page.url)
    assert one(graph, DATASET, FOAF.page) == address
    assert one(graph, DATASET, DCTERMS.hasPart) == address
    assert str(one(graph, address, DCTERMS.title)) == "Notice"


def test_what_portals_have_no_place_for_ends_the_description(make_dataset):
    dataset = make_dataset(purpose="Fonds de carte.", limitations="Sans valeur légale.")
    said = str(one(graph_of(dataset), DATASET, DCTERMS.description))
    assert said.split("\n\n") == [
        "Contours des quarante communes du département.",
        "Objectif : Fonds de carte.",
        "Limites d'utilisation : Sans valeur légale.",
        "Système de coordonnées : EPSG:2154",
    ]


@pytest.mark.parametrize(
    ("stated", "predicate"),
    [
        ({"resolution": 10.0}, DCAT.spatialResolutionInMeters),
        ({"scale": 25000}, DQV.hasQualityMeasurement),
    ],
)
def test_resolution_and_scale_are_kept(make_dataset, stated, predicate):
    graph = graph_of(make_dataset(**stated))
    found = one(graph, DATASET, predicate)
    if "scale" in stated:
        assert str(one(graph, found, DQV.value)) == "0.00004"
    else:
        assert found.toPython() == 10


def test_a_link_that_is_no_address_is_left_out(make_dataset):
    page = Link(url="à demander au guichet", title="Notice")
    graph = graph_of(make_dataset(links=(page,)))
    assert list(graph.objects(DATASET, FOAF.page)) == []


def test_a_document_that_two_datasets_link_has_the_words_of_the_first(make_dataset):
    """In one graph an address is one thing: of two titles one would show by chance."""
    notice = Link(url="https://example.org/a.pdf", title="Notice")
    same = Link(url="https://example.org/a.pdf", title="Mode d'emploi", description="B")
    graph = catalogue_of(
        make_dataset("communes", links=(notice,)),
        make_dataset("cantons", links=(same,)),
    )
    document = URIRef("https://example.org/a.pdf")
    assert list(graph.objects(document, DCTERMS.title)) == [
        Literal("Notice", lang="fr")
    ]
    assert list(graph.objects(document, DCTERMS.description)) == []
    assert len(list(graph.subjects(DCTERMS.hasPart, document))) == 2
