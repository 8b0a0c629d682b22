"""The preview says what the real udata then shows, field by field, both ways."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from metadata.dcat import Facts, FileFacts
from metadata.iso19139 import dataset_content
from metadata.preview import Channel, Shown, platform, preview
from metadata.stated import Access

pytestmark = [pytest.mark.udata, pytest.mark.timeout(1200)]

OUTLETS = {"iso": Channel.ISO, "rdf": Channel.DCAT}
SMALL = {
    "csw-dcat": Channel.DCAT,
    "csw-geodcat": Channel.DCAT,
    "jsonld": Channel.DCAT,
    "ttl": Channel.DCAT,
}
LICENCES = Path(__file__).parent / "licences.json"
FULL_SCORE = 9


def previewed(dataset: Any, channel: Channel) -> Shown:
    return preview(dataset, today=datetime.now(UTC).date()).views[channel].shown


def day(moment: str | None) -> str:
    return (moment or "")[:10]


def plain(text: str) -> str:
    """Return a text without the Markdown that HTML was turned into."""
    return " ".join(text.replace("*", "").split())


def shown_by_udata(found: dict[str, Any]) -> dict[str, Any]:
    """Return what udata holds of a dataset, in the words of the preview."""
    points = [p for polygon in found["spatial"] or () for ring in polygon for p in ring]
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    quality, extras = found["quality"], found["extras"]
    return {
        "identifier": found["remote_id"],
        "title": found["title"],
        "description": plain(found["description"]),
        "licence": found["licence"] or "",
        "access_reason": found["access_reason"] or "",
        "is_restricted": found["access_type"] == "restricted",
        "frequency": found["frequency"] or "",
        "spatial": (min(xs), min(ys), max(xs), max(ys)) if points else None,
        "temporal": tuple(map(day, found["temporal"])) if found["temporal"] else None,
        "tags": tuple(found["tags"]),
        "contacts": Counter(
            (each["name"], each["email"] or "", each["form"] or "", each["role"])
            for each in found["contacts"]
        ),
        "resources": Counter(map(_resource, found["resources"])),
        "created": day(found["created"]),
        "issued": day(found["issued"]),
        "modified": day(found["modified"]),
        "page": found["remote_url"],
        "lineage": "".join(extras.get("provenance", ())),
        "resolution": extras.get("spatial_resolution", ""),
        "quality": {name: bool(quality.get(name)) for name in platform().criteria},
        "score": round(quality["score"] * FULL_SCORE),
    }


def _resource(found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        found["url"],
        found["title"],
        found["type"],
        found["format"] or "",
        found["mime"] or "",
        plain(found["description"] or ""),
        found["filesize"],
        found["checksum"] or "",
        day(found["modified"]),
    )


def shown_by_us(page: Shown) -> dict[str, Any]:
    """Return a preview in the same form."""
    box, period = page.spatial, page.temporal
    return {
        "identifier": page.identifier,
        "title": page.title,
        "description": plain(page.description),
        "licence": page.licence,
        "access_reason": page.access_reason,
        "is_restricted": page.is_restricted,
        "frequency": page.frequency,
        "spatial": (box.west, box.south, box.east, box.north) if box else None,
        "temporal": (period.start, period.end) if period else None,
        "tags": page.tags,
        "contacts": Counter((c.name, c.email, c.form, c.role) for c in page.contacts),
        "resources": Counter(
            (
                each.url,
                each.title,
                each.kind,
                each.format,
                each.media_type,
                plain(each.description),
                each.size,
                each.sha256,
                each.modified,
            )
            for each in page.resources
        ),
        "created": page.created,
        "issued": page.issued,
        "modified": page.modified,
        "page": page.page,
        "lineage": page.lineage,
        "resolution": page.resolution,
        "quality": {each.name: each.met for each in page.quality},
        "score": page.score,
    }


def differences(harvested: Any, outlet: str, channel: Channel) -> Iterator[str]:
    for dataset in harvested.datasets:
        found = harvested.found[outlet]["datasets"][dataset.description.identifier]
        theirs = shown_by_udata(found)
        ours = shown_by_us(previewed(dataset, channel))
        assert set(ours) == set(theirs)
        for name, value in ours.items():
            if value != theirs[name]:
                yield f"{dataset.id}, {name}: {value!r} is {theirs[name]!r}"


@pytest.mark.parametrize(("outlet", "channel"), OUTLETS.items())
def test_the_preview_of_a_catalogue_is_true(
    great_harvest: Any, outlet: str, channel: Channel
) -> None:
    assert list(differences(great_harvest, outlet, channel)) == []


@pytest.mark.parametrize(("outlet", "channel"), SMALL.items())
def test_every_other_way_shows_what_the_feed_shows(
    harvest: Any, outlet: str, channel: Channel
) -> None:
    assert list(differences(harvest, outlet, channel)) == []


def test_what_is_known_of_files_is_shown(portal: Any, feed: Any, harvest: Any) -> None:
    """Size, digest and day of a file that lies ready, from a feed as it is written."""
    (dataset, *_) = (d for d in harvest.datasets if d.serves_data(harvest.today))
    content = dataset_content(dataset)
    known = FileFacts(size=123_456, sha256="ab" * 32, modified=date(2024, 2, 29))
    facts = Facts(producer="Agence", files={o.url: known for o in content.online})
    source = {"backend": "dcat", "url": feed.add("files", [dataset], facts)}
    found = portal.harvest_all({"feed": source}, passes=2)["feed"]
    assert found["changed"] == []
    today = datetime.now(UTC).date()
    shown = preview(dataset, today=today, facts=facts).views[Channel.DCAT].shown
    (held,) = found["datasets"].values()
    assert shown_by_us(shown) == shown_by_udata(held)
    assert {each.size for each in shown.resources} == {123_456, None}


@pytest.mark.parametrize("outlet", OUTLETS)
def test_the_catalogue_has_something_of_everything(
    great_harvest: Any, outlet: str
) -> None:
    """What is held against the preview is not the same dataset over and over."""
    found = great_harvest.found[outlet]["datasets"].values()
    assert {each["licence"] for each in found} > {"lov2", "fr-lo", "odc-odbl", "cc-by"}
    assert len({each["access_reason"] for each in found}) == 1 + len("abcdefgh")
    assert len({each["frequency"] for each in found}) >= len("a frequency")
    assert len({each["role"] for d in found for each in d["contacts"]}) == len(
        platform().agents
    )
    tags = {tag for each in found for tag in each["tags"]}
    assert {"hvd", "inspire", "geospatiales", "mobilite"} <= tags
    assert {round(each["quality"]["score"] * FULL_SCORE) for each in found} >= {6, 8, 9}


@pytest.mark.parametrize("outlet", OUTLETS)
def test_every_licence_of_ours_is_recognised(great_harvest: Any, outlet: str) -> None:
    known = {
        "etalab-2.0": "lov2",
        "etalab-1.0": "fr-lo",
        "odbl-1.0": "odc-odbl",
        "cc-by-4.0": "cc-by",
        "cc-by-sa-4.0": "cc-by-sa",
        "cc0-1.0": "cc-zero",
    }
    seen = {
        (dataset.licence, each["licence"])
        for dataset in great_harvest.datasets
        if dataset.description.access is Access.OPEN and dataset.licence in known
        for each in [
            great_harvest.found[outlet]["datasets"][dataset.description.identifier]
        ]
    }
    assert seen == set(known.items())


def test_the_rules_have_the_licences_that_udata_was_given() -> None:
    given = {each["id"]: each for each in json.loads(LICENCES.read_text("utf-8"))}
    assert {each.name for each in platform().licences} == set(given)
    for each in platform().licences:
        theirs = given[each.name]
        assert (each.title, each.url or None) == (theirs["title"], theirs["url"])
        assert each.titles == tuple(theirs["alternate_titles"])
        assert each.urls == tuple(theirs["alternate_urls"])
