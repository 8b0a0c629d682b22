"""The report says per record what happened and why, in both languages."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from gateway.outlets.outlet import Action, Change, Outcome, Receipt
from gateway.publication.plan import Plan
from gateway.publication.report import result_json, result_tables
from gateway.publication.result import OutletResult, PublishResult, SnapshotResult
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Language, Text
from metadata.record import RecordKind
from providers.store_model import SnapshotChange


def receipt(action: Action, outcome: Outcome, name: str, why: str) -> Receipt:
    change = Change(
        action=action,
        identifier=f"fr-1-{name}",
        dataset_id=name,
        kind=RecordKind.DATASET,
        reason=Text(f"raison {name}", f"reason {name}"),
    )
    return Receipt(change=change, outcome=outcome, message=Text(f"{why} fr", why))


def outlet(*receipts: Receipt, **changes) -> OutletResult:
    made = Plan(outlet="geo", changes=tuple(r.change for r in receipts), published=7)
    return OutletResult(outlet="geo", plan=made, receipts=receipts, **changes)


MIXED = PublishResult(
    outlets=(
        outlet(
            receipt(Action.CREATE, Outcome.DONE, "cantons", "fine"),
            receipt(Action.UPDATE, Outcome.FAILED, "voirie", "said [bold]no[/bold]"),
            receipt(Action.KEEP, Outcome.KEPT, "communes", "same"),
        ),
        OutletResult(
            outlet="lost",
            problem=OutletUnreachable(
                Text("pas de réponse", "no answer"), hint=Text("Vérifiez", "Check")
            ),
        ),
    ),
    snapshot=SnapshotResult(change=SnapshotChange(added=("fr-1-cantons",)), records=2),
)


def printed(result: PublishResult, language: Language, width: int = 160) -> str:
    out = StringIO()
    console = Console(file=out, width=width)
    for part in result_tables(result, language):
        console.print(part)
    return out.getvalue()


def test_names_each_record_and_why() -> None:
    said = printed(MIXED, Language.ENGLISH)
    for expected in (
        "cantons",
        "fr-1-voirie",
        "reason voirie",
        "said [bold]no[/bold]",
        "failed",
        "lost: nothing done.",
        "no answer",
        "→ Check",
        "1 done, 1 kept, 1 failed",
        "2 records (+1, 0 changed, −0)",
    ):
        assert expected in said
    assert "communes" not in said


def test_a_line_stays_readable_in_eighty_columns() -> None:
    long = "points_dapport_volontaire"
    result = PublishResult(
        outlets=(
            outlet(
                receipt(Action.DELETE, Outcome.DONE, long, "absente"),
                receipt(Action.CREATE, Outcome.NOT_SENT, "voirie", "perdu"),
            ),
        )
    )
    lines = printed(result, Language.FRENCH, width=80).splitlines()

    assert any(line.startswith(f"supprimer  fait        {long}") for line in lines)
    assert any("non envoyé  voirie" in line for line in lines)
    assert any(line.split() == ["fr-1-voirie"] for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "geo : 1 faite."),
        (2, "geo : 2 faites."),
        (0, "geo : aucune fiche."),
    ],
)
def test_counts_as_a_person_would(count: int, said: str) -> None:
    receipts = [receipt(Action.CREATE, Outcome.DONE, f"t{n}", "") for n in range(count)]
    result = PublishResult(outlets=(outlet(*receipts),))
    assert said in printed(result, Language.FRENCH)


def test_a_dry_run_never_speaks_as_if_it_had_offered_records() -> None:
    result = PublishResult(outlets=(), snapshot=MIXED.snapshot, dry_run=True)
    assert "prévu : 2 fiches (+1" in printed(result, Language.FRENCH)
    assert "planned: 2 records (+1" in printed(result, Language.ENGLISH)


def test_says_it_in_french() -> None:
    said = printed(MIXED, Language.FRENCH)
    for expected in ("remplacer", "échec", "raison voirie", "Vérifiez", "2 fiches"):
        assert expected in said
    assert "failed" not in said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.FRENCH, "raison voirie ; lost fr"),
        (Language.ENGLISH, "reason voirie; lost"),
    ],
)
def test_reasons_are_parted_as_the_language_wants(
    language: Language, said: str
) -> None:
    one = receipt(Action.CREATE, Outcome.FAILED, "voirie", "lost")
    result = PublishResult(outlets=(outlet(one),))
    assert said in printed(result, language)


def test_gives_programs_every_record_in_both_languages() -> None:
    found = json.loads(json.dumps(result_json(MIXED)))
    geo, lost = found["outlets"]
    assert found["exit_code"] == 2
    assert geo["plan"] == {
        "create": 1,
        "update": 1,
        "keep": 1,
        "delete": 0,
        "conflict": 0,
        "leave": 0,
    }
    assert [r["dataset"] for r in geo["records"]] == ["cantons", "voirie", "communes"]
    assert geo["records"][0]["reason"] == {
        "fr": "raison cantons",
        "en": "reason cantons",
    }
    assert lost["problem"] == {"fr": "pas de réponse", "en": "no answer"}
    assert lost["published"] is None
    assert found["snapshot"]["added"] == ["fr-1-cantons"]


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((), 0),
        ((outlet(receipt(Action.CREATE, Outcome.DONE, "a", "")),), 0),
        ((outlet(receipt(Action.CREATE, Outcome.PLANNED, "a", "")),), 0),
        ((outlet(receipt(Action.CONFLICT, Outcome.REFUSED, "a", "")),), 1),
        ((outlet(receipt(Action.CREATE, Outcome.FAILED, "a", "")),), 1),
        ((outlet(refusal=Text("non", "no")),), 1),
        ((outlet(problem=OutletRefused("no")),), 1),
        ((outlet(problem=OutletUnreachable("no")), outlet()), 2),
        ((outlet(problem=OutletRefused("no")), MIXED.outlets[1]), 2),
    ],
)
def test_exits_with_the_worst_of_all_outlets(results, code: int) -> None:
    assert PublishResult(outlets=results).exit_code == code


def test_exits_with_1_when_only_our_own_catalogue_was_guarded() -> None:
    snapshot = SnapshotResult(
        change=SnapshotChange(), records=9, refusal=Text("non", "no")
    )
    result = PublishResult(outlets=(), snapshot=snapshot)
    assert result.exit_code == 1
    assert "left as it is. no" in printed(result, Language.ENGLISH)
