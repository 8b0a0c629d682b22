"""The preview without the portal: what is shown, what is lost and what to do.

That it is true is held against the real udata in ``tests/portal``.
"""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.checks.rules import RulesUnreadable
from metadata.dcat import Facts, FileFacts
from metadata.finding import Severity
from metadata.preview import Channel, platform, preview
from metadata.preview.google import GOOGLE_JUDGES
from metadata.preview.guessing import distance_within, licence, markup, tag, written
from metadata.preview.losses import JUDGES
from metadata.preview.telling import rows
from metadata.stated import (
    Access,
    Conformity,
    Contact,
    Dates,
    Frequency,
    Link,
    Role,
    StatedExtent,
    StatedPeriod,
)

TODAY = date(2026, 6, 1)
KNOWN = platform()
BOTH = list(Channel)
FILE = "https://geo.example.org/collections/communes/download/communes.geojson"
LONG = "Contours des quarante communes du département, relevés à la main. " * 3
COMPLETE = {
    "abstract": LONG,
    "frequency": Frequency.ANNUALLY,
    "period": StatedPeriod(start=date(2020, 1, 1), end=date(2025, 12, 31)),
    "contacts": (Contact(organisation="Service", email="sig@example.org"),),
}


def view(dataset, channel=Channel.DCAT, **more):
    return preview(dataset, today=TODAY, **more).views[channel]


def codes(findings):
    return {finding.code for finding in findings}


def reasons(findings, code):
    return [f.reason.fr for f in findings if f.code == code]


def test_each_rule_has_a_function_and_each_function_a_rule():
    assert set(KNOWN.rules.rules) == set(JUDGES) | set(GOOGLE_JUDGES)


def test_the_words_of_a_rule_are_there_in_both_languages_and_name_the_same():
    for rule in KNOWN.rules.rules.values():
        for text in (*rule.reasons.values(), *rule.hints.values()):
            assert text.fr
            assert text.en
            fields = [
                {name for _, name, _, _ in string.Formatter().parse(words) if name}
                for words in (text.fr, text.en)
            ]
            assert fields[0] == fields[1]


def test_a_platform_that_is_not_there_is_told():
    with pytest.raises(RulesUnreadable):
        platform("data-gouv-1")


@pytest.mark.parametrize("channel", BOTH)
def test_a_complete_dataset_has_nine_of_nine(make_dataset, channel):
    shown = view(make_dataset(**COMPLETE), channel).shown
    assert shown.score == 9
    assert [each.name for each in shown.quality if not each.met] == []
    assert len(shown.quality) == 9
    assert {each.name for each in shown.quality} == set(KNOWN.criteria)


@pytest.mark.parametrize(
    ("without", "criterion", "points"),
    [
        ({"period": None}, "temporal_coverage", 8),
        ({"frequency": Frequency.UNKNOWN}, "update_frequency", 7),
        ({"abstract": "Bref."}, "dataset_description_quality", 8),
        (
            {"dates": Dates(revised=date(2020, 1, 1))},
            "update_fulfilled_in_time",
            8,
        ),
    ],
)
def test_what_is_missing_costs_a_point_and_has_a_remedy(
    make_dataset, without, criterion, points
):
    found = view(make_dataset(**{**COMPLETE, **without}), Channel.ISO)
    assert found.shown.score == points
    missing = {each.name for each in found.shown.quality if not each.met}
    assert criterion in missing
    said = [f for f in found.losses if f.code == "portal.quality"]
    assert len(said) == 9 - points
    assert all(finding.hint.fr for finding in said)


@pytest.mark.parametrize(
    ("days", "met"), [(0, True), (365, True), (366, False), (4000, False)]
)
def test_an_annual_update_is_expected_within_a_year(make_dataset, days, met):
    revised = date.fromordinal(TODAY.toordinal() - days)
    dataset = make_dataset(**{**COMPLETE, "dates": Dates(revised=revised)})
    quality = {q.name: q.met for q in view(dataset).shown.quality}
    assert quality["update_fulfilled_in_time"] is met


