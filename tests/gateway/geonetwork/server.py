"""A server that holds to what is recorded of GeoNetwork 4's API, and keeps records.

It is no GeoNetwork. Each rule was read in core-geonetwork 4.x and is enforced here, so
that a client that forgets one fails: Basic login, session cookie, XSRF token bound to
the session (`config-security-core.xml`), roles and groups, media types, the meanings of
``uuidProcessing`` (`MetadataInsertDeleteApi`, `Importer`), error bodies and statuses
(`ApiError`, `GlobalExceptionController`), and the changes that an update makes to a
record (`update-fixed-info.xsl`).
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from lxml import etree

CSW = "http://www.opengis.net/cat/csw/2.0.2"
OWS = "http://www.opengis.net/ows"
GMD = "http://www.isotc211.org/2005/gmd"
GCO = "http://www.isotc211.org/2005/gco"
GMX = "http://www.isotc211.org/2005/gmx"
SRV = "http://www.isotc211.org/2005/srv"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
LISTS = (
    "http://standards.iso.org/ittf/PubliclyAvailableStandards/ISO_19139_Schemas/"
    "resources/codelist/ML_gmxCodelists.xml"
)
SRV_LISTS = "http://www.isotc211.org/2005/iso19119/resources/Codelist/gmxCodelists.xml"
ROLES = ("Guest", "RegisteredUser", "Editor", "Reviewer", "UserAdmin", "Administrator")


@dataclass
class Account:
    password: str
    profile: str = "Reviewer"
    groups: tuple[int, ...] = (12,)


@dataclass
class Kept:
    """One row of its table of metadata."""

    xml: bytes
    owner: str
    group: int | None
    harvested: bool = False
    public: bool = False
    hidden: bool = False


@dataclass
class Catalogue:
    """All that the server knows; tests look into it and change it."""

    accounts: dict[str, Account] = field(default_factory=dict)
    records: dict[str, Kept] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    """Session → its XSRF token."""
    fixes: bool = True
    """“Automatic fixes”, on by default."""
    keeps_location: bool = True
    """Not `system/metadata/validation/removeSchemaLocation`."""
    csw: bool = True
    """`system/csw/enable`."""
    csw_hides: set[str] = field(default_factory=set)
    """What the filter of a portal keeps out of its CSW."""
    asked: list[str] = field(default_factory=list)
    """Paths of the questions, in order."""
    inserts: int = 0
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def expire(self) -> None:
        """Forget every session, as after half an hour or a restart."""
        self.sessions.clear()


class Refusal(Exception):
    """Answered with an `ApiError`, or with nothing."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@contextmanager
