"""The finding about columns without an index, from the table to the mended table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from gateway.assembly import assemble, check_everything
from metadata.dataset import Collection
from metadata.finding import Finding, Severity
from metadata.measured import Source
from providers.configuration import read_configuration
from providers.cql2 import read_filter
from providers.postgis_execution import render
from providers.postgis_statements import PostgisStatements
from providers.query import Query, columns_by_name, order_of
from providers.store import open_store
from service.watching import SiloWatch

pytestmark = pytest.mark.postgis
START = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = """
CREATE TABLE "L'État" (
    id integer PRIMARY KEY, "nom d""usage" text, "année" integer, secret text,
    vrai boolean);
INSERT INTO "L'État" SELECT i, 'n' || i, i, 'x', true
FROM generate_series(1, {}) AS i;
ANALYZE "L'État";
"""


def found(deployment: Any) -> tuple[Collection, list[Finding]]:
    """Look at the deployment as `check` does."""
    configuration = read_configuration(deployment.configuration)
    store = open_store(configuration.store)
    try:
        assembled = assemble(configuration, store, now=START)
    finally:
        store.close()
    datasets = assembled.described.datasets
    findings = check_everything(datasets, today=START.date())
    told = [f for f in findings if f.code == "collection.column.unindexed"]
    return datasets[0].collections[0], told


def describe(deployment: Any) -> None:
    deployment.describe("etat", "etat=L'État")
    path = deployment.folder / "datasets" / "etat.yml"
    text = path.read_text(encoding="utf-8").rstrip("\n")
    hidden = "    columns: {exclude: [secret]}"
    path.write_text(f"{text}\n{hidden}\n", encoding="utf-8")


def test_a_large_table_is_told_once_and_what_is_advised_serves(on_postgis: Any) -> None:
    on_postgis.execute(TABLE.format(1_000_000))
    describe(on_postgis)
    collection, (finding,) = found(on_postgis)
    assert finding.severity is Severity.INFO
    assert finding.element == "collections.etat.columns"
    for reason in (finding.reason.fr, finding.reason.en):
        assert 'nom d"usage, année' in reason
        assert "1000000" in reason
    assert "secret" not in f"{finding.reason}{finding.hint}"
    assert finding.hint.fr != finding.hint.en
    orders = finding.hint.en.split(": ", 1)[1].rsplit(" Or ", 1)[0]
    assert orders.count("CREATE INDEX") == 3
    assert reads_all(on_postgis.silo, collection) == [True] * 3
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    watch = SiloWatch(silo)
    try:
        source = collection.survey.source
        assert lacking(watch, source, START) == 2
        on_postgis.execute(f"{orders} ANALYZE")
        assert lacking(watch, source, datetime(2026, 3, 2, tzinfo=UTC)) == 0
    finally:
        watch.close()
    assert reads_all(on_postgis.silo, collection) == [False] * 3
    mended, findings = found(on_postgis)
    assert findings == []
    assert mended.survey.surveyed_at == START


def test_a_table_of_fewer_rows_is_not_told(on_postgis: Any) -> None:
    on_postgis.execute(TABLE.format(1_000))
    describe(on_postgis)
    collection, findings = found(on_postgis)
    assert collection.survey.unindexed
    assert findings == []


def lacking(watch: SiloWatch, source: Source, now: datetime) -> int:
    """Return how many columns that go out lack an index, as the service sees it."""
    view = watch.look({source}, now)
    assert view is not None
    return len({*view.surveys[source].unindexed} - {"secret"})


def reads_all(address: str, collection: Collection) -> list[bool]:
    """Tell of pages sorted, and filtered, whether the whole table is read."""
    columns, statements = columns_by_name(collection), PostgisStatements(collection)
    name, year = columns['nom d"usage'], columns["année"]
    equal = read_filter('"nom d""usage" = \'n7\'', collection)
    queries = (
        Query(limit=10, order=(order_of(collection, name, descending=True),)),
        Query(limit=10, order=(order_of(collection, year),)),
        Query(limit=10, conditions=(equal,)),
    )
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            plans = []
            for query in queries:
                text, values = render(statements.page(query), connection)
                cursor.execute(f"EXPLAIN {text}", values)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    finally:
        connection.close()
    return ["Seq Scan on " in plan.replace("Seq Scan on pg_", "") for plan in plans]