def test_without_a_revision_the_newest_file_counts(make_dataset):
    dates = Dates(created=date(2010, 1, 1))
    dataset = make_dataset(**{**COMPLETE, "dates": dates})
    facts = Facts(files={FILE: FileFacts(size=3, modified=date(2015, 1, 1))})
    shown = view(dataset, facts=facts).shown
    assert shown.modified == ""
    assert shown.expected == date.fromordinal(TODAY.toordinal() + 365)


@pytest.mark.parametrize(
    ("channel", "kind", "form"),
    [(Channel.ISO, "main", "geojson"), (Channel.DCAT, "api", "ogcapi-features")],
)
def test_only_the_feed_shows_an_api_as_one(make_dataset, channel, kind, form):
    found = view(make_dataset(), channel)
    api = found.shown.resources[0]
    assert (api.kind, api.format) == (kind, form)
    assert ("portal.resource.kind" in codes(found.losses)) is (channel is Channel.ISO)


def test_by_csw_a_file_is_given_the_format_of_others(make_dataset):
    dataset = make_dataset(access=Access.RESTRICTED, access_limitation="h")
    said = reasons(view(dataset, Channel.ISO).losses, "portal.resource.format")
    assert len(said) == 1
    assert "communes.xml" in said[0]
    assert reasons(view(dataset).losses, "portal.resource.format") == []


def test_the_feed_shows_what_is_known_of_a_file(make_dataset):
    facts = Facts(files={FILE: FileFacts(size=42, sha256="ab", modified=TODAY)})
    shown = view(make_dataset(), facts=facts).shown
    file = next(each for each in shown.resources if each.url == FILE)
    assert (file.size, file.sha256, file.modified) == (42, "ab", "2026-06-01")
    assert (file.kind, file.format) == ("main", "geojson")


@pytest.mark.parametrize("channel", BOTH)
def test_restricted_data_show_the_reason_and_no_licence(make_dataset, channel):
    dataset = make_dataset(access=Access.RESTRICTED, access_limitation="h")
    found = view(dataset, channel)
    assert found.shown.access_reason == "protection_of_environment"
    assert found.shown.licence == ""
    assert "portal.licence.restricted" in codes(found.losses)


@pytest.mark.parametrize("channel", BOTH)
def test_restricted_data_without_a_reason_would_be_called_open(make_dataset, channel):
    found = view(make_dataset(access=Access.RESTRICTED), channel)
    assert not found.shown.is_restricted
    assert "portal.access.open" in codes(found.losses)


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize(
    ("stated", "shown", "said"),
    [
        ("etalab-2.0", "lov2", 0),
        ("odbl-1.0", "odc-odbl", 0),
        ("cc-by-4.0", "cc-by", 0),
        ("conditions-unknown", "notspecified", 1),
    ],
)
def test_a_licence_that_the_portal_does_not_know_is_told(
    make_dataset, channel, stated, shown, said
):
    found = view(make_dataset(licence=stated), channel)
    assert found.shown.licence == shown
    assert len(reasons(found.losses, "portal.licence.unknown")) == said


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Licence Ouverte version 2.0", "lov2"),
        ("licence ouverte v2.0", "lov2"),
        ("Licence Ouverte / Open Licence version 1.0", "lov2"),
        ("Licence Ouverte / Open Licence", "fr-lo"),
        ("https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "lov2"),
        ("http://www.etalab.gouv.fr/licence-ouverte-open-licence", "lov2"),
        ("Voir https://opendefinition.org/licenses/odc-odbl.", "odc-odbl"),
        (
            "Données sous licence ouverte Etalab 2.0, mention obligatoire",
            "notspecified",
        ),
        ("https://spdx.org/licenses/etalab-2.0", "notspecified"),
        ("", "notspecified"),
    ],
)
def test_licences_are_read_as_the_portal_reads_them(text, name):
    """One of them wrongly: 1.0 is a letter away from 2.0."""
    assert licence([text], KNOWN) == name


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("Été 2024", "ete-2024"),
        ("L'Île-d’Yeu", "lile-dyeu"),
        ("cœur", "coeur"),
        ("-5 °C", "5-degc"),
        ("n° 3", "ndeg-3"),
        ("100 m²", "100-m2"),
        ("eau", "eau"),
        ("or", ""),
        ("—", ""),
        ("x" * 200, "x" * 96),
    ],
)
def test_a_keyword_becomes_a_tag(word, kept):
    assert tag(word, KNOWN) == kept


