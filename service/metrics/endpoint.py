"""`/metrics`: what all workers counted, for those who may see details."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.health import require_insider
from service.metrics.cells import Cells
from service.metrics.exposition import MEDIA_TYPE, exposition
from service.metrics.sampling import Sampler
from service.negotiation import require_known
from service.visit import snapshot_of

SAMPLED: Final = 1.0
"""Seconds between two samples: so old at most is what one worker says of another."""


def metrics_endpoint(
    cells: Cells, sampler: Sampler
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of `/metrics`."""

    async def metrics(request: Request) -> Response:
        require_insider(snapshot_of(request), request)
        require_known(request.query_params, ())
        sampler.sample()
        content = await run_in_threadpool(lambda: exposition(cells.told()))
        return Response(
            content, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
        )

    return metrics


@asynccontextmanager
async def kept_sampling(sampler: Sampler, cells: Cells) -> AsyncIterator[None]:
    """Sample each second as long as the context lasts."""

    async def follow() -> None:
        while True:
            sampler.sample()
            await asyncio.sleep(SAMPLED)

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        cells.close()
