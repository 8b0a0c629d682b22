"""What a client asks for beside the resource: language, format, known parameters.

`lang` and `f` win over `Accept-Language` and `Accept` (RFC 9110, clause 12.5).
Any valid `Accept-Language` is answered; the first language of the service
serves when none matches. A parameter that a resource does not know is refused
(OGC API Features Part 1, requirement /req/core/query-param-unknown).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams

from metadata.errors import QueryError
from metadata.finding import Language
from service.messages import text
from service.problems import HttpProblem


@dataclass(frozen=True)
class Offer:
    """One format that a resource exists in."""

    name: str
    """The value of the parameter `f`."""
    media_type: str
    """What is sent as Content-Type."""
    also: tuple[str, ...] = ()
    """Other media types under which a client may ask for it."""


JSON = Offer("json", "application/json")
HTML = Offer("html", "text/html")
GEOJSON = Offer("json", "application/geo+json", ("application/json",))
JSONFG = Offer("jsonfg", "application/vnd.ogc.fg+json", ("application/fg+json",))
GML = Offer(
    "gml",
    "application/gml+xml;version=3.2"
    ";profile=http://www.opengis.net/def/profile/ogc/2.0/gml-sf0",
)
CSV = Offer("csv", "text/csv")
XSD = Offer("xsd", "application/xml", ("text/xml",))
SCHEMA = Offer("json", "application/schema+json", ("application/json",))
OPENAPI = Offer(
    "json", "application/vnd.oai.openapi+json;version=3.0", ("application/json",)
)


def require_known(parameters: QueryParams, known: Collection[str]) -> None:
    """Refuse parameters that the resource does not know, or that come twice.

    Raises
    ------
    metadata.errors.QueryError
        One that is unknown, or given more than once.
    """
    for name in parameters:
        if name not in known:
            raise QueryError(
                text("problem.parameter-unknown", name=name),
                parameter=name,
                hint=text("problem.parameters-known", known=", ".join(sorted(known))),
            )
        if len(parameters.getlist(name)) > 1:
            message = text("problem.parameter-twice", name=name)
            raise QueryError(message, parameter=name)


def chosen_language(
    parameters: Mapping[str, str], headers: Headers, languages: Sequence[Language]
) -> Language:
    """Return the language to answer in; the first is the default.

    Raises
    ------
    metadata.errors.QueryError
        `lang` names a language that the service does not speak.
    """
    asked = parameters.get("lang")
    if asked is None:
        return _accepted_language(headers.get("accept-language", ""), languages)
    language = _spoken(asked, languages)
    if language is None:
        raise QueryError(
            text("problem.language", name=asked, known=", ".join(languages)),
            parameter="lang",
        )
    return language


def _accepted_language(header: str, languages: Sequence[Language]) -> Language:
    for tag in _ranked(header):
        language = languages[0] if tag == "*" else _spoken(tag, languages)
        if language is not None:
            return language
    return languages[0]


def _spoken(tag: str, languages: Sequence[Language]) -> Language | None:
    """Return the language of a tag like ``fr-FR``; `None` if it is not spoken."""
    primary = tag.strip().lower().split("-")[0]
    return next((language for language in languages if language == primary), None)


def chosen_format(
    parameters: Mapping[str, str], headers: Headers, offers: Sequence[Offer]
) -> Offer:
    """Return the format to answer in; the first is the default.

    Raises
    ------
    metadata.errors.QueryError
        `f` names a format that the resource does not exist in.
    HttpProblem
        406: `Accept` admits none.
    """
    asked = parameters.get("f")
    if asked is not None:
        return _named(asked, offers)
    header = headers.get("accept", "")
    ranges = _ranked(header)
    if not ranges:
        return offers[0]
    for wanted in ranges:
        for offer in offers:
            if any(_matches(wanted, kind) for kind in (offer.media_type, *offer.also)):
                return offer
    known = ", ".join(offer.media_type for offer in offers)
    raise HttpProblem(
        HTTPStatus.NOT_ACCEPTABLE,
        "NotAcceptable",
        text("problem.not-acceptable", known=known),
    )


def _named(name: str, offers: Sequence[Offer]) -> Offer:
    offer = next((offer for offer in offers if offer.name == name), None)
    if offer is None:
        known = ", ".join(offer.name for offer in offers)
        raise QueryError(text("problem.format", name=name, known=known), parameter="f")
    return offer


def _matches(wanted: str, kind: str) -> bool:
    """Tell whether a media range holds a media type; parameters do not count."""
    kind = kind.split(";", maxsplit=1)[0]
    if wanted in {"*/*", kind}:
        return True
    return wanted.endswith("/*") and kind.startswith(wanted[:-1])


@lru_cache(maxsize=128)
def _ranked(header: str) -> tuple[str, ...]:
    """Return the values of an Accept header, the best first, those at 0 left out.

    Clients are of few kinds, each with headers of its own.
    """
    weighed = weights(header)
    liked = [value for value, weight in weighed.items() if weight > 0]
    return tuple(sorted(liked, key=lambda value: -weighed[value]))


def weights(header: str) -> dict[str, float]:
    """Return the values of an Accept header and how much each is liked, 0 to 1."""
    found: dict[str, float] = {}
    for part in header.split(","):
        value, *details = (piece.strip() for piece in part.split(";"))
        if value:
            found.setdefault(value.lower(), _weight(details))
    return found


def _weight(details: Sequence[str]) -> float:
    """Return the `q` of a value: 1 without one, 0 if it is no number."""
    for detail in details:
        name, _, number = detail.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(number), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
