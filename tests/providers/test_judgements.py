"""A judgement is kept for as long as everything that it rests on is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from metadata.dataset import Collection, Dataset
from metadata.measured import (
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import (
    CollectionDescription,
    Columns,
    Contact,
    Dates,
    Description,
    Link,
    Organisation,
    Role,
    Status,
    TableSchema,
)
from providers import judgement_keys, overview_judging
from providers.judgement_keys import rests_on
from providers.judgement_text import decoded, encoded
from providers.overview_judging import Judgements, judge
from providers.store import Store, open_store
from providers.store_judgements import KeptJudgement

TODAY = date(2026, 3, 2)
FORMS = frozenset({"ckan", "udata"})
SOURCE = Source(silo="sig", container="public", table="forêts")
DATASET = Dataset(
    description=Description(
        id="forets",
        identifier="https://data.example.org/id/forets",
        record_identifier="fr-229300082-jdd-00000000-0000-4000-8000-000000000001",
        service_identifier="fr-229300082-srv-00000000-0000-4000-8000-000000000001",
        status=Status.PUBLISHED,
        title="Forêts « domaniales »",
        abstract="Bref",
        themes=("au",),
        contacts=(
            Contact(organisation="ONF", email="j.dupont@onf.fr", role=Role.AUTHOR),
        ),
        links=(Link(url="https://docs.example.org/a.pdf", title="Notice"),),
        dates=Dates(revised=date(2026, 1, 2)),
        collections=(
            CollectionDescription(
                id="forets",
                source=SOURCE,
                schema=TableSchema(name="onf/foret"),
                columns=Columns(rename=MappingProxyType({"nom": "name"})),
            ),
        ),
    ),
    collections=(),
    organisation=Organisation(
        name="ONF",
        siren="662043116",
        email="sig@onf.fr",
        identifier_base="https://data.example.org/id",
    ),
    service_url="https://geo.example.org",
)
DATASET = replace(
    DATASET,
    collections=(
        Collection(
            description=DATASET.description.collections[0],
            survey=Survey(
                source=SOURCE,
                kind=RelationKind.TABLE,
                surveyed_at=datetime(2026, 3, 1, tzinfo=UTC),
                fields=(Field(name="nom", type=FieldType.STRING, native_type="text"),),
                geometries=(
                    GeometryColumn(name="g", type=GeometryType.POINT, srid=2154),
                ),
                extent=Extent(2.0, 48.0, 3.0, 49.0),
                periods=(Period(field="d", start="2020-01-01", end="2021-01-01"),),
                feature_count=3,
            ),
        ),
    ),
)


def variants(value: Any) -> Iterator[Any]:
    """Yield a value once with each of its fields, however deep, another one."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            for other in variants(getattr(value, each.name)):
                yield replace(value, **{each.name: other})
    elif isinstance(value, tuple) and value:
        for number, part in enumerate(value):
            for other in variants(part):
                yield (*value[:number], other, *value[number + 1 :])
        yield value[1:]
    else:
        yield "tout autre chose"


