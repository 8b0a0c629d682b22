"""What the real udata makes of our outlets: all of it, once, and for ever the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

pytestmark = [pytest.mark.udata, pytest.mark.timeout(1200)]

SKIPPED = {"missing title on dataset", "missing identifier"}
"""What udata says of a dataset that a service's record only points to."""
EVERY = ["iso", "csw-dcat", "csw-geodcat", "rdf", "jsonld", "ttl"]
BY_CSW = ["iso", "csw-dcat", "csw-geodcat"]


def harvests(outlets: list[str]) -> pytest.MarkDecorator:
    """Run a test on a small harvest of each outlet, and on the great ones."""
    great = [("great_harvest", name) for name in outlets if name in {"iso", "rdf"}]
    cases = [("harvest", name) for name in outlets] + great
    names = [f"{name}{'-great' * (kind != 'harvest')}" for kind, name in cases]
    return pytest.mark.parametrize(("made", "outlet"), cases, ids=names)


@pytest.fixture
def done(request: pytest.FixtureRequest, made: str) -> Any:
    return request.getfixturevalue(made)


def items(harvested: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in harvested["jobs"]:
        yield from job["items"]


@harvests(EVERY)
def test_every_dataset_is_harvested(done: Any, outlet: str) -> None:
    found = done.found[outlet]
    assert [job["status"] for job in found["jobs"]] == ["done", "done"]
    assert [job["errors"] for job in found["jobs"]] == [[], []]
    named = [item for item in items(found) if item["identifier"]]
    assert {item["status"] for item in named} == {"done"}
    wanted = {each.description.identifier for each in done.datasets}
    assert set(found["datasets"]) == wanted


@harvests(EVERY)
def test_a_second_pass_changes_nothing(done: Any, outlet: str) -> None:
    assert done.found[outlet]["changed"] == []


@harvests(EVERY)
def test_udata_complains_of_nothing(done: Any, outlet: str) -> None:
    found = tuple(items(done.found[outlet]))
    skipped = [item for item in found if item["status"] == "skipped"]
    assert {error for item in skipped for error in item["errors"]} <= SKIPPED
    assert [item["logs"] for item in found if item["logs"]] == []


@harvests(BY_CSW)
def test_every_download_service_is_harvested_and_leads_to_its_data(
    done: Any, outlet: str
) -> None:
    services = done.found[outlet]["services"]
    served = [each for each in done.datasets if each.serves_data(done.today)]
    identifiers = [each.description.identifier for each in served]
    assert set(services) == {f"{identifier}/service" for identifier in identifiers}
    for identifier in identifiers:
        assert services[f"{identifier}/service"]["datasets"] == [identifier]


def test_a_dataset_that_vanished_is_archived_and_another_that_changed_is_updated(
    portal: Any, feed: Any, harvest: Any
) -> None:
    """Nothing else is touched, and what comes back is there again, the same."""
    gone, changed, kept = harvest.datasets[:3]
    stated = replace(changed.description, title="Un autre titre")
    after = (replace(changed, description=stated), kept)
    source = {
        "backend": "dcat",
        "url": feed.add("before", (gone, changed, kept)),
        "then": [feed.add("after", after)],
    }
    back = {**source, "then": [*source["then"], source["url"]]}
    found = portal.harvest_all({"after": source, "back": back}, passes=2)
    names = [each.description.identifier for each in (gone, changed, kept)]
    assert found["after"]["changed"] == sorted(names[:2])
    held = [found["after"]["datasets"][name] for name in names]
    assert [bool(each["archived"]) for each in held] == [True, False, False]
    assert held[1]["title"] == "Un autre titre"
    assert [bool(found["back"]["datasets"][name]["archived"]) for name in names] == [
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("outlet", ["iso", "rdf"])
def test_nothing_is_archived_when_most_of_the_catalogue_got_lost(
    shrunk_harvest: Any, outlet: str
) -> None:
    """Our outlets answer 503, which udata takes for what it is: no answer."""
    found = shrunk_harvest.found[outlet]
    assert [job["status"] for job in found["jobs"]] == ["done", "failed"]
    (error,) = found["jobs"][1]["errors"]
    assert "503" in error
    assert found["changed"] == []
    assert len(found["datasets"]) == len(shrunk_harvest.datasets)
    assert not any(each["archived"] for each in found["datasets"].values())