def running(catalogue: Catalogue) -> Iterator[Catalogue]:
    class Own(Handler):
        pass

    Own.catalogue = catalogue
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    catalogue.url = f"http://127.0.0.1:{server.server_port}/geonetwork"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield catalogue
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    catalogue: Catalogue

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.cookies: list[str] = []
        with self.catalogue.lock:
            try:
                self._open_session()
                self.user = self._basic()
                status, kind, content = self._route()
            except Refusal as refusal:
                status, kind, content = self._refused(refusal)
        self._send(status, kind, content)

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        for cookie in self.cookies:
            self.send_header("Set-Cookie", cookie)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Geonetwork"')
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def _open_session(self) -> None:
        """Find the session of the cookie, or begin one; guard against forgery."""
        jar = SimpleCookie(self.headers.get("Cookie", ""))
        session = jar["JSESSIONID"].value if "JSESSIONID" in jar else ""
        token = self.catalogue.sessions.get(session)
        guarded = self.command not in {"GET", "HEAD", "TRACE", "OPTIONS"}
        known = token is not None
        if not known:
            session, token = uuid4().hex, str(uuid4())
            self.catalogue.sessions[session] = token
            self.cookies += [
                f"JSESSIONID={session}; Path=/geonetwork; HttpOnly",
                f"XSRF-TOKEN={token}; Path=/geonetwork",
            ]
        sent = jar["XSRF-TOKEN"].value if "XSRF-TOKEN" in jar else ""
        header = self.headers.get("X-XSRF-TOKEN", "")
        if guarded and not (known and sent == token == header):
            raise Refusal(403)

    def _basic(self) -> str:
        given = self.headers.get("Authorization", "")
        if not given:
            return ""
        decoded = base64.b64decode(given.removeprefix("Basic ")).decode("utf-8")
        name, _, password = decoded.partition(":")
        account = self.catalogue.accounts.get(name)
        if account is None or account.password != password:
            raise Refusal(401)
        return name

    def _route(self) -> tuple[int, str, bytes]:
        parts = urlsplit(self.path)
        self.query = {n: v[-1] for n, v in parse_qs(parts.query).items()}
        base = "/geonetwork/srv/api"
        if self.command == "GET":
            self.catalogue.asked.append(parts.path)
        if (self.command, parts.path) == ("GET", "/geonetwork/srv/eng/csw"):
            return 200, "application/xml", etree.tostring(self._csw())
        if (self.command, parts.path) == ("GET", f"{base}/me"):
            return self._me()
        if (self.command, parts.path) == ("PUT", f"{base}/records"):
            return self._insert()
        record = re.fullmatch(rf"{base}/records/([^/]+)(/formatters/xml)?", parts.path)
        if record and self.command == "GET" and record[2]:
            return self._formatter(unquote(record[1]))
        if record and self.command == "DELETE" and not record[2]:
            return self._delete(unquote(record[1]))
        return 404, "text/html", b"<html><body>HTTP Status 404</body></html>"

    def _me(self) -> tuple[int, str, bytes]:
        self._require_accept("application/json")
        if not self.user:
            return 204, "", b""
        account = self.catalogue.accounts[self.user]
        editor = _at_least(account.profile, "Editor")
        me = {
            "id": "7",
            "profile": account.profile,
            "username": self.user,
            "admin": account.profile == "Administrator",
            "groupsWithRegisteredUser": list(account.groups),
            "groupsWithEditor": list(account.groups) if editor else [],
            "groupsWithReviewer": [],
            "groupsWithUserAdmin": [],
        }
        return 200, "application/json", json.dumps(me).encode()

    def _insert(self) -> tuple[int, str, bytes]:
        account = self._require_editor()
        self._require_accept("application/json")
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        if kind not in {"application/xml", "application/json"}:
            raise Refusal(415)
        root = self._parsed()
        uuid = root.findtext(f"{{{GMD}}}fileIdentifier/{{{GCO}}}CharacterString")
        group = int(self.query["group"]) if self.query.get("group") else None
        if group is not None and group not in account.groups:
            raise Refusal(403, "forbidden", "You can't add a record in this group.")
        if not uuid:
            raise Refusal(400, "unsatisfied_request_parameter", "no uuid")
        self._store(uuid, root, group)
        return 201, "application/json", json.dumps(_report(uuid)).encode()

    def _store(self, uuid: str, root: etree._Element, group: int | None) -> None:
        there = self.catalogue.records.get(uuid)
        processing = self.query.get("uuidProcessing", "NOTHING")
        public = self.query.get("publishToAll") == "true"
        if there is not None and processing == "NOTHING":
            message = (
                f"A record with UUID '{uuid}' already exist and you choose no action on"
                " UUID processing. Choose to overwrite existing record or to generate"
                " a new UUID."
            )
            raise Refusal(400, "unsatisfied_request_parameter", message)
        if there is None:
            xml = etree.tostring(root, encoding="UTF-8")
            self.catalogue.inserts += 1
            self.catalogue.records[uuid] = Kept(xml, self.user, group, public=public)
            return
        if there.harvested or not self._may_edit(there):
            message = "User has no privilege to overwrite existing metadata"
            raise Refusal(400, "runtime_exception", message)
        there.xml = self._fixed(root)
        there.public = there.public or public

    def _fixed(self, root: etree._Element) -> bytes:
        if self.catalogue.fixes:
            fix(root, keeps_location=self.catalogue.keeps_location)
        return etree.tostring(root, encoding="UTF-8")

    def _formatter(self, uuid: str) -> tuple[int, str, bytes]:
        self._require_accept("application/xml")
        there = self._found(uuid)
        if there.hidden or not (there.public or self._may_edit(there)):
            raise Refusal(403, "forbidden", "Operation not allowed.")
        return 200, "application/xml", self._formatted(there.xml)

    def _csw(self) -> etree._Element:
        """Answer as `CswDiscoveryDispatcher` and `GetRecordById` do."""
        if not self.catalogue.csw:
            response = etree.Element("response")
            etree.SubElement(response, "info").text = "CSW is disabled"
            return response
        given = {name.lower(): value for name, value in self.query.items()}
        wanted = {"service": "CSW", "version": "2.0.2", "request": "GetRecordById"}
        for name, value in wanted.items():
            if given.get(name) != value:
                return _exception("InvalidParameterValue", name)
        if (given.get("outputschema"), given.get("elementsetname")) != (GMD, "full"):
            return _exception("InvalidParameterValue", "another form of record")
        if not given.get("id"):
            return _exception("MissingParameterValue", "id")
        response = etree.Element(f"{{{CSW}}}GetRecordByIdResponse")
        for uuid in given["id"].split(","):
            there = self.catalogue.records.get(uuid)
            if there is None or uuid in self.catalogue.csw_hides:
                continue
            if there.hidden or not (there.public or self._may_edit(there)):
                return _exception("NoApplicableCode", "OperationNotAllowedEx")
            response.append(etree.fromstring(there.xml))
        return response

    def _formatted(self, xml: bytes) -> bytes:
        root = etree.fromstring(xml)
        location = f"{{{XSI}}}schemaLocation"
        if (
            self.query.get("addSchemaLocation") != "false"
            and location not in root.attrib
        ):
            root.set(location, f"{GMD} http://www.isotc211.org/2005/gmd/gmd.xsd")
        if self.query.get("withInfo") == "true":
            etree.SubElement(root, "{http://www.fao.org/geonetwork}info")
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _delete(self, uuid: str) -> tuple[int, str, bytes]:
        self._require_editor()
        there = self._found(uuid)
        if there.harvested or not self._may_edit(there):
            message = f"You can't edit record with UUID {uuid}"
            raise Refusal(403, "forbidden", message)
        if self.query.get("withBackup") != "false":
            raise Refusal(400, "runtime_exception", "no folder for backups here")
        del self.catalogue.records[uuid]
        return 204, "", b""

    def _found(self, uuid: str) -> Kept:
        if uuid not in self.catalogue.records:
            message = f"Record with UUID '{uuid}' not found in this catalog"
            raise Refusal(404, "resource_not_found", message)
        return self.catalogue.records[uuid]

    def _may_edit(self, there: Kept) -> bool:
        if not self.user:
            return False
        account = self.catalogue.accounts[self.user]
        own = there.owner == self.user or there.group in account.groups
        return own or account.profile == "Administrator"

    def _require_editor(self) -> Account:
        account = self.catalogue.accounts.get(self.user)
        if account is None or not _at_least(account.profile, "Editor"):
            raise Refusal(403, "forbidden", "Access is denied")
        return account

    def _require_accept(self, kind: str) -> None:
        accepted = self.headers.get("Accept", "*/*")
        if kind not in accepted and "*/*" not in accepted:
            raise Refusal(406)

    def _parsed(self) -> etree._Element:
        try:
            root = etree.fromstring(self.body, etree.XMLParser(remove_blank_text=False))
        except etree.XMLSyntaxError as error:
            message = f"XML fragment is invalid. Error is {error}"
            raise Refusal(400, "unsatisfied_request_parameter", message) from error
        if root.tag != f"{{{GMD}}}MD_Metadata":
            message = "Can't detect schema for metadata automatically."
            raise Refusal(400, "unsatisfied_request_parameter", message)
        return root

    def _refused(self, refusal: Refusal) -> tuple[int, str, bytes]:
        """Return the body that the client may read; a filter's refusal has none."""
        if not refusal.code:
            return refusal.status, "text/html", b""
        said = {"message": refusal.message, "code": refusal.code}
        if "xml" in self.headers.get("Accept", ""):
            root = etree.Element("apiError")
            for name, value in said.items():
                etree.SubElement(root, name).text = value
            return refusal.status, "application/xml", etree.tostring(root)
        return refusal.status, "application/json", json.dumps(said).encode()


