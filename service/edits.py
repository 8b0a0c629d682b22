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
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.responses import Response

from metadata.crs import Crs
from metadata.dataset import Collection
from metadata.errors import PasserelleError
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
from service.edits_preferences import applied, wants_feature
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
from service.items import OFFERS, Items, item_question, raw_item
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
        edit, collection = _opened(seen, "create"), seen.served.collection
        crs = _understood(seen, FEATURE)
        content = await read_feature(seen.request)
        kept = await self._made(
            edit, lambda: edit.editor.create(created(content, collection, crs))
        )
        edit.note(kept.key)
        address = f"{seen.root}/collections/{seen.served.id}/items/{kept.key}"
        answer = await self._answer(seen, kept, crs)
        answer.status_code = HTTPStatus.CREATED
        answer.headers["Location"] = address
        return answer

    async def _replace(self, seen: FeaturesVisit) -> Response:
        return await self._change(seen, "replace", FEATURE, replaced)

    async def _update(self, seen: FeaturesVisit) -> Response:
        return await self._change(seen, "update", PATCH, updated)

    async def _change(
        self, seen: FeaturesVisit, operation: str, kind: str, read: Reading
    ) -> Response:
        """Change a feature by what a body says, read in one of two ways."""
        edit, collection = _opened(seen, operation), seen.served.collection
        crs = _understood(seen, kind)
        condition, name = read_condition(seen.request), raw_item(seen.request)
        content = await read_feature(seen.request)

        def change() -> Kept:
            wanted = read(content, collection, crs, name)
            return edit.editor.update(name, wanted, condition)

        kept = await self._made(edit, change, name)
        edit.note(name)
        return await self._answer(seen, kept, crs)

    async def _delete(self, seen: FeaturesVisit) -> Response:
        edit = _opened(seen, "delete")
        condition, name = read_condition(seen.request), raw_item(seen.request)
        await self._made(edit, partial(edit.editor.delete, name, condition), name)
        edit.note(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _made(self, edit: _Edit, act: Callable[[], T], name: str = "") -> T:
        """Do something in a thread of its own kind; say why it cannot be done."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.threads, act)
        except EditUnclear as error:
            edit.note(f"{name} (outcome unknown)")
            raise HttpProblem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "OutcomeUnknown",
                text("edit.unclear"),
                hint=text("edit.unclear-hint"),
            ) from error
        except EditRefused as error:
            status, code = _STATUSES[error.refusal]
            raise HttpProblem(
                status,
                code,
                error.text,
                hint=error.remedy,
                parameter=error.member,
                headers=applied(edit.seen.request),
            ) from error

    async def _answer(self, seen: FeaturesVisit, kept: Kept, crs: Crs) -> Response:
        """Answer with the feature where it is wanted, else with its tag alone.

        The tag is the one that GET gives. That the feature cannot be read now, or
        not any more, does not undo the edit.
        """
        tag = version_tag(item_question(seen, Encoding.GEOJSON, kept.key), kept.version)
        answer = Response(status_code=HTTPStatus.NO_CONTENT, headers={"ETag": tag})
        wanted = wants_feature(seen.request)
        if wanted:
            with suppress(PasserelleError):
                answer = await self.items.any_item(seen, kept.key, crs)
        is_there = answer.status_code == HTTPStatus.OK
        answer.headers.update(applied(seen.request, feature=is_there))
        return answer


@dataclass(frozen=True)
class _Edit:
    """An edit that may be tried: of what, by whom, and what makes it."""

    seen: FeaturesVisit
    operation: str
    editor: FeatureEditor
    key: ApiKey

    def note(self, feature: str) -> None:
        """Leave a line in the log: who did what to which feature, never with what."""
        logger.info(
            "Edit: key=%s operation=%s collection=%s id=%s",
            self.key.name,
            self.operation,
            self.seen.served.id,
            feature[:_SHOWN],
        )


def _opened(seen: FeaturesVisit, operation: str) -> _Edit:
    """Return an edit, if the collection is open and the request holds a key for it.

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
    key = require_scope(service, seen.request, edit_scope(seen.served.id))
    return _Edit(seen, operation, editor, key)


def _understood(seen: FeaturesVisit, kind: str) -> Crs:
    """Return the reference system of a body, of a type that can be read.

    What the answer is to be has to be possible before anything is written.
    """
    require_type(seen.request, kind)
    if wants_feature(seen.request):
        seen.offer(OFFERS)
    return read_content_crs(seen.request, seen.served.collection)


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
