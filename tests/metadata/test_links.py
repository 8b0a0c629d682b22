"""What links a dataset has, what an observation means, and when a link is broken."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.checks.rules import rule_set
from metadata.dcat_distributions import FileFacts
from metadata.finding import Severity
from metadata.links import (
    Judged,
    Link,
    Observation,
    Outcome,
    after,
    is_broken,
    judge,
    link_findings,
    links_of,
)
from metadata.links.findings import network_silent, service_silent
from metadata.links.link import WATCHING_RULES, is_own
from metadata.stated import Access, Contact, Status
from metadata.stated import Link as StatedLink

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
URL = "https://www.example.org/doc"
GPKG = rule_set(WATCHING_RULES).lists["media_types_gpkg"]
LINK = Link(dataset_id="communes", element="links.0.url", url=URL)
FILE = replace(LINK, expected="gpkg", media_types=GPKG, length=500, day=TODAY)


def answered(status: int = 200, **changes) -> Observation:
    given = {"outcome": Outcome.ANSWERED, "final": URL, "status": status, **changes}
    return Observation(**given)


def without(outcome: Outcome, **changes) -> Observation:
    return Observation(**{"outcome": outcome, "final": URL, **changes})


class TestLinksOf:
    def test_a_published_dataset_has_its_own_and_those_that_are_stated(
        self, make_dataset
    ) -> None:
        dataset = make_dataset(
            links=(StatedLink(url=" https://x.example/Été.PDF ", title="Notice"),),
            thumbnail="https://x.example/a.png",
            contacts=(
                Contact(organisation="A", email="a@b.example", url="http://c.example"),
            ),
        )
        found = {link.element: link for link in links_of(dataset, today=TODAY)}
        own = [link.url for link in found.values() if link.own]
        root = "https://geo.example.org"
        assert own[:2] == [
            f"{root}/records/communes.xml",
            f"{root}/datasets/communes/",
        ]
        assert f"{root}/collections/communes/download/communes.gpkg" in own
        notice = found["links.0.url"]
        assert notice.url == "https://x.example/%C3%89t%C3%A9.PDF"
        assert (notice.expected, notice.own) == ("pdf", False)
        assert "application/pdf" in notice.media_types
        assert found["thumbnail"].media_types == frozenset()
        assert found["contacts.0.url"].url == "http://c.example"
        assert found["organisation.url"].dataset_id == "passerelle.yml"

    @pytest.mark.parametrize(
        "changes", [{"status": Status.DRAFT}, {"publish_from": date(2027, 1, 1)}]
    )
    def test_one_that_may_not_go_out_has_the_stated_ones_only(
        self, changes, make_dataset
    ) -> None:
        dataset = make_dataset(links=(StatedLink(url=URL, title="Doc"),), **changes)
        found = links_of(dataset, today=TODAY)
        assert [link.element for link in found] == ["links.0.url", "organisation.url"]

    def test_restricted_data_are_not_looked_for(self, make_dataset) -> None:
        dataset = make_dataset(access=Access.RESTRICTED)
        own = [link.url for link in links_of(dataset, today=TODAY) if link.own]
        assert own == ["https://geo.example.org/records/communes.xml"]

    def test_a_file_is_as_long_as_the_record_says(self, make_dataset) -> None:
        address = "https://geo.example.org/collections/communes/download/communes.gpkg"
        facts = {address: FileFacts(size=77, modified=TODAY)}
        found = links_of(make_dataset(), today=TODAY, files=facts)
        (file,) = [link for link in found if link.url == address]
        assert (file.length, file.day) == (77, TODAY)

    def test_an_address_stands_there_once(self, make_dataset) -> None:
        twice = (StatedLink(url=URL, title="a"), StatedLink(url=URL, title="b"))
        found = links_of(make_dataset(links=twice), today=TODAY)
        assert [link.element for link in found if link.url == URL] == ["links.0.url"]

    @pytest.mark.parametrize(
        ("url", "own"),
        [
            ("https://geo.example.org/x", True),
            ("https://GEO.example.org:443/x", True),
            ("http://geo.example.org/x", False),
            ("https://geo.example.org:8443/", False),
            ("https://geo.example.org.evil.example/", False),
            ("https://me@geo.example.org/", True),
            ("https://geo.example.org@evil.example/", False),
            ("https://[", False),
        ],
    )
    def test_own_is_what_has_scheme_host_and_port_of_the_service(
        self, url, own
    ) -> None:
        assert is_own(url, "https://geo.example.org") is own


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_dataset_has_links(datasets, data) -> None:
    dataset = data.draw(datasets)
    found = links_of(dataset, today=TODAY)
    assert len({link.url for link in found}) == len(found)
    assert all(link.url.isascii() for link in found)


VERDICTS = [
    (LINK, answered(), "good", ""),
    (LINK, answered(206), "good", ""),
    (LINK, answered(404), "link.broken", "gone"),
    (LINK, answered(410), "link.broken", "gone"),
    (LINK, answered(401), "link.refused", "login"),
    (LINK, answered(403), "link.refused", "refused"),
    (
        LINK,
        answered(403, final="https://sso.example.org/", redirects=1),
        "link.refused",
        "login",
    ),
    (LINK, answered(429), "link.unchecked", "busy"),
    (LINK, answered(500), "link.failing", "status"),
    (LINK, answered(503), "link.failing", "status"),
    (LINK, answered(302), "link.failing", "status"),
    (LINK, answered(418), "link.failing", "status"),
    (
        FILE,
        answered(media_type="application/geopackage+sqlite3", length=500),
        "good",
        "",
    ),
    (FILE, answered(media_type="application/octet-stream"), "good", ""),
    (FILE, answered(), "good", ""),
    (FILE, answered(media_type="text/html"), "link.type", "page"),
    (
        FILE,
        answered(media_type="application/octet-stream", is_page=True),
        "link.type",
        "page",
    ),
    (FILE, answered(media_type="application/pdf"), "link.type", "other"),
    (FILE, answered(length=499), "link.length", "length"),
    (FILE, answered(modified=NOW - timedelta(days=1)), "link.length", "date"),
    (FILE, answered(modified=NOW), "good", ""),
    (
        FILE,
        answered(media_type="text/html", is_page=True, asks_password=True),
        "link.login",
        "login",
    ),
    (LINK, answered(asks_password=True, is_page=True), "good", ""),
    (
        LINK,
        answered(
            asks_password=True,
            is_page=True,
            redirects=1,
            final="http://example.org/doc/",
        ),
        "good",
        "",
    ),
    (
        LINK,
        answered(
            asks_password=True,
            is_page=True,
            redirects=1,
            final="https://www.example.org/x",
        ),
        "link.login",
        "login",
    ),
    (
        LINK,
        answered(redirects=1, final="https://cas.example.org/start"),
        "link.login",
        "login",
    ),
    (
        LINK,
        answered(redirects=1, final="https://x.example/users/sign-in?next=a"),
        "link.login",
        "login",
    ),
    (LINK, answered(redirects=1, final="https://x.example/castle/cassis"), "good", ""),
    (LINK, without(Outcome.NO_NAME), "link.failing", "name"),
    (LINK, without(Outcome.NO_CONNECTION), "link.failing", "connection"),
    (LINK, without(Outcome.TIMEOUT), "link.failing", "timeout"),
    (LINK, without(Outcome.BROKEN_OFF), "link.failing", "answer"),
    (LINK, without(Outcome.REDIRECTS), "link.failing", "redirects"),
    (
        LINK,
        without(Outcome.CERTIFICATE, detail="expired"),
        "link.certificate",
        "expired",
    ),
    (LINK, without(Outcome.TLS), "link.certificate", "tls"),
    (
        LINK,
        without(Outcome.PRIVATE, final="http://10.0.0.1/", detail="10.0.0.1"),
        "link.private",
        "address",
    ),
    (
        LINK,
        without(Outcome.PRIVATE, final="http://localhost/", detail="127.0.0.1"),
        "link.private",
        "address",
    ),
    (
        LINK,
        without(
            Outcome.PRIVATE, final="http://10.0.0.1/", detail="10.0.0.1", redirects=2
        ),
        "link.private",
        "redirect",
    ),
    (LINK, without(Outcome.PRIVATE, detail="10.0.0.1"), "link.inside", "name"),
    (LINK, without(Outcome.NOT_WEB), "link.unchecked", "scheme"),
    (LINK, without(Outcome.OTHER_PORT), "link.unchecked", "port"),
    (LINK, without(Outcome.UNASKED), "link.unchecked", "time"),
]


@pytest.mark.parametrize(("link", "found", "code", "case"), VERDICTS)
def test_an_observation_means(link, found, code, case) -> None:
    verdict = judge(link, found)
    assert (verdict.code, verdict.case) == (code, case)


def test_every_outcome_is_judged() -> None:
    assert {found.outcome for _, found, _, _ in VERDICTS} == set(Outcome)


def history_of(*observations: tuple[Observation, timedelta]):
    history = None
    for found, since_start in observations:
        history = after(history, LINK, found, now=NOW + since_start)
    return history


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOWN = without(Outcome.TIMEOUT)


class TestHistory:
    def test_of_a_good_link_is_when_it_was_good(self) -> None:
        history = history_of((answered(), 0 * DAY), (answered(), DAY))
        assert (history.failures, history.broken_since) == (0, None)
        assert history.good_at == NOW + DAY
        assert not is_broken(history)

    def test_counts_failures_and_keeps_when_they_began_and_when_it_was_good(
        self,
    ) -> None:
        times = [0 * DAY, DAY, 2 * DAY, 3 * DAY]
        history = history_of(
            *zip([answered(), DOWN, answered(503), DOWN], times, strict=True)
        )
        assert (history.failures, history.good_at) == (3, NOW)
        assert history.broken_since == NOW + DAY
        assert is_broken(history)

    def test_begins_anew_once_it_is_good_again(self) -> None:
        history = history_of(
            (DOWN, 0 * DAY), (DOWN, DAY), (answered(), 2 * DAY), (DOWN, 3 * DAY)
        )
        assert (history.failures, history.broken_since) == (1, NOW + 3 * DAY)

    def test_of_many_checks_within_an_hour_breaks_nothing(self) -> None:
        history = history_of(*((DOWN, n * HOUR / 10) for n in range(8)))
        assert history.failures == 8
        assert not is_broken(history)

    def test_of_two_checks_in_a_week_breaks_nothing(self) -> None:
        assert not is_broken(history_of((DOWN, 0 * DAY), (DOWN, 7 * DAY)))

    def test_of_what_is_certain_breaks_at_once(self) -> None:
        for found in (answered(404), without(Outcome.CERTIFICATE, detail="name")):
            assert is_broken(history_of((found, 0 * DAY)))

    def test_of_a_refusal_never_breaks(self) -> None:
        assert not is_broken(history_of(*((answered(403), n * DAY) for n in range(9))))

    @pytest.mark.parametrize(
        "nothing",
        [
            without(Outcome.UNASKED),
            answered(429),
            without(Outcome.PRIVATE, detail="::1"),
        ],
    )
    def test_is_left_alone_when_nothing_was_learnt(self, nothing) -> None:
        before = history_of((DOWN, 0 * DAY))
        assert after(before, LINK, nothing, now=NOW + DAY) == before
        assert after(None, LINK, nothing, now=NOW) is None


def judged(link: Link, found: Observation, *, times: int = 1) -> Judged:
    history = None
    for number in range(times):
        history = after(history, link, found, now=NOW + number * DAY)
    return Judged(link=link, found=found, verdict=judge(link, found), history=history)


class TestFindings:
    @pytest.mark.parametrize(("link", "found", "code", "case"), VERDICTS)
    def test_say_what_and_the_remedy_in_both_languages(
        self, link, found, code, case
    ) -> None:
        for times in (1, 4):
            for finding in link_findings([judged(link, found, times=times)]):
                words = (finding.reason, finding.hint)
                texts = [text for each in words for text in (each.fr, each.en)]
                assert all(texts)
                assert not any("{" in text or "}" in text for text in texts)
                assert URL in finding.reason.fr
                assert finding.reason.fr != finding.reason.en

    def test_call_broken_what_fails_for_long(self) -> None:
        (first,) = link_findings([judged(LINK, DOWN)])
        (last,) = link_findings([judged(LINK, DOWN, times=3)])
        assert (first.code, first.severity) == ("link.failing", Severity.WARNING)
        assert (last.code, last.severity) == ("link.broken", Severity.ERROR)
        assert "3 checks in a row since 2026-06-01" in last.reason.en

    def test_name_where_a_good_link_has_moved_to(self) -> None:
        found = answered(redirects=1, moved="https://new.example/doc")
        (finding,) = link_findings([judged(LINK, found)])
        assert finding.code == "link.redirected"
        assert "https://new.example/doc" in finding.reason.fr

    def test_say_nothing_of_a_good_link(self) -> None:
        assert list(link_findings([judged(LINK, answered())])) == []

    def test_of_our_own_service_point_at_it(self) -> None:
        own = replace(LINK, own=True)
        for found in (answered(404), answered(moved="https://x.example", redirects=1)):
            (finding,) = link_findings([judged(own, found)])
            assert "service.url" in finding.hint.en

    def test_of_the_organisation_point_at_its_file(self) -> None:
        link = replace(LINK, dataset_id="passerelle.yml", element="organisation.url")
        (finding,) = link_findings([judged(link, answered(404))])
        assert finding.hint.en == "Correct “organisation.url” in passerelle.yml."

    def test_give_the_remedy_of_the_case(self) -> None:
        observations = (without(Outcome.NOT_WEB), without(Outcome.OTHER_PORT))
        remedies = [
            finding.hint.en
            for found in observations
            for finding in link_findings([judged(LINK, found)])
        ]
        assert remedies[0].startswith("Prefer an https address in “links.0.url”")
        assert remedies[1].startswith("Open it in a browser; if it is good")

    def test_never_show_a_password(self) -> None:
        secret = "https://me:s3cret@www.example.org/doc"
        link = replace(LINK, url=secret)
        found = answered(404, final=secret)
        (finding,) = link_findings([judged(link, found)])
        assert "s3cret" not in repr(finding)

    def test_say_that_nobody_answers(self) -> None:
        assert (
            "http://127.0.0.1:8080" in service_silent("http://127.0.0.1:8080").reason.fr
        )
        assert "7" in network_silent(7).reason.en


def test_every_reason_of_the_rules_has_a_way_to_it() -> None:
    rules = rule_set(WATCHING_RULES).rules
    reached = {(code, case) for _, _, code, case in VERDICTS}
    fails = {case for code, case in reached if code == "link.failing"}
    reached |= {("link.broken", case) for case in fails}
    reached |= {("link.redirected", "moved")}
    reached |= {
        ("link.certificate", c)
        for c in ("early", "name", "self_signed", "issuer", "other")
    }
    written = {
        (code, case)
        for code, rule in rules.items()
        for case in rule.reasons
        if code.startswith("link.")
    }
    assert written == reached - {("good", "")}


def test_words_name_only_what_is_filled_in() -> None:
    known = {
        "url", "final", "host", "moved", "status", "address", "failures", "since",
        "needed", "expected", "found", "subject", "element",
    }  # fmt: skip
    for code, rule in rule_set(WATCHING_RULES).rules.items():
        if code.startswith("link."):
            for text in (*rule.reasons.values(), *rule.hints.values()):
                for words in (text.fr, text.en):
                    named = {
                        name
                        for _, name, _, _ in string.Formatter().parse(words)
                        if name
                    }
                    assert named <= known
