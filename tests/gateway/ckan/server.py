"""The real CKAN with its API on loopback; a list in memory stands for Solr.

Run by the python of CKAN's own environment, never imported::

    python server.py FOLDER POSTGRESQL_ADDRESS

It prints one line of JSON: its address, keys, and what it calls formats. Then it serves
until its standard input ends. `/testing/…` makes what no client may make by the API.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

# it tells what an uploaded file is, by a library of the system; nothing is uploaded
sys.modules["magic"] = ModuleType("magic")

from ckan.lib import search  # noqa: E402
from ckan.lib.search import common, index, query  # noqa: E402

CLAUSE = re.compile(r'\+?(\w+):(\([^)]*\)|"(?:\\.|[^"])*"|\S+)')
WORD = re.compile(r'"((?:\\.|[^"])*)"|(\w[\w-]*)')


class Shelf:
    """What Solr keeps of datasets, and the queries that CKAN and our outlet send it."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.is_behind = False

    def add(self, docs: list[dict[str, Any]], **_: object) -> None:
        """Keep documents, unless they are to be seen later."""
        if not self.is_behind:
            self.documents.update({each["id"]: each for each in docs})

    def delete(self, q: str, **_: object) -> None:
        """Drop the document that a query names."""
        names = {first or other for first, other in WORD.findall(q)}
        if not self.is_behind:
            for identifier in names & self.documents.keys():
                del self.documents[identifier]

    def commit(self, **_: object) -> None:
        """Show what was added: it is seen at once."""

    def search(self, q: str = "*:*", **given: Any) -> SimpleNamespace:
        """Find documents; every clause of every filter has to hold."""
        filters = given.get("fq") or []
        filters = [filters] if isinstance(filters, str) else filters
        found = [each for each in self.documents.values() if _any_of(each, q)]
        found = [each for each in found if all(_all_of(each, fq) for fq in filters)]
        found.sort(key=lambda each: each["id"])
        start, rows = int(given.get("start") or 0), int(given.get("rows") or 10)
        docs = [dict(each) for each in found[start : start + rows]]
        return SimpleNamespace(hits=len(found), docs=docs, facets={})


def _all_of(document: dict[str, Any], clauses: str) -> bool:
    return all(_holds(document, *clause) for clause in CLAUSE.findall(clauses))


def _any_of(document: dict[str, Any], clauses: str) -> bool:
    found = CLAUSE.findall(clauses)
    return not found or any(_holds(document, *clause) for clause in found)


def _holds(document: dict[str, Any], name: str, wanted: str) -> bool:
    words = {first.replace("\\", "") or other for first, other in WORD.findall(wanted)}
    value = document.get(name)
    return bool(words & set(map(str, value if isinstance(value, list) else [value])))


SHELF = Shelf()


def connect(**_: object) -> Shelf:
    """Connect to the list in memory in the place of Solr."""
    return SHELF


common.make_connection = index.make_connection = query.make_connection = connect
search.check_solr_schema_version = lambda *_: True

from ckan import model  # noqa: E402
from ckan.cli import CKANConfigLoader  # noqa: E402
from ckan.config.middleware import make_app  # noqa: E402
from ckan.lib import helpers  # noqa: E402
from ckan.logic import get_action  # noqa: E402
from flask import request  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

SETTINGS = """\
[app:main]
use = egg:ckan
sqlalchemy.url = {database}
ckan.site_url = http://127.0.0.1
ckan.site_id = default
solr_url = http://127.0.0.1:1/solr/ckan
ckan.storage_path = {folder}/storage
ckan.plugins =
SECRET_KEY = of no use to anybody outside of this test
beaker.session.secret = of no use either
api_token.jwt.encode.secret = string:of no use to anybody outside of this test
api_token.jwt.decode.secret = string:of no use to anybody outside of this test
ckan.redis.url = redis://127.0.0.1:1/0
ckan.auth.user_create_organizations = false
ckan.locale_default = en
licenses_group_url = file://{folder}/licences.json
ckan.requests.timeout = 5
"""


class Quiet(WSGIRequestHandler):
    """Keeps connections, says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


def application(folder: Path, database: str) -> Any:
    """Return CKAN with its own defaults, on a database that it has filled."""
    path = folder / "ckan.ini"
    path.write_text(SETTINGS.format(folder=folder, database=database), "utf-8")
    app = make_app(CKANConfigLoader(str(path)).get_config())
    model.repo.init_db()
    return app


def person(name: str) -> tuple[str, str]:
    """Return a user, and a key that opens the API as that user."""
    site = {"ignore_auth": True, "user": ""}
    what = {"name": name, "email": f"{name}@example.org", "password": "correct horse"}
    made = get_action("user_create")(dict(site), what)
    named = {"user": name, "name": "test"}
    key = get_action("api_token_create")({"ignore_auth": True, "user": name}, named)
    return made["id"], key["token"]


def organisation(name: str, title: str, editor: str = "editor") -> str:
    """Return an organisation with one editor."""
    site = get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    users = [{"name": editor, "capacity": "editor"}]
    what = {"name": name, "title": title, "users": users}
    found = get_action("organization_create")({"ignore_auth": True, "user": site}, what)
    return str(found["id"])


def add_back_doors(app: Any) -> None:
    """Let tests do what only an administrator does."""

    def back_door(act: Callable[[dict[str, Any]], Any]) -> None:
        def answer() -> Any:
            return act(request.get_json()) or {}

        app.add_url_rule(
            f"/testing/{act.__name__}", act.__name__, answer, methods=["POST"]
        )

    @back_door
    def group(given: dict[str, Any]) -> dict[str, str]:
        return {"id": organisation(given["name"], given["title"])}

    @back_door
    def purge(given: dict[str, Any]) -> None:
        site = get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        context = {"ignore_auth": True, "user": site}
        get_action("dataset_purge")(context, {"id": given["id"]})

    @back_door
    def hidden(given: dict[str, Any]) -> dict[str, str]:
        """Make a private dataset of an organisation that nobody here is in."""
        site = get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        context = {"ignore_auth": True, "user": site}
        what = {"name": f"{given['name']}-o", "title": "Cachée"}
        owner = get_action("organization_create")(dict(context), what)["id"]
        private = {"name": given["name"], "owner_org": owner, "private": True}
        made = get_action("package_create")(dict(context), private)
        return {"id": made["id"]}

    @back_door
    def falls_behind(given: dict[str, Any]) -> None:
        SHELF.is_behind = given["is_behind"]


def main() -> None:
    """Serve until nobody holds our standard input any more."""
    folder, database = Path(sys.argv[1]), sys.argv[2]
    os.environ["CKAN_INI"] = str(folder / "ckan.ini")
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(sys.stderr):
        app = application(folder, database)
    flask = app._wsgi_app
    with flask.test_request_context():
        _, key = person("editor")
        _, stranger = person("stranger")
        known = {name: form[1] for name, form in helpers.resource_formats().items()}
    add_back_doors(flask)
    server = make_server("127.0.0.1", 0, app, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    facts = {
        "url": f"http://127.0.0.1:{server.server_port}",
        "key": key,
        "stranger": stranger,
        "formats": known,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
