"""The calls of the API Entrepôt that an outlet needs, and what its answers mean.

References: the developer's guide of cartes.gouv.fr (“Gestion des métadonnées”), the
Python SDK (sdk-entrepot), the QGIS plugin and the site cartes.gouv.fr itself, as
published in 2025 and 2026; none of it was run here. What is refused comes as JSON with
`error` and `error_description`; lists come in pages whose ``Content-Range`` says how
many there are (``1-50/120``); `type` and `open_data` go in the address, where those
three clients put them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from urllib3.filepost import encode_multipart_formdata

from gateway.outlets.geoplateforme.token import Tokens
from gateway.outlets.http import (
    SHOWN,
    Answer,
    HttpClient,
    LoginRefused,
    OutcomeUnclear,
    quoted,
    shown,
)
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Text

PAGE = 50
"""Objects asked for in one request."""
_JSON = "application/json"
_GONE = 404
_UNAUTHORISED = 401
_LISTED = frozenset({200, 206})
_REFUSALS = frozenset({400, 404, 409, 413, 415, 422})
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)\s*/\s*(\d+)")


class EntrepotApi:
    """The metadata of one datastore (entrepôt).

    Parameters
    ----------
    url
        Address of the API.
    """

    def __init__(
        self, url: str, datastore: str, client: HttpClient, tokens: Tokens
    ) -> None:
        self.root = f"{url.rstrip('/')}/datastores/{quote(datastore, safe='')}"
        self._client = client
        self._tokens = tokens

    def datastore(self) -> dict[str, Any] | None:
        """Return what the datastore says of itself; `None` when there is none."""
        return self._get("")

    def metadata(self, **query: str) -> Iterator[dict[str, Any]]:
        """Yield every metadata, or those of a filter, page after page.

        Raises
        ------
        metadata.errors.OutletUnreachable
            The pages do not add up: half a list must not be taken for all.
        """
        seen = 0
        for number in range(1, 10_000):
            page = {"page": str(number), "limit": str(PAGE), **query}
            answer = self._ask("/metadata", page, _JSON)
            found = _read(answer)
            if answer.status not in _LISTED or not _are_objects(found):
                raise self._senseless("/metadata", answer)
            yield from found
            seen += len(found)
            total = _total(answer)
            if total is None and answer.status == 206:  # noqa: PLR2004
                raise self._senseless("/metadata", answer)
            if seen >= total if total is not None else len(found) < PAGE:
                return
            if not found:
                raise self._senseless("/metadata", answer)

    def one(self, metadata: str) -> dict[str, Any] | None:
        """Return one metadata in full; `None` when it is not there."""
        return self._get(_path(metadata))

    def file(self, metadata: str) -> bytes | None:
        """Return the file of one metadata; `None` when it is not there."""
        path = f"{_path(metadata)}/file"
        answer = self._ask(path, {}, "application/xml")
        if self._is_absent(path, answer):
            return None
        if answer.status != 200:  # noqa: PLR2004
            raise self._senseless(path, answer)
        return answer.content

    def upload(self, name: str, content: bytes, attributes: Mapping[str, Any]) -> None:
        """Make a new metadata of a file."""
        query = {n: _written(value) for n, value in attributes.items()}
        body, kind = _multipart(name, content)
        self._send("POST", f"/metadata?{urlencode(query)}", body, kind)

    def replace(self, metadata: str, name: str, content: bytes) -> None:
        """Give a metadata another file; where it is published, that follows."""
        body, kind = _multipart(name, content)
        self._send("PUT", _path(metadata), body, kind)

    def change(self, metadata: str, attributes: Mapping[str, Any]) -> None:
        """Change attributes; they count from the next publication on."""
        self._send("PATCH", _path(metadata), json.dumps(attributes).encode(), _JSON)

    def publish(self, file_identifier: str, endpoint: str) -> None:
        """Put a metadata into a catalogue."""
        self._publication("publication", file_identifier, endpoint)

    def unpublish(self, file_identifier: str, endpoint: str) -> None:
        """Take a metadata out of a catalogue."""
        self._publication("unpublication", file_identifier, endpoint)

    def delete(self, metadata: str) -> None:
        """Delete a metadata, which must be in no catalogue any more."""
        self._send("DELETE", _path(metadata), b"", "", gone=True)

    def _publication(self, what: str, file_identifier: str, endpoint: str) -> None:
        order = {"file_identifiers": [file_identifier], "endpoint": endpoint}
        self._send("POST", f"/metadata/{what}", json.dumps(order).encode(), _JSON)

    def _get(self, path: str) -> dict[str, Any] | None:
        answer = self._ask(path, {}, _JSON)
        if self._is_absent(path, answer):
            return None
        found = _read(answer)
        if answer.status != 200 or not isinstance(found, dict):  # noqa: PLR2004
            raise self._senseless(path, answer)
        return found

    def _ask(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        """Ask; once more with a new token when this one is not taken."""
        readable = {_GONE, _UNAUTHORISED}
        for _ in range(2):
            headers = {"Accept": accept, "Authorization": self._tokens.bearer()}
            url = self.root + path
            answer = self._client.ask(
                url, query=query, headers=headers, readable=readable
            )
            if answer.status != _UNAUTHORISED:
                return answer
            self._tokens.forget()
        raise self._stranger(path)

    def _send(
        self, method: str, path: str, body: bytes, kind: str, *, gone: bool = False
    ) -> None:
        """Send an order once; again with a new token when this one is not taken.

        Raises
        ------
        gateway.outlets.http.OutcomeUnclear
            It may have been carried out or not.
        metadata.errors.OutletRefused
            It was not.
        """
        for _ in range(2):
            headers = {"Accept": _JSON, "Authorization": self._tokens.bearer()}
            answer = self._client.tell(
                self.root + path,
                body,
                method=method,
                headers={**headers, **({"Content-Type": kind} if kind else {})},
                readable=_REFUSALS | {_UNAUTHORISED},
            )
            if answer.status != _UNAUTHORISED:
                self._require_done(path, answer, gone=gone)
                return
            self._tokens.forget()
        raise self._stranger(path)

    def _require_done(self, path: str, answer: Answer, *, gone: bool) -> None:
        if answer.status == _GONE and gone and _is_error(answer):
            return
        if answer.status in _REFUSALS:
            raise self._refused(path, answer)
        empty = not answer.content.strip()
        if not 200 <= answer.status < 300 or not (empty or _read(answer)):  # noqa: PLR2004
            problem = self._senseless(path, answer)
            raise OutcomeUnclear(problem.text, hint=problem.remedy)

    def _is_absent(self, path: str, answer: Answer) -> bool:
        if answer.status != _GONE:
            return False
        if not _is_error(answer):
            raise self._senseless(path, answer)
        return True

    def _refused(self, path: str, answer: Answer) -> OutletRefused:
        where = shown(self.root + path)
        said = quoted(_said(answer), 2 * SHOWN) or answer.beginning or "∅"
        return OutletRefused(
            Text(
                f"{where} refuse (HTTP {answer.status}) : {said}",
                f"{where} refuses (HTTP {answer.status}): {said}",
            )
        )

    def _stranger(self, path: str) -> LoginRefused:
        where = shown(self.root + path)
        return LoginRefused(
            Text(
                f"{where} : le jeton, même neuf, n'est pas accepté.",
                f"{where}: the token, even a new one, is not taken.",
            ),
            hint=Text(
                "Le compte doit être membre de la communauté de l'entrepôt.",
                "The account must be a member of the datastore's community.",
            ),
        )

    def _senseless(self, path: str, answer: Answer) -> OutletUnreachable:
        where, found = shown(self.root + path), answer.beginning or "∅"
        return OutletUnreachable(
            Text(
                f"{where} ne répond pas comme l'API Entrepôt (HTTP {answer.status}) : "
                f"{found}",
                f"{where} does not answer as the API Entrepôt (HTTP {answer.status}): "
                f"{found}",
            ),
            hint=Text(
                "Vérifiez « url » (https://data.geopf.fr/api) et « datastore ».",
                "Check “url” (https://data.geopf.fr/api) and “datastore”.",
            ),
        )


def _path(metadata: str) -> str:
    return f"/metadata/{quote(metadata, safe='')}"


def _multipart(name: str, content: bytes) -> tuple[bytes, str]:
    part = (f"{quote(name, safe='')}.xml", content, "application/xml")
    return encode_multipart_formdata({"file": part})


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(answer: Answer) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _are_objects(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(each, dict) for each in found)


def _total(answer: Answer) -> int | None:
    match = _RANGE.search(answer.headers.get("Content-Range", ""))
    return int(match[3]) if match else None


def _is_error(answer: Answer) -> bool:
    """Tell whether a 404 is one of the API, and not of what stands before it."""
    return isinstance(_read(answer), dict)


def _said(answer: Answer) -> str:
    found = _read(answer)
    errors: Collection[object] | object = ""
    if isinstance(found, dict):
        errors = found.get("error_description") or found.get("message") or ""
    if isinstance(errors, list):
        return "; ".join(map(str, errors))
    return str(errors)