@pytest.mark.parametrize("channel", BOTH)
def test_keywords_that_are_lost_or_cut_are_told(make_dataset, channel):
    found = view(make_dataset(keywords=("or", "x" * 200, "commune")), channel)
    assert {"x" * 96, "commune"} <= set(found.shown.tags)
    said = reasons(found.losses, "portal.tag")
    assert len(said) == 2
    assert "« or »" in said[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Altitudes < 100 m et > 20 m", ""),
        ("a & b", ""),
        ("du <b>gras</b>", "<b>"),
        ("voir <https://example.org>", "<https://example.org>"),
    ],
)
def test_what_looks_like_markup_is_found(text, found):
    assert markup(text) == found


def test_what_looks_like_markup_is_taken_away():
    assert written("du <b>gras</b>\n\nici &amp; là") == "du gras ici & là"
    assert written(" 3 < 5\n\net & la suite ") == "3 < 5\n\net & la suite"


@pytest.mark.parametrize("channel", BOTH)
def test_an_abstract_with_markup_is_told(make_dataset, channel):
    found = view(make_dataset(abstract="Un <i>mot</i>."), channel)
    assert "<i>" in reasons(found.losses, "portal.description.markup")[0]


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize(
    ("contact", "case"),
    [
        (Contact(organisation="Service", email="pas une adresse"), "pas une adresse"),
        (Contact(organisation="www.service.example", email="a@b.fr"), "adresse web"),
    ],
)
def test_a_contact_that_is_not_accepted_is_told(make_dataset, channel, contact, case):
    found = view(make_dataset(contacts=(contact,)), channel)
    assert case in " ".join(reasons(found.losses, "portal.contact.lost"))
    assert "aucun contact" in " ".join(reasons(found.losses, "portal.contact.lost"))


def test_a_function_is_lost_by_csw_only(make_dataset):
    contact = Contact(organisation="Agence", email="a@b.fr", name="Géomatique")
    dataset = make_dataset(contacts=(contact,))
    by_csw, by_feed = view(dataset, Channel.ISO), view(dataset)
    assert by_csw.shown.contacts[0].name == "Agence"
    assert by_feed.shown.contacts[0].name == "Géomatique (Agence)"
    assert "portal.contact.part" in codes(by_csw.losses)
    assert "portal.contact.part" not in codes(by_feed.losses)


@pytest.mark.parametrize("channel", BOTH)
def test_a_revision_to_come_is_ignored_and_told(make_dataset, channel):
    dates = Dates(published=date(2020, 1, 1), revised=date(2030, 1, 1))
    found = view(make_dataset(dates=dates), channel)
    assert found.shown.modified == ""
    assert "2030-01-01" in reasons(found.losses, "portal.date.future")[0]


def test_what_has_no_place_is_told_fact_by_fact(make_dataset):
    dataset = make_dataset(
        purpose="Gérer.",
        scale=5000,
        resolution=0.5,
        spatial_scope="regional",
        thumbnail="https://example.org/a.png",
        conformity=Conformity.CONFORMANT,
        links=(Link(url="https://example.org/a.pdf", title="Notice"),),
        contacts=(Contact(organisation="A", email="a@b.fr", phone="01"),),
    )
    by_csw = reasons(view(dataset, Channel.ISO).losses, "portal.lost")
    by_feed = reasons(view(dataset).losses, "portal.lost")
    for word in ("catégories ISO", "1/5000", "SpatialScope", "aperçu", "téléphone"):
        assert any(word in said for said in by_csw)
        assert any(word in said for said in by_feed)
    for word in ("Notice", "EPSG:2154", "objectif"):
        assert any(word in said for said in by_csw)
        assert not any(word in said for said in by_feed)


def test_two_resources_of_one_address_are_one(make_dataset):
    twice = tuple(
        Link(url="https://example.org/a.pdf", title=title) for title in ("A", "B")
    )
    found = view(make_dataset(links=twice))
    documents = [each for each in found.shown.resources if each.kind == "other"]
    assert len(documents) == 1
    assert "portal.resource.shared" in codes(found.losses)


