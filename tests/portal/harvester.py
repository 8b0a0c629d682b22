"""The real udata, as data.gouv.fr runs it, asked to harvest; MongoDB is mongomock.

Run by the python of udata's own environment, never imported::

    python harvester.py ORDER.json ANSWER.json

The order names the platform's licences and what to harvest, how often; the answer says
how each pass went and all that udata then holds of each dataset, in its own words.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from datetime import date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import mongoengine
import mongomock
from udata.flask_mongoengine import connection

CHANGING = 600
"""Seconds that the change of a catalogue may take."""
STYLESHEET = "iso-19139-to-dcat-ap.xsl"
PASSING = {"last_update", "last_modified", "quality"}
"""What says when udata looked, not what it found."""


def connect(settings: dict[str, Any]) -> Any:
    """Connect to a database in memory in the place of MongoDB."""
    return mongoengine.connect(
        settings["name"],
        alias=settings["alias"],
        host="mongodb://localhost",
        mongo_client_class=mongomock.MongoClient,
        uuidRepresentation="standard",
    )


connection._connect = connect

from udata.app import create_app, standalone  # noqa: E402
from udata.core.contact_point.models import ContactPoint  # noqa: E402
from udata.core.dataservices.models import Dataservice  # noqa: E402
from udata.core.dataset.models import Dataset, License  # noqa: E402
from udata.core.organization.models import Organization  # noqa: E402
from udata.harvest import actions  # noqa: E402
from udata.harvest.backends.base import BaseBackend  # noqa: E402
from udata.harvest.models import HarvestJob, HarvestSource  # noqa: E402
from udata.settings import Defaults, Testing  # noqa: E402

_save_job = BaseBackend.save_job


def save_job_at_its_end(backend: Any) -> None:
    """Save the journal of a job once, not twice for each item.

    The journal grows with each item, and mongomock copies it whole: hours for a
    thousand datasets. What is harvested is saved as ever.
    """
    if backend.job.ended:
        _save_job(backend)


def count_nothing(_: Any) -> None:
    """Leave out the figures of the organisation's page.

    They are counted anew with each dataset that is saved, and mongomock, which has no
    index, looks at all of them each time. Nothing here asks for them.
    """


BaseBackend.save_job = save_job_at_its_end
Organization.count_datasets = count_nothing
Organization.count_dataservices = count_nothing


def serve_stylesheet() -> str:
    """Serve the stylesheet that comes with udata; return its address.

    On data.gouv.fr it is fetched from the platform's own branch of it.
    """
    folder = Path(str(files("udata"))) / "harvest" / "tests" / "csw_dcat"

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/{STYLESHEET}"


def application(folder: str) -> Any:
    """Return udata with its own defaults, in French, allowed to ask loopback."""

    class Settings(Testing):
        HARVESTER_BACKENDS = ["csw*", "dcat"]  # noqa: RUF012
        HARVEST_ISO19139_XSLT_URL = serve_stylesheet()
        MONGODB_HOST = "mongodb://localhost/passerelle"
        SECRET_KEY = "of no use to anybody outside of this test"
        HARVEST_AUTOARCHIVE_GRACE_DAYS = -1  # seen before tomorrow is long ago
        URLS_ALLOW_LOCAL = True
        URLS_ALLOW_PRIVATE = True
        FS_ROOT = folder
        PLUGINS: list[str] = []  # noqa: RUF012

    return standalone(create_app(Defaults, override=Settings))


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(part) for part in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def resource(found: Any) -> dict[str, Any]:
    """Return one file, interface or document."""
    return plain(
        {
            "id": found.id,
            "title": found.title,
            "url": found.url,
            "type": found.type,
            "format": found.format,
            "mime": found.mime,
            "description": found.description,
            "filesize": found.filesize,
            "checksum": found.checksum.value if found.checksum else None,
            "modified": found.harvest.modified_at if found.harvest else None,
        }
    )


def dataset(found: Any) -> dict[str, Any]:
    """Return all that the portal shows of a dataset."""
    harvest, period, spatial = found.harvest, found.temporal_coverage, found.spatial
    return plain(
        {
            "id": found.id,
            "title": found.title,
            "acronym": found.acronym,
            "description": found.description,
            "licence": found.license.id if found.license else None,
            "access_type": found.access_type,
            "access_reason": found.access_type_reason_category,
            "frequency": found.frequency.value if found.frequency else None,
            "spatial": spatial.geom["coordinates"] if spatial else None,
            "temporal": [period.start, period.end] if period else None,
            "tags": sorted(found.tags),
            "schema": found.schema.url if found.schema else None,
            "contacts": [
                {
                    "name": contact.name,
                    "email": contact.email,
                    "form": contact.contact_form,
                    "role": contact.role,
                }
                for contact in found.contact_points
            ],
            "resources": [resource(each) for each in found.resources],
            "extras": found.extras.get("dcat", {}),
            "remote_id": harvest.remote_id,
            "remote_url": harvest.remote_url,
            "uri": harvest.uri,
            "doi": harvest.doi,
            "created": harvest.created_at,
            "issued": harvest.issued_at,
            "modified": harvest.modified_at,
            "archived": found.archived,
            "last_modified": found.last_modified_internal,
            "last_update": harvest.last_update,
            "quality": found.quality,
        }
    )


def dataservice(found: Any) -> dict[str, Any]:
    """Return all that the portal shows of an API."""
    return plain(
        {
            "title": found.title,
            "description": found.description,
            "address": found.base_api_url,
            "documentation": found.machine_documentation_url,
            "licence": found.license.id if found.license else None,
            "tags": sorted(found.tags),
            "datasets": sorted(each.harvest.remote_id for each in found.datasets),
            "remote_id": found.harvest.remote_id,
            "contacts": [contact.email for contact in found.contact_points],
        }
    )


def held() -> dict[str, Any]:
    """Return everything that there is."""
    datasets = {each.harvest.remote_id: dataset(each) for each in Dataset.objects}
    services = {
        each.harvest.remote_id: dataservice(each) for each in Dataservice.objects
    }
    assert len(datasets) == Dataset.objects.count()
    assert len(services) == Dataservice.objects.count()
    return {"datasets": datasets, "services": services}


def lasting(found: dict[str, Any]) -> dict[str, Any]:
    """Return what may not change when nothing changed at the source."""
    return {
        identifier: {n: v for n, v in each.items() if n not in PASSING}
        for identifier, each in (found["datasets"] | found["services"]).items()
    }


def differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[str]]:
    """Return what is another than it was, and which of its fields."""
    return {
        identifier: [n for n in {**one, **two} if one.get(n) != two.get(n)]
        for identifier in sorted({**before, **after})
        if (one := before.get(identifier, {})) != (two := after.get(identifier, {}))
    }


def job_of(source: Any) -> dict[str, Any]:
    """Return how the last pass over a source went."""
    job = source.get_last_job()
    return {
        "status": job.status,
        "errors": [error.message for error in job.errors],
        "items": [
            {
                "identifier": item.remote_id,
                "status": item.status,
                "errors": [error.message for error in item.errors],
                "logs": [f"{log.level}: {log.message}" for log in item.logs],
            }
            for item in job.items
        ],
    }


def harvest(order: dict[str, Any]) -> dict[str, Any]:
    """Harvest one source as often as asked, into a portal with nothing in it.

    Then, as if it had changed, from other addresses (``then``), and once more after
    each address of ``asking`` was asked, which makes the change. Whatever is not there
    any more is archived at once, not after the week that the platform waits.
    """
    for model in (Dataset, Dataservice, ContactPoint, HarvestJob, HarvestSource):
        model.drop_collection()
    organization = Organization(name="Département", description="Essais").save()
    source = HarvestSource(
        name="Passerelle",
        url=order["url"],
        backend=order["backend"],
        organization=organization,
        validation={"state": "accepted"},
        config={"features": order.get("features", {})},
    ).save()
    jobs, seen = [], []
    passes = [(order["url"], "")] * order["passes"]
    passes += [(address, "") for address in order.get("then", [])]
    passes += [(order["url"], change) for change in order.get("asking", [])]
    for address, change in passes:
        if change:
            urlopen(change, timeout=CHANGING).close()
        source.url = address
        source.save()
        begun = time.perf_counter()
        actions.run(source)
        seconds = time.perf_counter() - begun
        source.reload()
        jobs.append({**job_of(source), "seconds": seconds})
        seen.append(held())
    changes = [differing(one, two) for one, two in pairwise(map(lasting, seen))]
    changed = [identifier for each in changes for identifier in each]
    return {"jobs": jobs, "changed": changed, "changes": changes, **seen[-1]}


def main() -> None:
    """Do what the order says."""
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    logging.disable(logging.WARNING)
    app = application(order["folder"])
    with app.app_context(), app.test_request_context():
        for licence in order["licences"]:
            License(**licence, active=True).save()
        answers = {name: harvest(source) for name, source in order["sources"].items()}
    Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
