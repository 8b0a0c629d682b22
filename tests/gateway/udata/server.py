"""The real udata with its HTTP API on loopback; MongoDB is mongomock.

Run by the python of udata's own environment, never imported::

    python server.py FOLDER LICENCES.json

It prints one line of JSON: its address, keys, and organisations. Then it serves until
its standard input ends. `/testing/…` makes what no client may make by the API.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mongoengine
import mongomock
from udata.flask_mongoengine import connection


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

from flask import request  # noqa: E402
from udata import api, frontend  # noqa: E402
from udata.app import create_app, standalone  # noqa: E402
from udata.core.api_token.models import ApiToken  # noqa: E402
from udata.core.dataset.models import (  # noqa: E402
    Dataset,
    HarvestDatasetMetadata,
    License,
)
from udata.core.organization.models import Member, Organization  # noqa: E402
from udata.core.spatial.models import GeoLevel, GeoZone  # noqa: E402
from udata.core.user.models import User  # noqa: E402
from udata.harvest.models import HarvestSource  # noqa: E402
from udata.settings import Defaults, Testing  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402


class Quiet(WSGIRequestHandler):
    """Keeps connections, says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


SCHEMAS = {
    "schemas": [
        {
            "name": "etalab/schema-irve",
            "title": "IRVE",
            "schema_url": "https://schema.example.org/irve/latest.json",
            "schema_type": "tableschema",
            "versions": [
                {
                    "version_name": "2.3.1",
                    "schema_url": "https://schema.example.org/irve/2.3.1.json",
                }
            ],
        }
    ]
}


class SchemaCatalogue(BaseHTTPRequestHandler):
    """What stands for schema.data.gouv.fr."""

    def do_GET(self) -> None:
        content = json.dumps(SCHEMAS).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def catalogue_of_schemas() -> str:
    """Serve a catalogue in a thread of its own: udata asks for it while it answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SchemaCatalogue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/schemas.json"


def application(folder: str) -> Any:
    """Return udata with its own defaults, in French, its API open."""
    catalogue = catalogue_of_schemas()

    class Settings(Testing):
        SCHEMA_CATALOG_URL = catalogue
        MONGODB_HOST = "mongodb://localhost/passerelle"
        SECRET_KEY = "of no use to anybody outside of this test"
        API_TOKEN_SECRET = "of no use either"
        URLS_ALLOW_LOCAL = True
        URLS_ALLOW_PRIVATE = True
        FS_ROOT = folder
        PLUGINS: list[str] = []  # noqa: RUF012
        SERVER_NAME = None

    return standalone(create_app(Defaults, override=Settings))


def user(name: str) -> tuple[Any, str]:
    """Return a user, and a key that opens the API as that user."""
    made = User(
        first_name=name, last_name="Essai", email=f"{name}@example.org", active=True
    ).save()
    _, key = ApiToken.generate(made, name="test")
    return made, key


def organisations() -> dict[str, str]:
    """Make two organisations, and keys for those in and outside of them."""
    editor, key = user("editor")
    _, stranger = user("stranger")
    ours = Organization(
        name="Département",
        description="Essais",
        members=[Member(user=editor, role="editor")],
    ).save()
    other = Organization(name="Ailleurs", description="Essais").save()
    return {
        "key": key,
        "stranger": stranger,
        "organisation": str(ours.id),
        "other": str(other.id),
    }


def add_back_doors(app: Any) -> None:
    """Let tests do what only udata itself does."""

    @app.post("/testing/source")
    def source() -> dict[str, str]:
        given = request.get_json()
        made = HarvestSource(
            name="Source",
            url=given["url"],
            backend="dcat",
            organization=Organization.objects.get(id=given["organisation"]),
        ).save()
        return {"id": str(made.id)}

    @app.post("/testing/harvested")
    def harvested() -> dict[str, str]:
        given = request.get_json()
        made = Dataset.objects.get(id=given["id"])
        made.harvest = HarvestDatasetMetadata(remote_id=given["uri"], uri=given["uri"])
        made.extras = {}
        made.save()
        return {}

    @app.post("/testing/zone")
    def zone() -> dict[str, str]:
        given = request.get_json()
        level, _, code = given["id"].rpartition(":")
        GeoLevel(id=level, name=level).save()
        GeoZone(id=given["id"], slug=code, name=code, code=code, level=level).save()
        return {}

    @app.post("/testing/organisation")
    def organisation() -> dict[str, str]:
        editor = User.objects.get(email="editor@example.org")
        member = Member(user=editor, role="editor")
        name = request.get_json()["name"]
        made = Organization(name=name, description="Essais", members=[member]).save()
        return {"id": str(made.id)}


def main() -> None:
    """Serve until nobody holds our standard input any more."""
    folder, licences = sys.argv[1:3]
    logging.disable(logging.WARNING)
    app = application(folder)
    api.init_app(app)
    frontend.init_app(app)
    with app.app_context(), app.test_request_context():
        for licence in json.loads(Path(licences).read_text(encoding="utf-8")):
            License(**licence, active=True).save()
        facts = organisations()
    add_back_doors(app)
    # one request at a time: mongomock is no database for several threads
    server = make_server("127.0.0.1", 0, app, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    sys.stdout.write(json.dumps({"url": address, **facts}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