@pytest.mark.parametrize("channel", BOTH)
def test_a_period_that_ends_before_it_begins_is_turned_round(make_dataset, channel):
    period = StatedPeriod(start=date(2020, 1, 1), end=date(1990, 1, 1))
    shown = view(make_dataset(period=period), channel).shown
    assert shown.temporal is not None
    assert (shown.temporal.start, shown.temporal.end) == ("1990-01-01", "2020-01-01")


def test_by_csw_a_title_is_one_line_and_keeps_its_hard_spaces(make_dataset):
    title = "Bornes\u00a0: état\n  des lieux"
    assert view(make_dataset(title=title), Channel.ISO).shown.title == (
        "Bornes\u00a0: état des lieux"
    )


def test_the_spatial_extent_of_a_table_is_the_stated_one(make_dataset, make_collection):
    table = make_collection(geometries=(), extent=None)
    box = StatedExtent(west=1, south=2, east=3, north=4)
    dataset = make_dataset(collections=(table,), extent=box)
    shown = view(dataset).shown
    assert shown.spatial is not None
    assert shown.spatial.west == 1.0
    assert shown.spatial.north == 4.0
    assert view(make_dataset(collections=(table,))).shown.spatial is None


def test_google_wants_a_description_and_a_licence(make_dataset):
    found = preview(make_dataset(abstract="Bref.", licence="mine"), today=TODAY)
    assert "google.description" in codes(found.google_findings)
    assert any(f.element == "licence" for f in found.google_findings)
    assert found.google["name"] == "Communes de la Seine-Saint-Denis"
    complete = preview(make_dataset(**COMPLETE), today=TODAY)
    assert complete.google_findings == ()


def test_inspire_and_our_own_checks_are_in_the_preview(make_dataset):
    found = preview(make_dataset(lineage=""), today=TODAY)
    assert any(f.severity is Severity.ERROR for f in found.inspire)
    assert "dataset.lineage.missing" in codes(found.checks)
    complete = preview(make_dataset(**COMPLETE), today=TODAY)
    assert [f for f in complete.inspire if f.severity is Severity.ERROR] == []


def test_every_role_is_one_of_the_portal(make_dataset):
    contacts = tuple(
        Contact(organisation="Agence", email=f"{role.lower()}@b.fr", role=role)
        for role in Role
    )
    for channel in BOTH:
        shown = view(make_dataset(contacts=contacts), channel).shown
        assert {each.role for each in shown.contacts} == set(KNOWN.agents.values())


@given(st.text("ab", max_size=7), st.text("ab", max_size=7), st.integers(0, 3))
def test_the_distance_of_two_words_is_levenshtein_s(one, other, most):
    def distance(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(
            distance(a[1:], b) + 1,
            distance(a, b[1:]) + 1,
            distance(a[1:], b[1:]) + (a[0] != b[0]),
        )

    assert distance_within(one, other, most) is (distance(one, other) <= most)


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
@given(data=st.data())
def test_there_is_a_preview_of_whatever_is_stated(data, datasets):
    dataset = data.draw(datasets)
    found = preview(dataset, today=TODAY)
    for seen in found.views.values():
        assert 0 <= seen.shown.score <= 9
        missing = [each for each in seen.shown.quality if not each.met]
        said = [f for f in seen.losses if f.code == "portal.quality"]
        assert len(said) == len(missing)


def test_the_same_dataset_gives_the_same_preview(make_dataset):
    dataset = make_dataset(**COMPLETE)
    assert preview(dataset, today=TODAY) == preview(replace(dataset), today=TODAY)


def test_a_box_is_written_as_each_language_writes_numbers(
    make_dataset, make_collection
):
    table = make_collection(geometries=(), extent=None)
    box = StatedExtent(west=2.3184, south=48.9101, east=2.3723, north=48.9373)
    dataset = make_dataset(collections=(table,), extent=box)

    told = {r.label.en: r.value for r in rows(view(dataset).shown, platform())}

    place = told["Spatial coverage"]
    assert place.fr == "2,3184 à 2,3723 de longitude ; 48,9101 à 48,9373 de latitude"
    assert place.en == "longitude 2.3184 to 2.3723, latitude 48.9101 to 48.9373"
