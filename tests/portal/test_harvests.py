"""What the real udata makes of our outlets: all of it, once, and for ever the same."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.udata

SKIPPED = {"missing title on dataset", "missing identifier"}
"""What udata says of a dataset that a service's record only points to."""


def statuses(harvested: dict[str, Any]) -> list[set[str]]:
    """Return, pass by pass, how the items with an identifier of ours went."""
    return [
        {item["status"] for item in job["items"] if item["identifier"]}
        for job in harvested["jobs"]
    ]


@pytest.mark.parametrize("outlet", ["iso", "csw-dcat", "csw-geodcat", "rdf", "jsonld"])
def test_every_dataset_is_harvested(harvest: Any, outlet: str) -> None:
    found = harvest.found[outlet]
    assert [job["status"] for job in found["jobs"]] == ["done", "done"]
    assert [job["errors"] for job in found["jobs"]] == [[], []]
    assert statuses(found) == [{"done"}, {"done"}]
    wanted = {each.description.identifier for each in harvest.datasets}
    assert set(found["datasets"]) == wanted


@pytest.mark.parametrize("outlet", ["iso", "csw-dcat", "csw-geodcat"])
def test_every_download_service_is_harvested_and_leads_to_its_data(
    harvest: Any, outlet: str
) -> None:
    services = harvest.found[outlet]["services"]
    served = [each for each in harvest.datasets if each.serves_data(harvest.today)]
    identifiers = [each.description.identifier for each in served]
    assert set(services) == {f"{identifier}/service" for identifier in identifiers}
    for identifier in identifiers:
        assert services[f"{identifier}/service"]["datasets"] == [identifier]


@pytest.mark.parametrize("outlet", ["iso", "csw-dcat", "csw-geodcat", "rdf", "jsonld"])
def test_a_second_pass_changes_nothing(harvest: Any, outlet: str) -> None:
    assert harvest.found[outlet]["changed"] == []


@pytest.mark.parametrize("outlet", ["iso", "csw-dcat", "rdf", "jsonld"])
def test_only_what_a_service_points_to_is_skipped(harvest: Any, outlet: str) -> None:
    items = [item for job in harvest.found[outlet]["jobs"] for item in job["items"]]
    skipped = [item for item in items if item["status"] == "skipped"]
    assert {error for item in skipped for error in item["errors"]} <= SKIPPED
    assert [item["logs"] for item in items if item["logs"]] == []
