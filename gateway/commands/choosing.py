"""Datasets that a person names: which they may be, and what is said of the others."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import PurePath

from gateway.assembly import Assembled
from gateway.desk import Desk, UnknownDataset
from gateway.publication.readiness import Ready, subjects
from metadata.finding import Finding, Severity, Text
from metadata.stated import Description


def require_known(desk: Desk, found: Assembled, named: Collection[str]) -> None:
    """Refuse names that no dataset has.

    One whose description is gone is known for as long as it is published somewhere.

    Raises
    ------
    UnknownDataset
        For the first of them, with names that are like it.
    """
    known = {*found.by_id, *found.descriptions.unusable}
    known.update(e.dataset_id for e in desk.store.entries() if e.fingerprints)
    known.update(revision.dataset_id for revision in desk.store.applied())
    for name in named:
        if name not in known:
            raise _unknown(name, get_close_matches(name, sorted(known)))


def _unknown(name: str, alike: Collection[str]) -> UnknownDataset:
    hint = Text(
        "passerelle status les nomme tous.", "passerelle status names them all."
    )
    if alike:
        said = ", ".join(alike)
        hint = Text(f"Proches : {said}. {hint.fr}", f"Like it: {said}. {hint.en}")
    return UnknownDataset(
        Text(
            f"--only : aucun jeu ne s'appelle « {name} ».",
            f"--only: there is no dataset “{name}”.",
        ),
        hint=hint,
    )


def findings_about(
    named: Collection[str], ready: Ready, found: Assembled
) -> tuple[Finding, ...]:
    """Return the findings that concern some datasets, and those that concern all.

    With one for each dataset named of which nothing may go out now.
    """
    ours = [d for d in found.by_id.values() if d.id in named]
    others = [d for d in found.by_id.values() if d.id not in named]
    passed_over = subjects(others) - subjects(ours)
    unread = set(found.descriptions.unusable).difference(named)
    known = {dataset.id for dataset in ready.datasets} | ready.held
    return (
        *(
            f
            for f in ready.findings
            if f.subject not in passed_over and not _is_of_file(f, unread)
        ),
        *(_not_due(d) for d in ours if d.id not in known),
    )


def _is_of_file(finding: Finding, dataset_ids: Collection[str]) -> bool:
    """Tell whether a finding is about the description of one of these datasets."""
    file = PurePath(finding.subject.partition(".yml")[0])
    return ".yml" in finding.subject and file.name in dataset_ids


def _not_due(stated: Description) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        code="publish.not-due",
        subject=stated.id,
        element="status",
        reason=Text(
            "Nommé par --only, mais rien n'en sort aujourd'hui : brouillon, retiré, "
            "interne, ou avant sa date de publication.",
            "Named by --only, but nothing of it goes out today: a draft, withdrawn, "
            "internal, or before its date of publication.",
        ),
        hint=Text(
            f"passerelle approve {stated.id}, ou voyez status, access et "
            "publish_from dans sa description.",
            f"passerelle approve {stated.id}, or see status, access and "
            "publish_from in its description.",
        ),
    )
