"""A server that holds to what is published of the API Entrepôt, and keeps metadata.

It is no Géoplateforme. The developer's guide of cartes.gouv.fr, the Python SDK, the
QGIS plugin and the site's own client say what is enforced here: tokens that expire, the
file as a multipart part, a file identifier that is unique on the platform and may not
change, attributes that count from the next publication on, catalogues that follow a
replaced file, no delete of what is published, pages with ``Content-Range``. What none
of them says (statuses of refusals) is chosen: 400, 404 and 409.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from lxml import etree

GMD = "http://www.isotc211.org/2005/gmd"
GCO = "http://www.isotc211.org/2005/gco"
DATASTORE = "5cb4fdb0-6f6c-4422-893d-e04564bfcc10"
CATALOGUE = "5d8fe1fb-dcb6-4c4e-9b43-a3b1f1e5c3b2"
OTHER = "0e2ab1f4-5f6c-4c86-8a31-2d1d0c1a0f00"
WFS = "ae012611-13eb-4a18-8d04-9b7604a031cc"
LIMITS = (10, 50)
"""Objects in a page unless asked, and at most."""


@dataclass
class Metadata:
    id: str
    file_identifier: str
    xml: bytes
    type: str = "ISOAP"
    open_data: bool = False
    level: str = "DATASET"
    endpoints: list[str] = field(default_factory=list)
    former: bytes = b""
    """The file before the last one."""

    def shown(self, *, full: bool) -> dict[str, Any]:
        said = {
            "_id": self.id,
            "file_identifier": self.file_identifier,
            "type": self.type,
            "level": self.level,
        }
        if not full:
            return said
        endpoints = [{"_id": e, "name": f"point {e}"} for e in self.endpoints]
        return {
            **said,
            "open_data": self.open_data,
            "tags": {},
            "endpoints": endpoints,
        }


@dataclass
class Platform:
    """All that the server knows; tests look into it and change it."""

    clients: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    """Token → moment at which it ends."""
    life: float = 300.0
    metadata: dict[str, Metadata] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    """File identifiers that other datastores have."""
    public: dict[str, dict[str, tuple[bytes, str, bool]]] = field(default_factory=dict)
    """Catalogue → file identifier → what everybody sees."""
    catalogues: tuple[str, ...] = (CATALOGUE,)
    active: bool = True
    full_lists: bool = False
    filters: bool = True
    """Whether a list can be filtered by file identifier."""
    slow: int = 0
    """Questions before a publication shows."""
    slow_uploads: int = 0
    """Lists before a new metadata is in them."""
    slow_files: int = 0
    """Questions before a replaced file is the new one."""
    slow_deletes: int = 0
    """Lists before a deleted metadata is in none."""
    queued: set[str] = field(default_factory=set)
    """Metadata that were uploaded and are not processed."""
    dying: list[Metadata] = field(default_factory=list)
    uploads: int = 0
    grants: list[str] = field(default_factory=list)
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def expire(self) -> None:
        """End every token."""
        self.tokens.clear()

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def token_url(self) -> str:
        return f"{self.url}/realms/geoplateforme/protocol/openid-connect/token"

    def seen(self, catalogue: str = CATALOGUE) -> dict[str, tuple[bytes, str, bool]]:
        return self.public.get(catalogue, {})


class Refusal(Exception):
    def __init__(self, status: int, error: str, *words: str) -> None:
        super().__init__(error)
        self.status, self.error, self.words = status, error, list(words)


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    class Own(Handler):
        pass

    Own.platform = platform
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    platform.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    platform: Platform

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        self.query = {n: v[-1] for n, v in parse_qs(parts.query).items()}
        self.more: list[tuple[str, str]] = []
        with self.platform.lock:
            try:
                if parts.path.endswith("/openid-connect/token"):
                    status, content = self._token()
                else:
                    self._require_token()
                    status, content = self._route(parts.path)
            except Refusal as refusal:
                status = refusal.status
                content = {
                    "error": refusal.error,
                    "error_description": refusal.words,
                }
        self._send(status, content)

    def _send(self, status: int, content: Any) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = "application/xml" if isinstance(content, bytes) else "application/json"
        if content is None:
            raw = b""
        self.send_response(status)
        for name, value in self.more:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if status != 204:
            self.wfile.write(raw)

    def _token(self) -> tuple[int, Any]:
        form = {n: v[-1] for n, v in parse_qs(self.body.decode("ascii")).items()}
        kind = self.headers.get("Content-Type", "")
        if self.command != "POST" or kind != "application/x-www-form-urlencoded":
            return 415, {"error": "unsupported"}
        client, grant = form.get("client_id", ""), form.get("grant_type")
        secret = self.platform.clients.get(client)
        if secret is None or (secret and form.get("client_secret") != secret):
            said = "Invalid client or Invalid client credentials"
            return 401, {"error": "unauthorized_client", "error_description": said}
        user = form.get("username", "")
        wrong = self.platform.users.get(user) != form.get("password")
        if grant == "password" and (not user or wrong):
            said = "Invalid user credentials"
            return 401, {"error": "invalid_grant", "error_description": said}
        if grant not in {"password", "client_credentials"}:
            return 400, {"error": "unsupported_grant_type"}
        token, life = uuid4().hex, self.platform.life
        self.platform.grants.append(str(grant))
        self.platform.tokens[token] = time.monotonic() + life
        answer = {"access_token": token, "expires_in": life, "token_type": "Bearer"}
        return 200, answer

    def _require_token(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.platform.tokens.get(token, 0) <= time.monotonic():
            raise Refusal(401, "invalid_token", "Jeton absent, inconnu ou expiré")

    def _route(self, path: str) -> tuple[int, Any]:
        match = re.fullmatch(r"/api/datastores/([^/]+)(/metadata)?(/.*)?", path)
        if not match or match[1] != DATASTORE:
            raise Refusal(404, "not_found", "Entrepôt inconnu")
        if not match[2]:
            return 200, self._datastore()
        rest = (match[3] or "").strip("/")
        if rest in {"publication", "unpublication"} and self.command == "POST":
            return self._publication(rest)
        if not rest:
            return self._upload() if self.command == "POST" else self._list()
        return self._one(*rest.split("/"))

    def _datastore(self) -> dict[str, Any]:
        kinds = [
            (WFS, "WFS"),
            *((each, "METADATA") for each in self.platform.catalogues),
        ]
        endpoints = [
            {
                "use": 0,
                "quota": 100,
                "endpoint": {
                    "_id": each,
                    "name": f"Service {each}",
                    "technical_name": f"gpf-{each[:8]}",
                    "type": kind,
                    "open": True,
                },
            }
            for each, kind in kinds
        ]
        return {
            "_id": DATASTORE,
            "name": "Communauté des tutoriels",
            "active": self.platform.active,
            "endpoints": endpoints,
        }

    def _list(self) -> tuple[int, Any]:
        if self.command != "GET":
            raise Refusal(405, "method_not_allowed")
        usual, most = LIMITS
        limit = min(int(self.query.get("limit", usual)), most)
        first = (int(self.query.get("page", 1)) - 1) * limit
        wanted = self.query.get("file_identifier")
        every = [
            each
            for each in self._processed()
            if not (wanted and self.platform.filters) or each.file_identifier == wanted
        ]
        page = every[first : first + limit]
        last = first + len(page)
        self.more.append(("Content-Range", f"{first + 1}-{last}/{len(every)}"))
        status = 200 if len(page) == len(every) else 206
        return status, [m.shown(full=self.platform.full_lists) for m in page]

    def _processed(self) -> list[Metadata]:
        """Return what a list tells of: not the newest, still the last deleted."""
        platform = self.platform
        hidden, still = platform.queued, platform.dying
        if platform.slow_uploads > 0 and hidden:
            platform.slow_uploads -= 1
        else:
            platform.queued = hidden = set()
        if platform.slow_deletes > 0 and still:
            platform.slow_deletes -= 1
        else:
            platform.dying = still = []
        every = [*platform.metadata.values(), *still]
        return sorted((m for m in every if m.id not in hidden), key=lambda m: m.id)

    def _one(self, name: str, what: str = "") -> tuple[int, Any]:
        dying = {each.id: each for each in self.platform.dying}
        there = self.platform.metadata.get(name) or dying.get(name)
        if there is None:
            raise Refusal(404, "not_found", f"Métadonnée {name} inconnue")
        if self.command == "GET":
            if what == "file":
                return 200, self._file_now(there)
            return 200, self._ripening(there)
        if what:
            raise Refusal(405, "method_not_allowed")
        act = {"PUT": self._replace, "PATCH": self._patch, "DELETE": self._delete}
        return act[self.command](there)

    def _upload(self) -> tuple[int, Any]:
        content, name = self._file()
        taken = {m.file_identifier for m in self.platform.metadata.values()}
        if name in taken | self.platform.elsewhere:
            raise Refusal(409, "conflict", f"Le file identifier {name} est déjà pris")
        attributes = self._attributes(self.query)
        made = Metadata(str(uuid4()), name, content, **attributes)
        self.platform.metadata[made.id] = made
        self.platform.queued.add(made.id)
        self.platform.uploads += 1
        return 201, made.shown(full=True)

    def _replace(self, there: Metadata) -> tuple[int, Any]:
        content, name = self._file()
        if name != there.file_identifier:
            raise Refusal(400, "bad_request", "Le file identifier ne doit pas changer")
        there.former, there.xml = there.xml, content
        for endpoint in there.endpoints:
            _, kind, open_data = self.platform.public[endpoint][name]
            self.platform.public[endpoint][name] = (content, kind, open_data)
        return 200, there.shown(full=True)

    def _patch(self, there: Metadata) -> tuple[int, Any]:
        attributes = self._attributes(self._json())
        there.type = attributes.get("type", there.type)
        there.open_data = attributes.get("open_data", there.open_data)
        return 200, there.shown(full=True)

    def _delete(self, there: Metadata) -> tuple[int, Any]:
        if there.endpoints:
            raise Refusal(409, "conflict", "La métadonnée est publiée")
        self.platform.dying.append(self.platform.metadata.pop(there.id))
        return 204, None

    def _publication(self, what: str) -> tuple[int, Any]:
        order = self._json()
        endpoint, names = order.get("endpoint"), order.get("file_identifiers")
        if endpoint not in self.platform.catalogues or not isinstance(names, list):
            raise Refusal(404, "not_found", "Point de diffusion inconnu")
        by_name = {m.file_identifier: m for m in self.platform.metadata.values()}
        for name in names:
            if name not in by_name:
                raise Refusal(404, "not_found", f"{name} inconnu")
            there = by_name[name]
            self.platform.public.setdefault(endpoint, {}).pop(name, None)
            there.endpoints = [e for e in there.endpoints if e != endpoint]
            if what == "publication":
                there.endpoints.append(endpoint)
                shown = (there.xml, there.type, there.open_data)
                self.platform.public[endpoint][name] = shown
        return 204, None

    def _ripening(self, there: Metadata) -> dict[str, Any]:
        """Show a publication only after some questions, where it is slow."""
        said = there.shown(full=True)
        if self.platform.slow > 0 and there.endpoints:
            self.platform.slow -= 1
            said["endpoints"] = []
        return said

    def _file_now(self, there: Metadata) -> bytes:
        """Return the file, for some questions the former one where it is slow."""
        if self.platform.slow_files > 0 and there.former:
            self.platform.slow_files -= 1
            return there.former
        return there.xml

    def _file(self) -> tuple[bytes, str]:
        """Return the part `file` of a multipart body, and its file identifier."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            raise Refusal(415, "unsupported_media_type", kind)
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        parts = [p for p in message.iter_parts() if _name_of(p) == "file"]
        if len(parts) != 1 or not parts[0].get_filename():
            raise Refusal(400, "bad_request", "Il faut une partie « file », un fichier")
        content = parts[0].get_payload(decode=True)
        try:
            root = etree.fromstring(content)
        except etree.XMLSyntaxError as error:
            raise Refusal(400, "bad_request", f"XML invalide : {error}") from error
        name = root.findtext(f"{{{GMD}}}fileIdentifier/{{{GCO}}}CharacterString")
        if root.tag != f"{{{GMD}}}MD_Metadata" or not name:
            raise Refusal(400, "bad_request", "Pas de file identifier")
        return content, name

    def _json(self) -> dict[str, Any]:
        if self.headers.get("Content-Type") != "application/json":
            raise Refusal(415, "unsupported_media_type")
        found: dict[str, Any] = json.loads(self.body)
        return found

    def _attributes(self, given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "type" in given:
            if given["type"] not in {"ISOAP", "INSPIRE"}:
                raise Refusal(400, "bad_request", "type")
            found["type"] = given["type"]
        if "open_data" in given:
            if str(given["open_data"]).lower() not in {"true", "false"}:
                raise Refusal(400, "bad_request", "open_data")
            found["open_data"] = str(given["open_data"]).lower() == "true"
        return found


def _name_of(part: Any) -> object:
    return part.get_param("name", header="content-disposition")
