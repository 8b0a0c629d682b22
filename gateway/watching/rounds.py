"""Joins what the followed silos measured with what is stated: what may go out now.

Of a silo that is away nothing is concluded: its datasets are held, and what was
published of them stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from gateway.assembly import join, lost_silos
from gateway.publication.readiness import Ready, sort_out
from gateway.watching.memory import Memory
from gateway.watching.papers import Papers
from gateway.watching.silo import FollowedSilo
from providers.surveyed import Surveyed


def judge(
    papers: Papers, silos: Iterable[FollowedSilo], memory: Memory, *, today: date
) -> Ready:
    """Return what may go out today, and what is held."""
    every = {silo.name: silo for silo in silos}
    away = {name for name, silo in every.items() if not silo.is_known}
    held = {
        d.id
        for d in papers.published
        if any(c.source.silo in away for c in d.collections)
    }
    wanted = [d for d in papers.published if d.id not in held]
    parts = [s.surveyed for name, s in every.items() if name not in away]
    lost = lost_silos(papers.configuration, wanted)
    surveyed = Surveyed(
        surveys=tuple(survey for part in parts for survey in part.surveys),
        findings=(*lost, *(f for part in parts for f in part.findings)),
    )
    found = join(
        papers.configuration,
        papers.descriptions,
        wanted,
        surveyed,
        once_measured={s for each in every.values() for s in each.once_measured},
    )
    memory.keep_to({d.id for d in wanted})
    ready = sort_out(found, today=today, check=memory.check)
    return replace(ready, held=ready.held.union(held))
