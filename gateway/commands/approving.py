"""Makes drafts published, after a check of what they would become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import click

from gateway.assembly import Assembled, assemble, check_everything
from gateway.commands.counting import counted
from gateway.commands.options import Say
from gateway.desk import Desk
from metadata.description_file import approve_file
from metadata.finding import Finding, Text, has_errors
from metadata.stated import Status


def approve_datasets(desk: Desk, ids: Collection[str]) -> int:
    """Approve the drafts named, or all of them when none is; return the exit code.

    Each draft stands for itself: one that is refused does not stop the others.
    """
    with desk.progress() as told:
        found = assemble(
            desk.configuration,
            desk.store,
            now=desk.now,
            progress=told,
            as_if_approved=True,
        )
    drafts = {d.id for d in found.by_id.values() if d.status is Status.DRAFT}
    unknown = [name for name in ids if name not in found.by_id]
    chosen = [name for name in sorted(drafts) if not ids or name in ids]
    for name in unknown:
        _not_there(desk, name)
    ready = {d.id: d for d in found.described.datasets}
    refused = 0
    for name in chosen:
        findings = list(_of_its_own(found, name))
        if name in ready:
            findings += check_everything([ready[name]], today=desk.now.date())
        approved = name in ready and not has_errors(findings)
        _settle(desk, name, findings, approved=approved)
        refused += not approved
    desk.show(f for f in found.descriptions.findings if not ids)
    count = len(chosen) - refused
    done = counted(
        count, "jeu approuvé", "jeux approuvés", "dataset approved", "datasets approved"
    )
    not_done = counted(refused, "refusé", "refusés", "refused")
    desk.say(Text(f"{done.fr}, {not_done.fr}.", f"{done.en}, {not_done.en}."))
    broken = bool(found.descriptions.findings) and not ids
    return 1 if refused or unknown or broken else 0


def _of_its_own(found: Assembled, name: str) -> Iterator[Finding]:
    """Yield what was found about a dataset or one of its tables."""
    sources = {str(c.source) for c in found.by_id[name].collections}
    subjects = {name, *sources}
    yield from (f for f in found.findings if f.subject in subjects)


def _settle(
    desk: Desk, name: str, findings: Iterable[Finding], *, approved: bool
) -> None:
    """Write the approval into the file, or say why there is none."""
    if approved:
        approve_file(desk.configuration.datasets / f"{name}.yml")
        desk.say(Text(f"{name} : approuvé.", f"{name}: approved."), style="green")
        return
    desk.say(Text(f"{name} : refusé.", f"{name}: refused."), style="red")
    desk.show(f for f in findings if has_errors([f]))


def _not_there(desk: Desk, name: str) -> None:
    desk.complain(
        Text(
            f"Aucune description lisible ne s'appelle « {name} ».",
            f"There is no readable description “{name}”.",
        ),
        Text("passerelle check les liste toutes.", "passerelle check lists them all."),
    )


def add_approve(group: click.Group, text: Say) -> None:
    """Add the command `approve` to the command line."""

    @group.command(
        help=text(
            "Publie des brouillons ; refusé tant qu'un contrôle trouve une erreur.",
            "Publish drafts; refused while a check finds an error.",
        )
    )
    @click.argument("ids", nargs=-1)
    @click.option(
        "--all", "everything", is_flag=True, help=text("Tous.", "All of them.")
    )
    @click.pass_obj
    def approve(desk: Desk, ids: tuple[str, ...], *, everything: bool) -> int:
        if bool(ids) == everything:
            raise click.UsageError(
                text("Nommez des jeux, ou --all.", "Name datasets, or --all.")
            )
        return approve_datasets(desk, ids)
