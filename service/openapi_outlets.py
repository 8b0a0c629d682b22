"""Paths of the OpenAPI document that only the service's own root has.

The catalogue in all the forms in which it is asked for and harvested, the record of
a dataset, and what tells how the service is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from metadata.dcat import MEDIA_TYPES
from metadata.distributions import GEOJSON
from metadata.finding import Language
from metadata.overview import State
from metadata.record import RecordKind
from metadata.record_facets import FACETS
from service.links import SCHEMA_JSON, Document
from service.messages import say
from service.oai.protocol import Verb
from service.openapi_parameters import query
from service.problems import PROBLEM_JSON

_JSON: Final = "application/json"
_XML: Final = "application/xml"
_FACETS_JSON: Final = "application/facets+json"
_TEXT: Final[Document] = {"schema": {"type": "string"}}
_FORM: Final = "application/x-www-form-urlencoded"
_KEY: Final = "X-Passerelle-Key"
_CATALOGUE: Final = "/collections/catalogue"
_COUNT: Final[Document] = {"type": "integer", "minimum": 1}
_NUMBER: Final[Document] = {"type": "integer", "minimum": 0}
_CSW: Final = (
    "GetCapabilities",
    "DescribeRecord",
    "GetDomain",
    "GetRecords",
    "GetRecordById",
)
_CSW_PARAMETERS: Final[Mapping[str, Document]] = {
    "service": {"type": "string", "enum": ["CSW"]},
    "version": {"type": "string", "enum": ["2.0.2"]},
    "request": {"type": "string", "enum": list(_CSW)},
    "id": {"type": "string"},
    "outputSchema": {"type": "string"},
    "elementSetName": {"type": "string", "enum": ["brief", "summary", "full"]},
    "constraintLanguage": {"type": "string", "enum": ["CQL_TEXT", "FILTER"]},
    "constraint": {"type": "string"},
    "startPosition": _COUNT,
    "maxRecords": {"type": "integer", "minimum": 0},
}
_OAI_PARAMETERS: Final[Mapping[str, Document]] = {
    "verb": {"type": "string", "enum": [verb.value for verb in Verb]},
    "metadataPrefix": {"type": "string"},
    "identifier": {"type": "string"},
    "from": {"type": "string"},
    "until": {"type": "string"},
    "set": {"type": "string"},
    "resumptionToken": {"type": "string"},
}
_RECORD_PARAMETERS: Final[Mapping[str, Document]] = {
    "q": {"type": "string"},
    "type": {
        "type": "array",
        "items": {"type": "string", "enum": [kind.value for kind in RecordKind]},
    },
    "ids": {"type": "array", "items": {"type": "string"}},
    "externalIds": {"type": "array", "items": {"type": "string"}},
    **{name: {"type": "string"} for name in FACETS if name != "type"},
    "facets": {"type": "array", "items": {"type": "string"}},
    "after": {"type": "string"},
}
_ADMIN_PARAMETERS: Final[Mapping[str, Document]] = {
    "state": {"type": "string", "enum": ["", *(state.value for state in State)]},
    "outlet": {"type": "string"},
    "q": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
}
Get = Callable[..., Document]
"""Makes one GET operation; `openapi._get`."""


def outlet_paths(get: Get, language: Language) -> Document:
    """Return the paths.

    Parameters
    ----------
    get
        Makes an operation of its key, its tag, the language, what it is answered
        with, and its `parameters`.
    """
    return {
        **_service(get, language),
        **_records(get, language),
        **_catalogue(get, language),
        "/csw": _csw(language),
        "/oai": _oai(language),
    }


def _service(get: Get, language: Language) -> Document:
    """Return the paths that tell of the service itself."""
    page = {"text/html": _TEXT}
    key = _key(language)
    return {
        "/datasets/": get(
            "datasets", "service", language, {_JSON: _ref("datasets"), **page}
        ),
        "/datasets/{dataset}/preview": _guarded(
            get(
                "preview",
                "records",
                language,
                {**page, _JSON: {"schema": {"type": "object"}}},
                parameters=[_dataset(language), key, *_shared("f", "lang")],
            )
        ),
        **_administration(get, language),
        "/health": get(
            "health",
            "service",
            language,
            {_JSON: _ref("health")},
            parameters=[key, *_shared("lang")],
        ),
        "/metrics": _guarded(
            get(
                "metrics",
                "service",
                language,
                {"text/plain;version=0.0.4": _TEXT},
                parameters=[key],
            )
        ),
        "/sitemap.xml": get(
            "sitemap", "service", language, {_XML: _TEXT}, parameters=[]
        ),
    }


def _administration(get: Get, language: Language) -> Document:
    """Return the paths for the one who answers for the service."""
    answers = {"text/html": _TEXT, _JSON: {"schema": {"type": "object"}}}
    answers |= {"text/csv": _TEXT}
    form = query(
        "f",
        {"type": "string", "enum": ["html", "json", "csv"]},
        say(language, "parameter.f"),
    )
    shared = [_key(language), form, *_shared("lang")]
    asked = list(_described(_ADMIN_PARAMETERS, language, "admin"))
    return {
        "/admin/": _guarded(
            get("admin", "service", language, answers, parameters=[*asked, *shared])
        ),
        "/admin/{dataset}": _guarded(
            get(
                "adminDataset",
                "service",
                language,
                answers,
                parameters=[_dataset(language), *shared],
            )
        ),
    }


def _records(get: Get, language: Language) -> Document:
    """Return the paths of ISO records."""
    record = get(
        "record",
        "records",
        language,
        {_XML: _TEXT},
        parameters=[_dataset(language), *_shared("lang")],
    )
    folder = get(
        "folder",
        "records",
        language,
        {"text/html": _TEXT},
        parameters=_shared("lang"),
    )
    return {"/records/": folder, "/records/{dataset}.xml": record}


def _catalogue(get: Get, language: Language) -> Document:
    """Return the paths of OGC API Records and of DCAT."""
    own = _shared("lang")
    form = query(
        "f", {"type": "string", "enum": ["json"]}, say(language, "parameter.f")
    )
    limit = query("limit", _COUNT, say(language, "parameter.recordsLimit"))
    or_none = query("limit", _NUMBER, say(language, "parameter.recordsLimit"))
    after = tuple(_described({"after": _RECORD_PARAMETERS["after"]}, language))
    searched = [
        *_described(_RECORD_PARAMETERS, language),
        *_shared("bbox", "datetime"),
        or_none,
    ]
    record = {"name": "recordId", "in": "path", "required": True}
    record |= {
        "description": say(language, "parameter.recordId"),
        "schema": {"type": "string"},
    }
    found: Document = {GEOJSON: _ref("featureCollection")}
    paths = {
        "": ("catalogue", {_JSON: _ref("collection")}, []),
        "/queryables": ("catalogueQueryables", {SCHEMA_JSON: _ref("jsonSchema")}, []),
        "/facets": ("catalogueFacets", {_FACETS_JSON: _written(_FACETS_JSON)}, []),
        "/items": ("catalogueItems", found, searched),
        "/items/{recordId}": ("catalogueItem", {GEOJSON: _ref("feature")}, [record]),
    }
    feeds = {"": tuple(MEDIA_TYPES.values())}
    feeds |= {f".{form}": (kind,) for form, kind in MEDIA_TYPES.items()}
    return {
        **{
            f"{_CATALOGUE}{path}": get(
                key, "records", language, content, parameters=[*given, form, *own]
            )
            for path, (key, content, given) in paths.items()
        },
        **{
            f"/dcat/catalog{ending}": get(
                f"dcat{ending}",
                "records",
                language,
                {kind: _written(kind) for kind in kinds},
                parameters=[*after, limit],
            )
            for ending, kinds in feeds.items()
        },
    }


def _written(media_type: str) -> Document:
    """Return what an answer of a media type is made of."""
    return {"schema": {"type": "object"}} if "json" in media_type else _TEXT


def _csw(language: Language) -> Document:
    """Return the operations of the catalogue service (OGC 07-006r1)."""
    statuses = ("400", "413", "500", "501", "503")
    answers = {"200": _answer("operation.csw", _XML, language)}
    answers |= {
        status: _answer(f"status.{status}", _XML, language) for status in statuses
    }
    asked = {_XML: _TEXT, "text/xml": _TEXT}
    return {
        "get": {
            **_about("csw", language),
            "parameters": list(_described(_CSW_PARAMETERS, language, "csw")),
            "responses": answers,
        },
        "post": {
            **_about("cswPost", language),
            "parameters": [],
            "requestBody": {"required": True, "content": asked},
            "responses": answers,
        },
    }


def _oai(language: Language) -> Document:
    """Return the operations of OAI-PMH; what is wrong is told by 200, as it wants."""
    problem = {"content": {PROBLEM_JSON: _ref("problem")}}
    answers = {"200": _answer("operation.oai", "text/xml", language)}
    refused = {
        status: {"description": say(language, f"status.{status}"), **problem}
        for status in ("413", "415", "500", "503")
    }
    parameters = _described(_OAI_PARAMETERS, language, "oai")
    form = {"type": "object", "properties": dict(_OAI_PARAMETERS)}
    return {
        "get": {
            **_about("oai", language),
            "parameters": list(parameters),
            "responses": {**answers, "500": refused["500"], "503": refused["503"]},
        },
        "post": {
            **_about("oaiPost", language),
            "parameters": [],
            "requestBody": {"required": True, "content": {_FORM: {"schema": form}}},
            "responses": {**answers, **refused},
        },
    }


def _about(key: str, language: Language) -> Document:
    summary = say(language, f"operation.{key}")
    return {"operationId": key, "summary": summary, "tags": ["records"]}


def _answer(words: str, media_type: str, language: Language) -> Document:
    return {"description": say(language, words), "content": {media_type: _TEXT}}


def _guarded(operation: Document) -> Document:
    """Return an operation that strangers are refused."""
    operation["get"]["responses"]["403"] = {"$ref": "#/components/responses/403"}
    return operation


def _described(
    schemas: Mapping[str, Document], language: Language, of: str = "records"
) -> Iterator[Document]:
    """Yield query parameters, each with its words."""
    for name, schema in schemas.items():
        words = say(language, f"parameter.{of}.{name}")
        parameter = query(name, schema, words)
        if schema["type"] == "array":
            parameter |= {"style": "form", "explode": False}
        yield parameter


def _key(language: Language) -> Document:
    return {
        "name": _KEY,
        "in": "header",
        "required": False,
        "description": say(language, "parameter.key"),
        "schema": {"type": "string"},
    }


def _dataset(language: Language) -> Document:
    return {
        "name": "dataset",
        "in": "path",
        "required": True,
        "description": say(language, "parameter.dataset"),
        "schema": {"type": "string"},
    }


def _shared(*names: str) -> list[Document]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _ref(schema: str) -> Document:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}}
