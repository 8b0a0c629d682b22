"""The parameters of ``/collections/{id}/items``, read strictly.

What is unknown, given twice or malformed is refused, naming the parameter, what
was found, and the remedy; nothing is guessed.

References
----------
OGC API Features Part 1 (17-069r4), clause 7.15; Part 2 (18-058r1), clauses 6.2
and 6.3; Part 3 (19-079r2), clauses 6 and 8; Part 8 (sorting), draft.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

from metadata.crs import CRS84, Crs, UnknownCrs, parse_crs
from metadata.dataset import Collection, PublishedColumn
from metadata.errors import QueryError
from metadata.finding import Text
from metadata.measured import Bounds
from providers.boxes import read_box, split_box
from providers.conditions import during, equal
from providers.cql2 import FilterLanguage, read_filter, unknown_property
from providers.cql2_tree import Predicate
from providers.query import (
    SORTABLE,
    Order,
    Query,
    columns_by_name,
    order_of,
    served_crs,
)

MAXIMUM_LIMIT = 10_000
"""Features on a page at most; a larger limit is taken for this one (Part 1, 7.15.2)."""
DEFAULT_LIMIT = MAXIMUM_LIMIT
"""Features on a page that no limit is asked for.

GDAL and QGIS page by the default of the API definition where it is above 1,000.
"""
SHOWN_LIMIT = 10
"""The same on a page for people."""
MOST_PARAMETERS = 100
LARGEST_OFFSET = 2**53
ITEMS_PARAMETERS = frozenset(
    {
        "bbox",
        "bbox-crs",
        "crs",
        "cursor",
        "datetime",
        "f",
        "filter",
        "filter-crs",
        "filter-lang",
        "lang",
        "limit",
        "offset",
        "properties",
        "resulttype",
        "skipGeometry",
        "sortby",
    }
)
"""A column named like one of these is reached by `filter` only."""
ITEM_PARAMETERS = frozenset({"crs", "f", "lang"})
DOWNLOAD_PARAMETERS = frozenset({"f", "lang"})
_LANGUAGES = {
    "cql2-text": FilterLanguage.TEXT,
    "cql-text": FilterLanguage.TEXT,
    "cql2-json": FilterLanguage.JSON,
}
"""``cql-text`` is what clients older than the standard send."""
_WHOLE = re.compile(r"\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
Parameters = Mapping[str, str]
Pairs = tuple[tuple[str, str], ...]
C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class ItemsRequest:
    """What a request for items asks."""

    query: Query
    hits: bool
    """Whether only the number of features is wanted."""

    @property
    def limit(self) -> int:
        """Features on the page, at most."""
        return self.query.limit or DEFAULT_LIMIT


def read_pairs(query_string: bytes) -> Pairs:
    """Return the parameters as they were sent, decoded, in order.

    Raises
    ------
    metadata.errors.QueryError
        They are not UTF-8, hold NUL, or are too many.
    """
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError as error:
        raise QueryError(
            Text("L'adresse n'est pas encodée en UTF-8, ou a trop de paramètres.",
                 "The address is not encoded as UTF-8, or has too many parameters.")
        ) from error  # fmt: skip
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise _refused(
                name, Text("Un caractère nul n'est pas admis.", "NUL is not allowed.")
            )
    return tuple(pairs)


def require_known(
    pairs: Sequence[tuple[str, str]], known: frozenset[str], collection: Collection
) -> dict[str, str]:
    """Return parameters by name.

    Raises
    ------
    metadata.errors.QueryError
        One is unknown or given twice (Part 1, /req/core/query-param-unknown).
    """
    allowed = known
    if known is ITEMS_PARAMETERS:
        allowed = known | columns_by_name(collection).keys()
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            listed = ", ".join(sorted(allowed))
            raise _refused(
                name,
                Text(f"Le paramètre « {name[:80]} » n'existe pas ici.",
                     f"There is no parameter “{name[:80]}” here."),
                Text(f"Paramètres : {listed}.", f"Parameters: {listed}."),
            )  # fmt: skip
        if name in found:
            raise _refused(
                name, Text(f"Le paramètre « {name} » est donné deux fois.",
                           f"The parameter “{name}” is given twice.")
            )  # fmt: skip
        found[name] = value
    return found


def read_items(
    pairs: Sequence[tuple[str, str]],
    collection: Collection,
    *,
    limit: int = DEFAULT_LIMIT,
) -> ItemsRequest:
    """Return what the parameters of a request for items ask.

    Parameters
    ----------
    limit
        Features on a page that no limit is asked for.

    Raises
    ------
    metadata.errors.QueryError
        Any of them is unknown, repeated or malformed.
    """
    given = require_known(pairs, ITEMS_PARAMETERS, collection)
    cursor, offset = given.get("cursor", ""), read_offset(given)
    if "cursor" in given and (not cursor or "offset" in given):
        raise _refused(
            "cursor", Text("« cursor » est vide, ou accompagné d'« offset ».",
                           "“cursor” is empty, or stands beside “offset”."),
            Text("Suivez les liens « next » tels quels.",
                 "Follow “next” links as they are."),
        )  # fmt: skip
    return ItemsRequest(
        query=Query(
            limit=read_limit(given, limit),
            offset=offset,
            cursor=cursor,
            crs=read_crs(given, collection),
            area=_area(given, collection),
            conditions=tuple(_conditions(given, collection)),
            properties=_properties(given, collection),
            order=_order(given, collection),
            geometry=not _choice(given, "skipGeometry", {"false": False, "true": True}),
        ),
        hits=_choice(given, "resulttype", {"results": False, "hits": True}),
    )


def require_geojson(given: Parameters) -> None:
    """Refuse a form that a download does not have.

    Raises
    ------
    metadata.errors.QueryError
        ``f`` names another one.
    """
    _choice(given, "f", {"json": None, "geojson": None})


def read_crs(given: Parameters, collection: Collection, name: str = "crs") -> Crs:
    """Return the CRS that a parameter names; CRS84 without it.

    Raises
    ------
    metadata.errors.QueryError
        The collection is not served in it.
    """
    if name not in given:
        return CRS84
    served = served_crs(collection)
    listed = " ".join(crs.uri for crs in served)
    try:
        found = parse_crs(given[name])
    except UnknownCrs:
        found = None
    if found is None or found not in served:
        raise _refused(
            name,
            Text(f"« {given[name][:200]} » n'est pas un CRS de cette collection.",
                 f"“{given[name][:200]}” is no CRS of this collection."),
            Text(f"CRS : {listed}", f"CRS: {listed}"),
        )  # fmt: skip
    return found


def _conditions(given: Parameters, collection: Collection) -> list[Predicate]:
    """Return what ``datetime``, equalities and ``filter`` demand."""
    conditions: list[Predicate] = []
    if "datetime" in given:
        conditions += during(given["datetime"], collection)
    for name, column in columns_by_name(collection).items():
        if name in given and name not in ITEMS_PARAMETERS:
            conditions.append(equal(column, given[name]))
    language = _choice(given, "filter-lang", _LANGUAGES)
    crs = read_crs(given, collection, "filter-crs")
    if "filter" in given:
        text = given["filter"]
        conditions.append(read_filter(text, collection, language=language, crs=crs))
    return conditions


def read_limit(given: Parameters, default: int) -> int:
    """Return how many are wanted on a page; too many are taken for the most allowed.

    Raises
    ------
    metadata.errors.QueryError
        It is no number from 1.
    """
    text = given.get("limit", str(default))
    if not _WHOLE.fullmatch(text) or not int(text):
        raise _refused(
            "limit",
            Text(f"« {text[:80]} » n'est pas une taille de page.",
                 f"“{text[:80]}” is no size of a page."),
            Text(f"Un entier de 1 à {MAXIMUM_LIMIT}.",
                 f"A whole number from 1 to {MAXIMUM_LIMIT}."),
        )  # fmt: skip
    return min(int(text), MAXIMUM_LIMIT)


def read_offset(given: Parameters) -> int:
    """Return how many are to be passed over.

    Raises
    ------
    metadata.errors.QueryError
        It is no number from 0.
    """
    text = given.get("offset", "0")
    if not _WHOLE.fullmatch(text) or int(text) > LARGEST_OFFSET:
        raise _refused(
            "offset",
            Text(f"« {text[:80]} » n'est pas un nombre d'éléments à passer.",
                 f"“{text[:80]}” is no number of entries to pass over."),
            Text("Un entier, 0 ou plus.", "A whole number, 0 or more."),
        )  # fmt: skip
    return int(text)


def _area(given: Parameters, collection: Collection) -> tuple[Bounds, ...]:
    crs = read_crs(given, collection, "bbox-crs")
    if "bbox" not in given:
        if "bbox-crs" in given:
            raise _refused(
                "bbox-crs", Text("« bbox-crs » est donné sans « bbox ».",
                                 "“bbox-crs” is given without “bbox”.")
            )  # fmt: skip
        return ()
    return split_box(read_bbox(given["bbox"], crs))


def read_bbox(value: str, crs: Crs) -> Bounds:
    """Return the box of a ``bbox``; see `providers.boxes.read_box`.

    Raises
    ------
    metadata.errors.QueryError
        It is no box.
    """
    texts = [text.strip() for text in value.split(",")]
    bad = next((text for text in texts if not _NUMBER.fullmatch(text)), None)
    if bad is not None:
        raise _refused(
            "bbox", Text(f"« {bad[:80]} » n'est pas un nombre.",
                         f"“{bad[:80]}” is no number."),
            Text("Écrivez 4 ou 6 nombres séparés par des virgules.",
                 "Write 4 or 6 numbers with commas between."),
        )  # fmt: skip
    numbers = [float(text) for text in texts]
    return read_box(numbers, crs, parameter="bbox")


def _properties(
    given: Parameters, collection: Collection
) -> tuple[PublishedColumn, ...] | None:
    if "properties" not in given:
        return None
    names = given["properties"].split(",")
    return tuple(
        _column(name, collection, "properties") for name in dict.fromkeys(names)
    )


def _order(given: Parameters, collection: Collection) -> tuple[Order, ...]:
    """Return sort keys; an unencoded plus sign arrives as a space."""
    if "sortby" not in given:
        return ()
    found: dict[str, Order] = {}
    for term in given["sortby"].split(","):
        name = term[1:] if term[:1] in {"+", "-", " "} else term
        column = _column(name, collection, "sortby")
        if column.field.type not in SORTABLE or name in found:
            raise _refused(
                "sortby", Text(f"« {name} » ne peut être trié, ou l'est deux fois.",
                               f"“{name}” cannot be sorted by, or stands twice.")
            )  # fmt: skip
        found[name] = order_of(collection, column, descending=term[:1] == "-")
    return tuple(found.values())


def _column(name: str, collection: Collection, parameter: str) -> PublishedColumn:
    columns = columns_by_name(collection)
    if name not in columns:
        raise unknown_property(name, columns, parameter)
    return columns[name]


def _choice(given: Parameters, name: str, choices: Mapping[str, C]) -> C:
    """Return what one of several words means; the first is the default."""
    text = given.get(name, next(iter(choices)))
    if text not in choices:
        listed = ", ".join(choices)
        raise _refused(
            name,
            Text(f"« {text[:80]} » n'est pas une valeur de « {name} ».",
                 f"“{text[:80]}” is no value of “{name}”."),
            Text(f"Valeurs : {listed}.", f"Values: {listed}."),
        )  # fmt: skip
    return choices[text]


def _refused(parameter: str, reason: Text, hint: Text | str = "") -> QueryError:
    return QueryError(reason, parameter=parameter, hint=hint)
