"""Features are created, replaced, updated and deleted: one by one, with a key.

The handlers of items stand behind these ones, which only look at the method: what
is asked by GET goes the same way as without them.

References
----------
OGC API Features Part 4: Create, Replace, Update and Delete (20-002, draft of
2026); RFC 9110, clauses 9.3 and 15.3.2; RFC 5789 (``Accept-Patch``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.responses import Response

from metadata.crs import Crs
from metadata.dataset import Collection
from providers.configuration_keys import ApiKey, edit_scope
from providers.edited_feature import created, replaced, updated
from providers.feature_editing import (
    Change,
    EditRefused,
    EditUnclear,
    FeatureEditor,
    Kept,
    Refusal,
)
from providers.query import Encoding
from service.edits_request import (
    FEATURE,
    PATCH,
    media_type,
    read_condition,
    read_content_crs,
    read_feature,
    require_type,
)
from service.features_visit import FeaturesVisit
from service.items import Items, item_question, raw_item
from service.keys import holds_scope, require_scope
from service.messages import text
from service.parameters import require_known
from service.problems import HttpProblem
from service.validators import version_tag
from service.visit import snapshot_of

logger = logging.getLogger(__name__)
T = TypeVar("T")
Reading = Callable[[bytes, Collection, Crs, str], Change]
"""Makes of a body what is to be kept of a feature, whose key is given."""
_SHOWN: Final = 200
"""Characters of an identifier in the log."""
EDITORS: Final = 2
"""Edits that one worker makes at once."""
_PARAMETERS: Final = frozenset({"lang"})
_READ: Final = ("GET", "HEAD", "OPTIONS")
_EDIT: Final = ("PUT", "PATCH", "DELETE")
ITEM_METHODS: Final = ("GET", *_EDIT, "OPTIONS")
ITEMS_METHODS: Final = ("GET", "POST", "OPTIONS")
_STATUSES: Final[Mapping[Refusal, tuple[HTTPStatus, str]]] = {
    Refusal.MALFORMED: (HTTPStatus.BAD_REQUEST, "InvalidParameterValue"),
    Refusal.CONTENT: (HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidContent"),
    Refusal.CONFLICT: (HTTPStatus.CONFLICT, "Conflict"),
    Refusal.FORBIDDEN: (HTTPStatus.FORBIDDEN, "Forbidden"),
    Refusal.ABSENT: (HTTPStatus.NOT_FOUND, "NotFound"),
    Refusal.UNCONDITIONED: (HTTPStatus.PRECONDITION_REQUIRED, "PreconditionRequired"),
    Refusal.STALE: (HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed"),
}
"""The one table from refusals to statuses and OGC's codes."""