def _at_least(profile: str, needed: str) -> bool:
    return ROLES.index(profile) >= ROLES.index(needed)


def _exception(code: str, said: str) -> etree._Element:
    report = etree.Element(f"{{{OWS}}}ExceptionReport", version="1.2.0")
    exception = etree.SubElement(report, f"{{{OWS}}}Exception", exceptionCode=code)
    etree.SubElement(exception, f"{{{OWS}}}ExceptionText").text = said
    return report


def _report(uuid: str) -> dict[str, Any]:
    moment = datetime.now(UTC).isoformat()
    return {
        "errors": [],
        "infos": [],
        "uuid": str(uuid4()),
        "metadata": [],
        "metadataErrors": {},
        "metadataInfos": {
            "121": [
                {
                    "message": f"Metadata imported from XML with UUID '{uuid}'",
                    "uuid": uuid,
                    "date": moment,
                }
            ]
        },
        "numberOfNullRecords": 0,
        "numberOfRecordNotFound": 0,
        "numberOfRecordsNotEditable": 0,
        "numberOfRecordsProcessed": 1,
        "numberOfRecordsWithErrors": 0,
        "numberOfRecords": 0,
        "running": False,
        "type": "SimpleMetadataProcessingReport",
    }


def fix(root: etree._Element, *, keeps_location: bool = True) -> None:
    """Change a record as an update does, after the rules of update-fixed-info.xsl."""
    if not keeps_location:
        root.attrib.pop(f"{{{XSI}}}schemaLocation", None)
    for stamp in root.findall(f"{{{GMD}}}dateStamp"):
        for child in list(stamp):
            stamp.remove(child)
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        etree.SubElement(stamp, f"{{{GCO}}}DateTime").text = moment
    copied = _fix_downloads(root)
    for element in root.iter("{*}*"):
        if element.get("codeListValue") and element not in copied:
            _fix_code(element)
        for child in (f"{{{GCO}}}CharacterString", f"{{{GMX}}}Anchor"):
            found = element.find(child)
            if found is not None and not (found.text or "").strip():
                element.set(f"{{{GCO}}}nilReason", "missing")


