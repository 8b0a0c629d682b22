"""The actions of CKAN's API 3 that an outlet needs, and what its answers mean.

Measured on CKAN 2.11.6: the key goes in ``Authorization``, and a wrong one is nobody's
and not an error; a refusal comes as JSON with ``success: false`` and an ``error`` that
has a ``__type`` and, by field, what is wrong; a dataset that is not ours to read is a
403, an action that does not exist a 400.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

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

_PAGE = 200
"""Datasets asked for in one request: each comes whole, with all of its resources."""
_REFUSALS = frozenset({400, 403, 404, 409, 413, 422})
_OK = 200
_MISSING = "Not Found Error"
_FORBIDDEN = "Authorization Error"


class NotOurs(OutletRefused):
    """It is there, and this key may neither read nor write it."""


class CkanApi:
    """API 3 of one portal.

    Parameters
    ----------
    url
        Address of the portal, with or without ``/api/3`` or ``/api/3/action``.
    """

    def __init__(self, url: str, client: HttpClient) -> None:
        address = url.rstrip("/").removesuffix("/action").removesuffix("/api/3")
        self.site = address.removesuffix("/api")
        self._root = f"{self.site}/api/3/action"
        self._client = client

    def get(self, action: str, **query: str) -> Any:
        """Return the result of an action that changes nothing; `None`: not there.

        Raises
        ------
        NotOurs
            The key may not see it.
        metadata.errors.OutletUnreachable
            What answers is no CKAN.
        """
        url = f"{self._root}/{action}"
        answer = self._client.ask(url, query=query, readable=_REFUSALS)
        found = _read(answer)
        if found.get("success") is True and answer.status == _OK and "result" in found:
            return found["result"]
        kind = _kind(found)
        if kind == _MISSING:
            return None
        if kind == _FORBIDDEN:
            raise NotOurs(_words(url, answer, found))
        if kind:
            raise OutletRefused(_words(url, answer, found))
        raise self.senseless(url, answer)

    def objects(self, action: str, **query: str) -> list[dict[str, Any]]:
        """Return a list that comes in one piece."""
        found = self.get(action, **query)
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        raise self.senseless(f"{self._root}/{action}")

    def one(self, action: str, **query: str) -> dict[str, Any] | None:
        """Return one object; `None` when it is not there."""
        found = self.get(action, **query)
        if found is None or isinstance(found, dict):
            return found
        raise self.senseless(f"{self._root}/{action}")

    def datasets(self, organisation: str) -> Iterator[dict[str, Any]]:
        """Yield the datasets of an organisation, drafts and private ones too.

        Deleted ones are in no list.
        """
        seen = 0
        while True:
            part = self.one(
                "package_search",
                fq=f'owner_org:"{organisation}"',
                include_private="true",
                include_drafts="true",
                sort="id asc",
                start=str(seen),
                rows=str(_PAGE),
            )
            data, total = self._page(part)
            yield from data
            seen += len(data)
            if not data or seen >= total:
                return

    def send(self, action: str, what: Mapping[str, Any]) -> None:
        """Send one order, once.

        Raises
        ------
        gateway.outlets.http.OutcomeUnclear
            It may have been carried out or not: look first. A 500 too: CKAN keeps a
            dataset before it is in the search index.
        metadata.errors.OutletRefused
            It was not.
        """
        url = f"{self._root}/{action}"
        text = json.dumps(what, ensure_ascii=False).encode("utf-8")
        answer = self._client.tell(url, text, readable=_REFUSALS)
        found = _read(answer)
        if found.get("success") is True and answer.status == _OK:
            return
        kind = _kind(found)
        if answer.status in _REFUSALS or (answer.status == _OK and kind):
            problem = NotOurs if kind == _FORBIDDEN else OutletRefused
            raise problem(_words(url, answer, found))
        raise OutcomeUnclear(_unexpected(url, answer))

    def _page(self, part: object) -> tuple[list[dict[str, Any]], int]:
        found = part if isinstance(part, dict) else {}
        data, total = found.get("results"), found.get("count")
        if (
            isinstance(data, list)
            and isinstance(total, int)
            and all(isinstance(each, dict) for each in data)
        ):
            return data, total
        raise self.senseless(f"{self._root}/package_search")

    def senseless(self, url: str, answer: Answer | None = None) -> OutletUnreachable:
        """Return the problem that what answers there is no CKAN."""
        where = shown(url)
        problem = Text(
            f"{where} : la réponse n'est pas celle de l'API 3 de CKAN.",
            f"{where}: the answer is not that of CKAN's API 3.",
        )
        return OutletUnreachable(
            _unexpected(url, answer) if answer else problem,
            hint=Text(
                "Vérifiez que « url » est l'adresse d'un portail CKAN.",
                "Check that “url” is the address of a CKAN portal.",
            ),
        )


def _read(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON object; empty when it is none."""
    try:
        found: object = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _kind(found: Mapping[str, Any]) -> str:
    """Return what kind of error an answer says; empty when it says none."""
    error = found.get("error")
    if found.get("success") is not False or not isinstance(error, dict):
        return ""
    return str(error.get("__type") or "Error")


def _words(url: str, answer: Answer, found: Mapping[str, Any]) -> Text:
    """Say which fields the portal did not take, in its own words."""
    error = found.get("error")
    fields = error if isinstance(error, dict) else {}
    parts = [
        str(said) if name == "message" else f"{name}: {_flat(said)}"
        for name, said in fields.items()
        if name != "__type" and said
    ]
    what = quoted("; ".join(parts), SHOWN) or answer.beginning or "∅"
    where = shown(url)
    return Text(
        f"{where} refuse (HTTP {answer.status}) : {what}",
        f"{where} refuses (HTTP {answer.status}): {what}",
    )


def _flat(said: object) -> str:
    """Return what is wrong with one field: a text, a list, or fields of its own."""
    if isinstance(said, dict):
        return ", ".join(f"{name}: {_flat(each)}" for name, each in said.items())
    if isinstance(said, list):
        return ", ".join(_flat(each) for each in said if each)
    return str(said)


def _unexpected(url: str, answer: Answer) -> Text:
    where, said = shown(url), answer.beginning or "∅"
    return Text(
        f"{where} : réponse inattendue (HTTP {answer.status} : {said}).",
        f"{where}: unexpected answer (HTTP {answer.status}: {said}).",
    )
