"""Datasets to test with: a builder with overrides, and every valid one at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import strategies as st

from metadata.codelists import (
    HVD_CATEGORIES,
    LANGUAGES,
    LICENCES,
    SPATIAL_SCOPES,
    THEMES,
    TOPICS,
)
from metadata.dataset import Collection, Dataset
from metadata.measured import (
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import (
    Access,
    CollectionDescription,
    Columns,
    Conformity,
    Contact,
    Dates,
    Description,
    Frequency,
    Link,
    Organisation,
    Role,
    StatedExtent,
    StatedPeriod,
    Status,
)

CollectionMaker = Callable[..., Collection]
DatasetMaker = Callable[..., Dataset]

SURVEYED = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
LAMBERT_93 = 2154


def build_collection(name: str = "communes", **changes: Any) -> Collection:
    """Make a collection of polygons in Lambert-93; changes go to where they belong."""
    source = Source(silo="sig", container="public", table=name)
    geometry = GeometryColumn(
        name="geom", type=GeometryType.MULTI_POLYGON, srid=LAMBERT_93
    )
    described = CollectionDescription(id=name, source=source)
    survey = Survey(
        source=source,
        kind=RelationKind.TABLE,
        surveyed_at=SURVEYED,
        fields=(
            Field(
                name="id", type=FieldType.INTEGER, native_type="integer", nullable=False
            ),
            Field(name="nom", type=FieldType.STRING, native_type="text"),
        ),
        key=("id",),
        geometries=(geometry,),
        extent=Extent(2.2881, 48.8073, 2.60289, 49.0124),
        feature_count=40,
    )
    stated = {n: v for n, v in changes.items() if hasattr(described, n)}
    measured = {n: v for n, v in changes.items() if n not in stated}
    return Collection(
        description=replace(described, **stated), survey=replace(survey, **measured)
    )


ORGANISATION = Organisation(
    name="Département de la Seine-Saint-Denis",
    siren="229300082",
    email="sig@example.org",
    identifier_base="https://data.example.org/id",
    url="https://www.example.org/",
    licence="etalab-2.0",
)


def build_dataset(
    name: str = "communes",
    *,
    collections: tuple[Collection, ...] | None = None,
    organisation: Organisation = ORGANISATION,
    service_url: str = "https://geo.example.org",
    **stated: Any,
) -> Dataset:
    """Make a published, open dataset without anything missing; override any field."""
    made = (build_collection(name),) if collections is None else collections
    number = uuid5(NAMESPACE_URL, name)
    complete: dict[str, Any] = {
        "identifier": f"{organisation.identifier_base}/{name}",
        "record_identifier": f"fr-{organisation.siren}-jdd-{number}",
        "service_identifier": f"fr-{organisation.siren}-srv-{number}",
        "status": Status.PUBLISHED,
        "title": "Communes de la Seine-Saint-Denis",
        "abstract": "Contours des quarante communes du département.",
        "lineage": "Contours tirés d'Admin Express, simplifiés à dix mètres.",
        "producer": organisation.name,
        "themes": ("au",),
        "topics": ("boundaries",),
        "keywords": ("commune", "limite administrative"),
        "dates": Dates(published=date(2020, 5, 4), revised=date(2026, 1, 15)),
    }
    description = Description(
        id=name,
        collections=tuple(c.description for c in made),
        **{**complete, **stated},
    )
    return Dataset(
        description=description,
        collections=made,
        organisation=organisation,
        service_url=service_url,
    )


@pytest.fixture(scope="session")
def make_collection() -> CollectionMaker:
    """`make_collection(id, **fields of the description or the survey)`."""
    return build_collection


@pytest.fixture(scope="session")
def make_dataset() -> DatasetMaker:
    """`make_dataset(id, collections=…, organisation=…, **description fields)`."""
    return build_dataset


@pytest.fixture(scope="session")
def datasets() -> st.SearchStrategy[Dataset]:
    """Any valid dataset, for `data.draw(datasets)` in property tests.

    Texts hold whatever Python strings hold: markup, emoji, control characters.
    """
    return _datasets()


_slugs = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
_texts = st.text(max_size=60)
_words = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
_hosts = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_urls = st.builds(
    "{}://{}.example.org/{}".format,
    st.sampled_from(["http", "https", "HTTP", "ftp"]),
    _hosts | _hosts.map(str.upper),
    _texts,
)
_days = st.dates(min_value=date(1000, 1, 1))
_maybe_day = st.none() | _days
_emails = st.builds("{}@example.org".format, _slugs)


def _boxes(kind: type[Extent] | type[StatedExtent]) -> st.SearchStrategy[Any]:
    def box(xs: list[float], ys: list[float]) -> Extent | StatedExtent:
        (west, east), (south, north) = sorted(xs), sorted(ys)
        return kind(west=west, south=south, east=east, north=north)

    longitudes, latitudes = _degrees(180), _degrees(90)
    return st.builds(box, longitudes, latitudes)


def _degrees(most: int) -> st.SearchStrategy[list[float]]:
    """Return two sides: apart, hardly apart, or one; whole numbers among them."""
    one = st.floats(-most, most) | st.integers(-most, most).map(float)
    near = one.map(lambda side: [side, min(side + 1e-9, float(most))])
    return (
        st.lists(one, min_size=2, max_size=2) | near | one.map(lambda side: [side] * 2)
    )


def _codes(values: Any, *, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.lists(st.sampled_from(sorted(values)), min_size=least, max_size=4)
    return chosen.map(tuple)


_moments = st.one_of(
    st.just(""),
    _days.map(date.isoformat),
    st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        datetime.isoformat
    ),
)
_contacts = st.builds(
    Contact,
    organisation=_words,
    email=_emails,
    role=st.sampled_from(Role),
    name=_texts,
    phone=_texts,
    url=st.just("") | _urls,
)


_columns = st.builds(
    Columns,
    exclude=st.lists(st.sampled_from(["nom", "vu", "geom"]), unique=True).map(tuple),
    rename=st.dictionaries(st.just("nom"), _slugs),
    describe=st.dictionaries(st.sampled_from(["id", "nom"]), _texts),
)


def _geometries(name: str) -> st.SearchStrategy[GeometryColumn]:
    codes = [0, 2154, 3942, 4326, 4258, 3035, 3857, 23035, 32631, 2975]
    return st.builds(
        GeometryColumn,
        name=st.just(name),
        type=st.sampled_from(GeometryType),
        srid=st.sampled_from(codes),
        dimension=st.sampled_from([2, 3, 4]),
    )


@st.composite
def _collections(draw: st.DrawFn, name: str) -> Collection:
    count = draw(st.sampled_from([0, 1, 1, 1, 2]))
    geometries = tuple(draw(_geometries(name)) for name in ("geom", "entree")[:count])
    return build_collection(
        name,
        title=draw(_texts),
        geometries=geometries,
        geometry=draw(st.sampled_from(["", *(g.name for g in geometries)])),
        columns=draw(_columns),
        crs=draw(st.none() | st.sampled_from([2154, 4326])),
        comment=draw(_texts),
        feature_count=draw(st.none() | st.integers(0, 10**9)),
        extent=draw(st.none() | _boxes(Extent)) if geometries else None,
        periods=draw(
            st.just(())
            | st.tuples(
                st.builds(Period, field=st.just("vu"), start=_moments, end=_moments)
            )
        ),
        changed_at=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
    )


@st.composite
def _datasets(draw: st.DrawFn) -> Dataset:
    first, *others = draw(st.lists(_slugs, min_size=1, max_size=3, unique=True))
    return build_dataset(
        first,
        collections=tuple(draw(_collections(name)) for name in (first, *others)),
        organisation=replace(
            ORGANISATION,
            name=draw(_words),
            email=draw(_emails),
            url=draw(st.just("") | _urls),
            phone=draw(_texts),
            frequency=draw(st.none() | st.sampled_from(Frequency)),
            themes=draw(_codes(THEMES)),
            topics=draw(_codes(TOPICS)),
            language=draw(st.sampled_from(sorted(LANGUAGES))),
        ),
        access=draw(st.sampled_from([Access.OPEN, Access.RESTRICTED])),
        access_limitation=draw(st.sampled_from(["", *"abcdefgh"])),
        title=draw(_words),
        abstract=draw(_words),
        lineage=draw(_words),
        purpose=draw(_texts),
        limitations=draw(_texts),
        producer=draw(_words),
        language=draw(st.sampled_from(sorted(LANGUAGES))),
        publish_from=draw(_maybe_day),
        licence=draw(st.sampled_from(sorted(LICENCES))),
        series=draw(st.booleans()),
        themes=draw(_codes(THEMES, least=1)),
        topics=draw(_codes(TOPICS, least=1)),
        keywords=tuple(draw(st.lists(_texts, max_size=4))),
        hvd=draw(_codes(HVD_CATEGORIES)),
        spatial_scope=draw(st.sampled_from(["", *SPATIAL_SCOPES])),
        conformity=draw(st.sampled_from(Conformity)),
        scale=draw(st.none() | st.integers(1, 10_000_000)),
        resolution=draw(st.none() | st.floats(1e-6, 1e6)),
        frequency=draw(st.sampled_from(Frequency)),
        dates=draw(
            st.builds(
                Dates, created=_maybe_day, published=_maybe_day, revised=_maybe_day
            )
        ),
        period=draw(
            st.none() | st.builds(StatedPeriod, start=_maybe_day, end=_maybe_day)
        ),
        extent=draw(st.none() | _boxes(StatedExtent)),
        contacts=tuple(draw(st.lists(_contacts, max_size=3))),
        links=tuple(
            draw(
                st.lists(
                    st.builds(Link, url=_urls, title=_texts, description=_texts),
                    max_size=3,
                )
            )
        ),
        thumbnail=draw(st.just("") | _urls),
    )


@pytest.fixture(scope="session")
def samples() -> dict[str, Dataset]:
    """Four datasets that differ in all that records differ in."""
    return {
        "points": _points(),
        "polygons-hvd": _polygons(),
        "restricted": _restricted(),
        "table": _table(),
    }


def _points() -> Dataset:
    """Open, one collection of points, no more than must be said."""
    point = GeometryColumn(name="geom", type=GeometryType.POINT, srid=4258)
    moments = Period(field="vu", start="2019-03-01", end="2026-02-28T23:59:59Z")
    collection = build_collection(
        "bornes_recharge",
        geometries=(point,),
        extent=Extent(2.30004, 48.8201, 2.59996, 48.99999),
        periods=(moments,),
        changed_at=datetime(2026, 2, 28, 23, 59, tzinfo=UTC),
    )
    return build_dataset(
        "bornes_recharge",
        collections=(collection,),
        title="Bornes de recharge & stations « rapides » <50 kW",
        abstract="Bornes ouvertes au public.\n\nRelevé mensuel ⚡.",
        themes=("us",),
        topics=("utilitiesCommunication", "transportation"),
        keywords=("borne de recharge",),
        dates=Dates(),
        frequency=Frequency.MONTHLY,
    )


def _polygons() -> Dataset:
    """A series of three collections in two CRS, high value, all fields stated."""
    laea = GeometryColumn(name="geom", type=GeometryType.POLYGON, srid=3035)
    collections = (
        build_collection("communes", title="Communes"),
        build_collection("cantons", extent=Extent(2.28, 48.8, 2.61, 49.02)),
        build_collection("grille_1km", title="Grille de 1 km", geometries=(laea,)),
    )
    return build_dataset(
        "limites",
        collections=collections,
        series=True,
        purpose="Fonds de carte du département.",
        limitations="Ne vaut pas limite cadastrale.",
        themes=("au", "su"),
        topics=("boundaries", "society"),
        hvd=("geospatial", "statistics"),
        spatial_scope="regional",
        conformity=Conformity.NOT_CONFORMANT,
        scale=25_000,
        resolution=10.5,
        frequency=Frequency.ANNUALLY,
        dates=Dates(
            created=date(2012, 2, 29),
            published=date(2013, 1, 1),
            revised=date(2026, 1, 15),
        ),
        period=StatedPeriod(start=date(2012, 1, 1)),
        contacts=(
            Contact(
                organisation="Service géomatique",
                email="geomatique@example.org",
                name="Pôle données",
                phone="+33 1 00 00 00 00",
                url="https://www.example.org/géo",
            ),
            Contact(organisation="IGN", email="ign@example.org", role=Role.ORIGINATOR),
        ),
        links=(
            Link(
                url="https://www.example.org/doc?q=été&n=1",
                title="Notice",
                description="Comment les limites ont été simplifiées.",
            ),
        ),
        thumbnail="https://www.example.org/vignette.png",
    )


def _restricted() -> Dataset:
    """Only the record goes out; others made the data and stated no conditions."""
    return build_dataset(
        "rapaces",
        collections=(
            build_collection(
                "rapaces", periods=(Period(field="vu", start="", end=""),)
            ),
        ),
        access=Access.RESTRICTED,
        access_limitation="h",
        licence="conditions-unknown",
        title="Nids de rapaces",
        producer="Conservatoire des oiseaux",
        themes=("sd",),
        topics=("biota",),
        links=(Link(url="https://www.example.org/rapaces", title="Présentation"),),
    )


def _table() -> Dataset:
    """A table without geometry, in English."""
    table = build_collection("population", geometries=(), extent=None)
    return build_dataset(
        "population",
        collections=(table,),
        organisation=replace(ORGANISATION, language="eng"),
        title="Population of the municipalities",
        abstract="Legal population of each municipality, by INSEE code.",
        lineage="Copied from the census.",
        licence="odbl-1.0",
        themes=("pd",),
        topics=("society",),
        keywords=("population",),
        hvd=("statistics",),
        language="eng",
        conformity=Conformity.CONFORMANT,
        extent=StatedExtent(west=2.28, south=48.8, east=2.61, north=49.02),
        dates=Dates(created=date(2025, 12, 29)),
    )