def _fix_code(element: etree._Element) -> None:
    name = etree.QName(element)
    if name.localname == "LanguageCode":
        element.set("codeList", "http://www.loc.gov/standards/iso639-2/")
    elif name.namespace == GMD:
        element.set("codeList", f"{LISTS}#{name.localname}")
    elif name.namespace == SRV:
        element.set("codeList", f"{SRV_LISTS}#{name.localname}")
    else:
        return
    element.text = None


def _fix_downloads(root: etree._Element) -> set[etree._Element]:
    """Give downloads their media type; what is copied whole is not fixed further."""
    copied: set[etree._Element] = set()
    for online in root.iter(f"{{{GMD}}}CI_OnlineResource"):
        protocol = online.findtext(f"{{{GMD}}}protocol/{{{GCO}}}CharacterString", "")
        name = online.find(f"{{{GMD}}}name")
        if name is None or not re.match(r"WWW:DOWNLOAD-.*-http--download.*", protocol):
            continue
        said = name.findtext(f"{{{GCO}}}CharacterString", "")
        said = said or name.findtext(f"{{{GMX}}}MimeFileType", "")
        for child in list(name):
            name.remove(child)
        file = etree.SubElement(name, f"{{{GMX}}}MimeFileType")
        file.set("type", "application/octet-stream")
        file.text = said
        copied.update(online.iter("{*}*"))
    return copied
