"""`/collections/{id}/download/{id}.{gpkg,csv,…}`: whole collections as files.

A file has its length, its date and its digest, and goes out as it lies in the folder,
whole or in part. A file that is to be there and is not yet made answers 503 with a
time to come again: whoever harvests takes 404 for gone. GeoJSON that is not made is
written while it is sent (`service.items`).

References
----------
RFC 9110, clauses 13.2.2 (order of conditions), 14 (ranges); RFC 9530
(``Repr-Digest``); INSPIRE good practice on download services, class bulk-download.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from metadata.errors import FilesUnreachable
from metadata.file_formats import FORMATS, FileFormat
from metadata.finding import Text
from providers.exports.place import FilesPlace, files_place
from providers.store_files import MadeFile
from service.features_visit import FeaturesVisit
from service.items import Items
from service.messages import text
from service.parameters import DOWNLOAD_PARAMETERS, require_geojson, require_known
from service.problems import HttpProblem, not_found
from service.ranges import is_unchanged, refused, wanted_part
from service.snapshot import ServedCollection
from service.streaming import FeatureStreamResponse
from service.visit import snapshot_of

logger = logging.getLogger(__name__)
_PARAMETERS: Final = frozenset({"lang"})
_OF_GEOJSON: Final = DOWNLOAD_PARAMETERS
_LATER: Final = {"Retry-After": "60"}


@dataclass(frozen=True)
class Downloads:
    """The handler of all files of a collection."""

    items: Items
    """Who writes GeoJSON."""

    async def answer(self, seen: FeaturesVisit) -> Response:
        """Answer with a file.

        Raises
        ------
        HttpProblem
            404; 412 and 416, see `service.ranges`; 503 while it is not made.
        metadata.errors.QueryError
            A parameter that a file does not have.
        """
        request, served = seen.request, seen.served
        asked = request.path_params["file"]
        form = _form(asked, served)
        if form is None:
            raise not_found(
                Text(
                    f"Il n'y a pas de fichier « {asked[:80]} ».",
                    f"There is no file “{asked[:80]}”.",
                )
            )
        made = served.files.get(form)
        if form is FileFormat.GEOJSON:
            given = require_known(seen.pairs, _OF_GEOJSON, served.collection)
            require_geojson(given)
            if made is None:
                return await self.items.download(seen)
        else:
            require_known(seen.pairs, _PARAMETERS, served.collection)
        if made is None:
            raise _not_made(asked)
        place = files_place(snapshot_of(request).configuration.files)
        return await run_in_threadpool(_answer, request, made, place)


def _form(asked: str, served: ServedCollection) -> FileFormat | None:
    """Return the form of a file by its name; `None` where there is no such file."""
    offered = served.dataset.formats(served.collection)
    return next((form for form in offered if asked == f"{served.id}.{form}"), None)


def _answer(request: Request, made: MadeFile, place: FilesPlace) -> Response:
    """Answer from where it lies; the file is open before the answer begins."""
    headers = _headers(made)
    refused(request.headers, headers)
    if is_unchanged(request.headers, headers):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    part = wanted_part(request.headers, headers, made.length)
    name = f"{made.collection_id}.{made.format}"
    sent = 0 if request.method == "HEAD" else part.length
    try:
        stream = place.part(made.path, part.first, sent)
    except FilesUnreachable as error:
        logger.warning("%s: %s", name, error)
        raise _unreachable(name) from error
    except OSError as error:
        raise _not_made(name) from error
    answer = FeatureStreamResponse(
        opening=b"",
        first=b"",
        stream=stream,
        closing=lambda: b"",
        headers={**headers, **_about(made), **part.headers(made.length)},
    )
    answer.status_code = part.status
    return answer


def _headers(made: MadeFile) -> dict[str, str]:
    """Return what an answer says of a file, also when it does not send it."""
    return {
        "ETag": f'"{made.sha256}"',
        "Last-Modified": format_datetime(made.changed_at, usegmt=True),
        "Cache-Control": "no-cache, no-transform",
        "Accept-Ranges": "bytes",
    }


def _about(made: MadeFile) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(made.sha256)).decode()
    name = f"{made.collection_id}.{made.format}"
    media_type = FORMATS[made.format].media_type
    is_text = media_type.startswith("text/")
    return {
        "Content-Type": f"{media_type}; charset=utf-8" if is_text else media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def _unreachable(name: str) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Unavailable",
        text("problem.files-away", name=name),
        hint=text("problem.files-away.hint"),
        headers=_LATER,
    )


def _not_made(name: str) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Unavailable",
        text("problem.not-made", name=name),
        hint=text("problem.not-made.hint"),
        headers=_LATER,
    )
