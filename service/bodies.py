"""The body of a request has an end: so many bytes, within so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from service.messages import text
from service.problems import HttpProblem

PATIENCE: Final = 30
"""Seconds within which a body has to be there."""


async def read_body(
    request: Request, *, most: int, too_long: Callable[[], HttpProblem]
) -> bytes:
    """Return the body of a request, and never hold more of it than may be.

    Parameters
    ----------
    most
        Bytes of a body.
    too_long
        Makes the error of one that is longer.

    Raises
    ------
    HttpProblem
        408: it does not come, or not to its end. What `too_long` makes.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                content += chunk
                if len(content) > most:
                    raise too_long()
    except (TimeoutError, ClientDisconnect) as error:
        raise HttpProblem(
            HTTPStatus.REQUEST_TIMEOUT,
            "RequestTimeout",
            text("posted.late", seconds=PATIENCE),
            headers={"Connection": "close"},
        ) from error
    return bytes(content)