@dataclass(frozen=True)
class Edits:
    """The handlers of items and of one item, whatever the method."""

    items: Items
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(EDITORS, thread_name_prefix="edit")
    )

    async def page(self, seen: FeaturesVisit) -> Response:
        """Answer ``/collections/{id}/items``."""
        method = seen.request.method
        if method == "OPTIONS":
            return _options(seen, ("POST",), {"Accept-Post": FEATURE})
        if method == "POST" and _is_feature(seen):
            return await self._create(seen)
        return await self.items.page(seen)

    async def item(self, seen: FeaturesVisit) -> Response:
        """Answer ``/collections/{id}/items/{fid}``."""
        match seen.request.method:
            case "OPTIONS":
                return _options(seen, _EDIT, {"Accept-Patch": PATCH})
            case "PUT":
                return await self._replace(seen)
            case "PATCH":
                return await self._update(seen)
            case "DELETE":
                return await self._delete(seen)
            case _:
                return await self.items.item(seen)

    async def _create(self, seen: FeaturesVisit) -> Response:
        editor, key = _opened(seen)
        require_type(seen.request, FEATURE)
        collection = seen.served.collection
        crs = read_content_crs(seen.request, collection)
        content = await read_feature(seen.request)
        kept = await self._made(
            lambda: editor.create(created(content, collection, crs))
        )
        _note(key, seen, "create", kept.key)
        address = f"{seen.root}/collections/{seen.served.id}/items/{kept.key}"
        return _answer(seen, kept, HTTPStatus.CREATED, {"Location": address})

    async def _replace(self, seen: FeaturesVisit) -> Response:
        return await self._change(seen, "replace", FEATURE, replaced)

    async def _update(self, seen: FeaturesVisit) -> Response:
        return await self._change(seen, "update", PATCH, updated)

    async def _change(
        self, seen: FeaturesVisit, operation: str, kind: str, read: Reading
    ) -> Response:
        """Change a feature by what a body says, read in one of two ways."""
        editor, key = _opened(seen)
        require_type(seen.request, kind)
        collection = seen.served.collection
        crs = read_content_crs(seen.request, collection)
        condition, name = read_condition(seen.request), raw_item(seen.request)
        content = await read_feature(seen.request)

        def change() -> Kept:
            return editor.update(name, read(content, collection, crs, name), condition)

        kept = await self._made(change)
        _note(key, seen, operation, name)
        return _answer(seen, kept, HTTPStatus.NO_CONTENT, {})

    async def _delete(self, seen: FeaturesVisit) -> Response:
        editor, key = _opened(seen)
        condition, name = read_condition(seen.request), raw_item(seen.request)
        await self._made(partial(editor.delete, name, condition))
        _note(key, seen, "delete", name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _made(self, act: Callable[[], T]) -> T:
        """Do something in a thread of its own kind; say why it cannot be done."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.threads, act)
        except EditUnclear as error:
            raise HttpProblem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "OutcomeUnknown",
                text("edit.unclear"),
                hint=text("edit.unclear-hint"),
            ) from error
        except EditRefused as error:
            status, code = _STATUSES[error.refusal]
            raise HttpProblem(
                status, code, error.text, hint=error.remedy, parameter=error.member
            ) from error


def _opened(seen: FeaturesVisit) -> tuple[FeatureEditor, ApiKey]:
    """Return what edits a collection, and the key that opens it.

    Raises
    ------
    HttpProblem
        405: nobody edits it. 401, 403: as of `require_scope`.
    """
    editor = seen.served.editor
    if editor is None:
        raise HttpProblem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            text("problem.method", method=seen.request.method),
            hint=text("edit.closed"),
            headers={"Allow": ", ".join(_READ)},
        )
    require_known(seen.pairs, _PARAMETERS, seen.served.collection)
    service = snapshot_of(seen.request).configuration.service
    return editor, require_scope(service, seen.request, edit_scope(seen.served.id))


def _is_feature(seen: FeaturesVisit) -> bool:
    """Tell whether a POST is to make a feature; any other asks a long question.

    Where features are made, a body of no type at all is taken for one, so that it
    is refused as Part 4 wants it (/req/create-replace-delete/post-content-type).
    """
    is_opened = seen.served.editor is not None
    return is_opened and media_type(seen.request) in {FEATURE, ""}


def _options(
    seen: FeaturesVisit, edits: Sequence[str], accepted: Mapping[str, str]
) -> Response:
    """Answer which methods there are for whoever asks, with the key that they hold.

    That a long question may be posted is not told: clients take POST for the sign
    that features can be made.
    """
    service = snapshot_of(seen.request).configuration.service
    scope = edit_scope(seen.served.id)
    may = seen.served.editor is not None and holds_scope(service, seen.request, scope)
    headers = {"Allow": ", ".join((*_READ, *edits) if may else _READ)}
    return Response(headers={**headers, **(accepted if may else {})})


def _answer(
    seen: FeaturesVisit, kept: Kept, status: HTTPStatus, headers: Mapping[str, str]
) -> Response:
    """Answer with the tag that GET would give now, and no body."""
    tag = version_tag(item_question(seen, Encoding.GEOJSON, kept.key), kept.version)
    return Response(status_code=status, headers={**headers, "ETag": tag})


def _note(key: ApiKey, seen: FeaturesVisit, operation: str, feature: str) -> None:
    """Leave a line in the log: who did what to which feature, never with what."""
    logger.info(
        "Edit: key=%s operation=%s collection=%s id=%s",
        key.name,
        operation,
        seen.served.id,
        feature[:_SHOWN],
    )
