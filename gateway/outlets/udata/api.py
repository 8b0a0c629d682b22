"""The calls of udata's API 1 that an outlet needs, and what its answers mean.

Measured on udata 17.18.0: the key goes in ``X-API-KEY``; what is refused comes as JSON
with a ``message`` and ``errors`` by field; a list that a member of an organisation asks
for holds its private, archived and deleted datasets too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gateway.outlets.http import (
    SHOWN,
    Answer,
    HttpClient,
    OutcomeUnclear,
    quoted,
    shown,
)
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Text

GONE = frozenset({404, 410})
"""What answers when a dataset is not there, or not any more."""
_PAGE = 100
"""Objects asked for in one request."""
_REFUSALS = frozenset({400, 409, 413, 422}) | GONE


class UdataApi:
    """API 1 of one portal.

    Parameters
    ----------
    url
        Address of the portal, with or without ``/api/1``.
    """

    def __init__(self, url: str, client: HttpClient) -> None:
        self.root = url.rstrip("/").removesuffix("/api/1") + "/api/1"
        self._client = client

    def get(self, path: str, **query: str) -> dict[str, Any] | None:
        """Return one object; `None` when it is not there."""
        found = self._get(path, query)
        if found is None or isinstance(found, dict):
            return found
        raise self._senseless(path)

    def listed(self, path: str) -> list[dict[str, Any]]:
        """Return a list that comes in one piece."""
        found = self._get(path, {})
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        raise self._senseless(path)

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Yield every object of a list that comes in pages."""
        seen = 0
        for number in range(1, 10_000):
            part = self.get(path, page=str(number), page_size=str(_PAGE), **query)
            try:
                data, total = (part or {})["data"], int((part or {})["total"])
            except (KeyError, TypeError, ValueError) as error:
                raise self._senseless(path) from error
            if not isinstance(data, list) or not all(isinstance(d, dict) for d in data):
                raise self._senseless(path)
            yield from data
            seen += len(data)
            if not data or seen >= total:
                return

    def send(self, method: str, path: str, what: Mapping[str, Any]) -> dict[str, Any]:
        """Send one order, once; return the object as it is afterwards.

        Raises
        ------
        gateway.outlets.http.OutcomeUnclear
            It may have been carried out or not: look first. A 500 too: udata
            saves a dataset before all that follows from it is done.
        metadata.errors.OutletRefused
            It was not.
        """
        url = self.root + path
        text = json.dumps(what, ensure_ascii=False).encode("utf-8")
        answer = self._client.tell(url, text, method=method, readable=_REFUSALS)
        if answer.status in _REFUSALS:
            raise _refused(url, answer)
        found = _read(answer)
        if answer.status not in {200, 201} or not isinstance(found, dict):
            raise OutcomeUnclear(_unreadable(url, answer))
        return found

    def _get(self, path: str, query: Mapping[str, str]) -> object:
        url = self.root + path
        answer = self._client.ask(url, query=query, readable=GONE)
        found = _read(answer)
        if answer.status in GONE and isinstance(found, dict):
            return None
        if answer.status != 200 or found is None:  # noqa: PLR2004
            raise OutletUnreachable(
                _unreadable(url, answer),
                hint=Text(
                    "Vérifiez que « url » est l'adresse d'un portail udata.",
                    "Check that “url” is the address of a udata portal.",
                ),
            )
        return found

    def _senseless(self, path: str) -> OutletUnreachable:
        where = shown(self.root + path)
        return OutletUnreachable(
            Text(
                f"{where} : la réponse n'est pas celle de l'API 1 d'udata.",
                f"{where}: the answer is not that of udata's API 1.",
            )
        )


def quoted_name(name: str) -> str:
    """Return a name as it stands in a path."""
    return quote(name, safe="")


def _read(answer: Answer) -> object:
    """Return an answer's JSON; `None` when it is none."""
    try:
        found: object = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return found


def _unreadable(url: str, answer: Answer) -> Text:
    where, said = shown(url), answer.beginning or "∅"
    return Text(
        f"{where} : réponse inattendue (HTTP {answer.status} : {said}).",
        f"{where}: unexpected answer (HTTP {answer.status}: {said}).",
    )


def _refused(url: str, answer: Answer) -> OutletRefused:
    """Say which fields the portal did not take, in its own words."""
    found = _read(answer)
    said = found if isinstance(found, dict) else {}
    errors = said.get("errors")
    fields: Collection[tuple[str, object]] = (
        errors.items() if isinstance(errors, dict) else ()
    )
    parts = [f"{name}: {_flat(problem)}" for name, problem in fields]
    words = quoted("; ".join(parts) or str(said.get("message") or ""), SHOWN)
    where = shown(url)
    what = words or answer.beginning
    return OutletRefused(
        Text(
            f"{where} refuse (HTTP {answer.status}) : {what}",
            f"{where} refuses (HTTP {answer.status}): {what}",
        )
    )


def _flat(problem: object) -> str:
    if isinstance(problem, list):
        return ", ".join(map(str, problem))
    return str(problem)
