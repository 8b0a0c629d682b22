"""Deployments whose collections are open for editing, and the service on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg2
import pytest

KEYS = {"CLE_ARBRES": "a" * 32, "CLE_TOUT": "t" * 32, "CLE_VUE": "v" * 32}
CONFIGURED = """\
  keys:
    - {name: arbres, key: "${CLE_ARBRES}", scopes: ["edit:arbres"]}
    - {name: tout, key: "${CLE_TOUT}", scopes: ["edit:*", "read:details"]}
    - {name: vue, key: "${CLE_VUE}", scopes: ["read:details"]}
silos:
"""


@dataclass(frozen=True)
class Editing:
    """How collections are opened, and who edits them."""

    serve: Callable[..., AbstractContextManager[httpx.Client]]

    def open(
        self,
        deployment: Any,
        *tables: str,
        how: str = "true",
        columns: Mapping[str, str] | None = None,
    ) -> None:
        """Describe tables, each in a dataset of its own, open for editing."""
        for table in tables:
            deployment.describe(table)
            path = deployment.folder / "datasets" / f"{table}.yml"
            more = f"    editable: {how}\n"
            if columns and table in columns:
                more += f"    columns: {columns[table]}\n"
            path.write_text(path.read_text("utf-8") + more, encoding="utf-8")

    def configure(self, deployment: Any, old: str = "", new: str = "") -> None:
        """Give out keys, and change something else of the configuration."""
        path = deployment.configuration
        written = path.read_text("utf-8").replace("silos:\n", CONFIGURED)
        path.write_text(written.replace(old, new), encoding="utf-8")

    @contextmanager
    def served(self, deployment: Any) -> Iterator[httpx.Client]:
        """Run the service; its client holds the key for everything."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in KEYS.items():
                patched.setenv(name, value)
            headers = {
                "X-Passerelle-Key": KEYS["CLE_TOUT"],
                "Accept-Encoding": "identity",
            }
            with self.serve(deployment, headers=headers) as client:
                yield client


@pytest.fixture(scope="session")
def editing(
    serve: Callable[..., AbstractContextManager[httpx.Client]],
) -> Editing:
    return Editing(serve)


@pytest.fixture(scope="session")
def execute() -> Callable[..., list[Any]]:
    """Run a statement past the service, as the owner of the database."""
    return run_statement


def run_statement(address: str, statement: str, *values: Any) -> list[Any]:
    connection = psycopg2.connect(address)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
