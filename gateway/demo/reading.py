"""What the outside sees of the demonstration: the service and the catalogue, asked.

Asked as anybody would, over HTTP, and not through what published it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from lxml import etree

from gateway.demo.work import Workplace
from gateway.publication.comparison import first_difference
from metadata.errors import OutletUnreachable, PasserelleError
from metadata.finding import Text
from metadata.record import canonical
from metadata.stated import Description
from metadata.xml import NAMESPACES, parse

TIMEOUT = 30.0
"""Seconds for one answer."""
START_TIMEOUT = 60.0
"""Seconds that the service may take until it answers."""


class DemoFailed(PasserelleError):
    """A step of the demonstration did not come out as it should."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One collection of one dataset, as the outside sees it."""

    dataset: str
    collection: str
    features: int | None
    """How many the service says there are; `None`: it does not say."""
    record: str
    """fileIdentifier of the dataset's record."""
    difference: str
    """Where the catalogue's records differ from ours, or what the service does not
    serve; empty: nowhere, and nothing."""


def wait_for(place: Workplace, process: subprocess.Popen[bytes]) -> None:
    """Return once the service is healthy.

    Raises
    ------
    DemoFailed
        It ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            answer = requests.get(f"{place.url}/health", timeout=TIMEOUT)
        except requests.RequestException:
            time.sleep(0.2)
            continue
        if answer.ok:
            return
        time.sleep(0.2)
    log = place.folder / "serve.log"
    raise DemoFailed(
        Text(
            f"Le service ne répond pas à {place.url} ; voir {log}.",
            f"The service does not answer at {place.url}; see {log}.",
        )
    )


def ask(url: str, **query: str) -> dict[str, Any]:
    """Return a JSON answer of the service.

    Raises
    ------
    DemoFailed
        It is not one, or not 200.
    """
    try:
        answer = requests.get(url, params=query, timeout=TIMEOUT)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
    except requests.RequestException as error:
        raise DemoFailed(f"{url}: {error}") from error
    return content


def read_back(catalogue: str, identifier: str) -> bytes:
    """Return one record as the catalogue has it; empty where it has none.

    References
    ----------
    OGC 07-006r1, 10.9 (GetRecordById)
    """
    query = {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecordById",
        "id": identifier,
        "elementsetname": "full",
        "outputschema": NAMESPACES["gmd"],
    }
    try:
        answer = requests.get(catalogue, params=query, timeout=TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise OutletUnreachable(f"{catalogue}: {error}") from error
    record = parse(answer.content).find("gmd:MD_Metadata", NAMESPACES)
    return b"" if record is None else bytes(etree.tostring(record))


def look(place: Workplace, published: Sequence[Description]) -> Iterator[Seen]:
    """Ask service and catalogue about every collection that was published."""
    for description in published:
        difference = _difference(place, description)
        for collection in description.collections:
            url = f"{place.url}/collections/{collection.id}/items"
            features, problem = None, ""
            try:
                features = ask(url, f="json", limit="1").get("numberMatched")
            except DemoFailed as error:
                problem = error.message
            yield Seen(
                dataset=description.id,
                collection=collection.id,
                features=features,
                record=description.record_identifier,
                difference=difference or problem,
            )


def _difference(place: Workplace, description: Description) -> str:
    """Compare both records of a dataset, as written and as the catalogue has them."""
    for name, identifier in (
        (description.id, description.record_identifier),
        (f"service-{description.id}", description.service_identifier),
    ):
        path = place.records / f"{name}.xml"
        if not path.exists():
            return f"{path.name} ∅"
        meant = path.read_bytes()
        found = read_back(place.catalogue, identifier)
        if not found:
            return f"{identifier} ∅"
        if canonical(meant) != canonical(found):
            return first_difference(meant, found)
    return ""