def key(dataset: Dataset, **changes: Any) -> str:
    return rests_on(dataset, **{"today": TODAY, "forms": FORMS, **changes})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/registre.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The datasets that were judged, in order, however often."""
    found: list[str] = []

    def counting(dataset: Dataset, **options: Any) -> Any:
        found.append(dataset.id)
        return judge(dataset, **options)

    monkeypatch.setattr(overview_judging, "judge", counting)
    return found


def look(store: Store, dataset: Dataset = DATASET, **changes: Any) -> Any:
    """Judge a dataset as another process would; return what is known of it."""
    asked: dict[str, Any] = {"today": TODAY, "forms": FORMS, **changes}
    judgements = Judgements(store.judgements())
    judgements.judge(dataset, **asked)
    store.keep_judgements(judgements.fresh(), datasets={dataset.id})
    return judgements.known(dataset, **asked)


def test_every_field_however_deep_counts() -> None:
    every = list(variants(DATASET))
    keys = {key(each) for each in every}
    assert len(every) > 90
    assert len(keys) == len(every)
    assert key(DATASET) not in keys


def test_the_day_the_forms_and_the_judge_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = key(DATASET)
    assert key(replace(DATASET)) == first
    assert key(DATASET, today=TODAY + timedelta(days=1)) != first
    assert key(DATASET, forms={"ckan"}) != first
    monkeypatch.setattr(judgement_keys, "JUDGE", "another version")
    assert key(DATASET) != first


def test_the_judge_is_another_when_a_rule_or_a_line_of_code_is(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.toml").write_text("limit = 1")
    (tmp_path / "code.py").write_text("pass")
    (tmp_path / "__pycache__").mkdir()

    def seen() -> dict[str, bytes]:
        return dict(judgement_keys._contents(tmp_path, ""))

    before = seen()
    assert before == {"/rules/a.toml": b"limit = 1", "/code.py": b"pass"}
    (tmp_path / "__pycache__" / "code.pyc").write_bytes(b"x")
    assert seen() == before
    (tmp_path / "rules" / "a.toml").write_text("limit = 2")
    assert seen() != before


def test_what_nobody_can_tell_apart_is_refused() -> None:
    with pytest.raises(TypeError):
        key(replace(DATASET, service_url=object()))  # type: ignore[arg-type]


def test_names_that_run_together_are_told_apart() -> None:
    first = replace(DATASET.description, keywords=("a", "b"))
    second = replace(DATASET.description, keywords=("a', 'b",))
    assert key(replace(DATASET, description=first)) != key(
        replace(DATASET, description=second)
    )


def test_a_judgement_comes_back_as_it_was() -> None:
    made = judge(DATASET, today=TODAY, forms=sorted(FORMS))
    assert made.findings
    assert made.links
    assert decoded(encoded(made)) == made


def test_an_unchanged_dataset_is_judged_once(store: Store, judged: list[str]) -> None:
    first = look(store)
    assert look(store) == look(store) == first
    assert judged == ["forets"]


@pytest.mark.parametrize(
    ("dataset", "changes"),
    [
        (replace(DATASET, service_url="http://127.0.0.1"), {}),
        (
            replace(DATASET, description=replace(DATASET.description, title="")),
            {},
        ),
        (DATASET, {"today": TODAY + timedelta(days=1)}),
        (DATASET, {"forms": frozenset()}),
    ],
    ids=["configuration", "description", "day", "forms"],
)
def test_a_changed_one_is_judged_again(
    store: Store, judged: list[str], dataset: Dataset, changes: dict[str, Any]
) -> None:
    first = look(store)
    second = look(store, dataset, **changes)
    assert judged == ["forets"] * 2
    assert second != first or "today" in changes
    assert look(store) == first
    assert judged == ["forets"] * 3


@pytest.mark.parametrize("content", ["", "rien", "[]", '{"findings": 3}'])
def test_a_text_that_is_no_judgement_is_passed_over(
    store: Store, judged: list[str], content: str
) -> None:
    first = look(store)
    kept = store.judgements()["forets"]
    store.keep_judgements([replace(kept, content=content)], datasets=None)
    assert look(store) == first
    assert judged == ["forets"] * 2


def test_only_datasets_that_may_go_out_are_kept(store: Store) -> None:
    rows = [
        KeptJudgement(dataset_id=name, key="k", content="{}") for name in ("é", "b")
    ]
    store.keep_judgements(rows, datasets=None)
    assert set(store.judgements()) == {"é", "b"}
    store.keep_judgements([], datasets={"b"})
    assert set(store.judgements()) == {"b"}


def test_a_purge_erases_what_was_judged(store: Store) -> None:
    look(store)
    store.purge("forets")
    assert store.judgements() == {}
