"""The last judgement of each dataset, for who judges next: on one connection.

One row for each dataset, for as long as it may go out. What is kept is only ever used
where its key is the key of now (`providers.judgement_keys`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from providers import store_tables as tables
from providers.store_database import upsert


@dataclass(frozen=True, kw_only=True)
class KeptJudgement:
    """One dataset as it was judged."""

    dataset_id: str
    key: str
    """What it rests on."""
    content: str
    """The judgement itself, as JSON."""


def keep_judgements(
    connection: Connection,
    fresh: Iterable[KeptJudgement],
    datasets: Collection[str] | None,
) -> None:
    """Keep judgements, each in the place of an earlier one of its dataset.

    Parameters
    ----------
    datasets
        All that may go out: those of others are dropped. `None`: nobody knows.
    """
    rows = [
        {"dataset_id": each.dataset_id, "key": each.key, "content": each.content}
        for each in fresh
    ]
    upsert(connection, tables.judgement, rows)
    if datasets is not None:
        there = connection.scalars(select(tables.judgement.c.dataset_id))
        for name in set(there).difference(datasets):
            purge_judgements(connection, name)


def read_judgements(connection: Connection) -> Mapping[str, KeptJudgement]:
    """Return every judgement kept, by dataset."""
    rows = connection.execute(select(tables.judgement)).mappings()
    return {row["dataset_id"]: KeptJudgement(**row) for row in rows}


def purge_judgements(connection: Connection, dataset_id: str) -> None:
    """Erase what was judged of a dataset: findings repeat what was stated."""
    table = tables.judgement
    connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
