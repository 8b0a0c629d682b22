"""The whole chain, shown: silo → survey → records → service → catalogue → read-back.

`./run demo` ends here. Every step is a command of `passerelle` that a person
would type, run as they would run it; the catalogue is a real pycsw.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from gateway.demo.pycsw_target import pycsw_python, running_pycsw
from gateway.demo.reading import DemoFailed, Seen, ask, look, wait_for
from gateway.demo.work import (
    CATALOGUE_PORT,
    SERVICE_PORT,
    WIDTH,
    Workplace,
    free_port,
    make_silo,
    state,
    write_configuration,
)
from gateway.desk import language_of
from metadata.errors import ConfigurationError, PasserelleError
from metadata.finding import Language, Text

ROOT = Path(__file__).resolve().parents[2]
STOP_TIMEOUT = 20.0
"""Seconds that the service may take to end before it is killed."""


class Guide:
    """Says what happens, step by step, in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._number = 0
        width = None if sys.stdout.isatty() else WIDTH
        self._console = Console(width=width, highlight=False)

    def step(self, fr: str, en: str) -> None:
        """Announce the next step."""
        self._number += 1
        said = escape(Text(fr, en).said_in(self._language))
        self._console.print(f"\n[bold]{self._number}. {said}[/]")

    def say(self, fr: str, en: str) -> None:
        """Print one line."""
        self._console.print(escape(Text(fr, en).said_in(self._language)))

    def command(self, command: str) -> None:
        """Show the command that a person would type."""
        self._console.print(f"[cyan]$ {escape(command)}[/]")

    def quote(self, text: str, form: str) -> None:
        """Show a piece of a file."""
        self._console.print(
            Syntax(text.rstrip(), form, theme="bw", word_wrap=True, padding=(0, 4))
        )

    def complain(self, error: PasserelleError) -> None:
        """Print an error and its remedy."""
        said = escape(error.text.said_in(self._language))
        self._console.print(f"[bold red]{said}[/]")
        if error.remedy.en:
            self._console.print(escape(f"→ {error.remedy.said_in(self._language)}"))

    def table(self, seen: Sequence[Seen]) -> None:
        """Print what came of it."""
        heads = Text(
            "jeu|collection|entités|fiche|catalogue",
            "dataset|collection|features|record|catalogue",
        )
        table = Table(box=None, pad_edge=False)
        for head in heads.said_in(self._language).split("|"):
            table.add_column(head, overflow="fold")
        same = Text("relue, identique", "read back, equal").said_in(self._language)
        for one in seen:
            count = "?" if one.features is None else str(one.features)
            mark = f"[red]{escape(one.difference)}[/]" if one.difference else same
            table.add_row(one.dataset, one.collection, count, one.record, mark)
        self._console.print(table)


@click.command()
@click.option("--once", is_flag=True, help="Stop after the read-back.")
@click.option("--silo", default="", help="A PostGIS database to read instead.")
@click.option(
    "--pycsw",
    type=click.Path(path_type=Path),
    help="The python of the environment that pycsw is in.",
)
def main(*, once: bool, silo: str, pycsw: Path | None) -> None:
    """Show the whole chain; exit 0 only if service and catalogue agree."""
    guide = Guide(language_of(os.environ))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _folder() as folder:
            agree = _show(guide, folder, silo, pycsw or pycsw_python(ROOT), once)
    except PasserelleError as error:
        guide.complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0 if agree else 1)


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for this run, and remove it at the end."""
    above = ROOT / ".state"
    above.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=above))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(
    guide: Guide, folder: Path, silo: str, pycsw: Path | None, once: bool
) -> bool:
    """Go through all steps; return whether everything agrees."""
    if pycsw is None:
        message = Text("pycsw n'est pas installé.", "pycsw is not installed.")
        raise ConfigurationError(message, hint="./run demo")
    with ExitStack() as running:
        target = running.enter_context(
            running_pycsw(pycsw, folder / "pycsw", port=free_port(CATALOGUE_PORT))
        )
        place = Workplace(
            folder=folder,
            silo=silo,
            port=free_port(SERVICE_PORT),
            catalogue=target.url,
        )
        _describe(guide, place)
        running.enter_context(_served(guide, place))
        seen = _publish(guide, place)
        agree = bool(seen) and not any(one.difference for one in seen)
        if not once:
            _stay(guide, place)
    return agree


def _describe(guide: Guide, place: Workplace) -> None:
    """Survey, state, check, approve, write the records."""
    guide.step("Le silo et la configuration", "The silo and the configuration")
    make_silo(place)
    write_configuration(place)
    guide.quote(place.configuration.read_text("utf-8"), "yaml")
    guide.step("Mesurer", "Measure")
    _run(guide, place, "survey", may_fail=bool(place.silo))
    guide.step(
        "Dire ce que seule une personne sait, dans chaque brouillon",
        "State what only a person knows, in each draft",
    )
    for number, draft in enumerate(place.drafts()):
        lines = state(place, draft)
        guide.say(f"datasets/{draft.id}.yml", f"datasets/{draft.id}.yml")
        if number == 0:
            guide.quote(lines, "yaml")
    guide.step("Contrôler", "Check")
    _run(guide, place, "check", may_fail=bool(place.silo))
    guide.step("Approuver, jeu par jeu", "Approve, dataset by dataset")
    names = [draft.id for draft in place.drafts()]
    _run(guide, place, "approve", *names, may_fail=bool(place.silo))
    guide.step("Écrire les fiches INSPIRE", "Write the INSPIRE records")
    _run(
        guide, place, "records", "--out", str(place.records), may_fail=bool(place.silo)
    )


@contextmanager
def _served(guide: Guide, place: Workplace) -> Iterator[None]:
    """Run the service beside us, and look at it."""
    guide.step("Servir", "Serve")
    arguments = ["serve", "--port", str(place.port), "--workers", "1"]
    guide.command(f"passerelle {' '.join(arguments)}")
    with (place.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            place.command(*arguments),
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(place, process)
        _look_at_service(guide, place)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _look_at_service(guide: Guide, place: Workplace) -> None:
    """Fetch the collections and one page of items."""
    found = ask(f"{place.url}/collections", f="json")["collections"]
    for collection in found:
        guide.say(
            f"{place.url}/collections/{collection['id']} : {collection['title']}",
            f"{place.url}/collections/{collection['id']}: {collection['title']}",
        )
    if not found:
        message = Text("Le service ne sert rien.", "The service serves nothing.")
        raise DemoFailed(message)
    page = f"{place.url}/collections/{found[0]['id']}/items"
    feature = ask(page, f="json", limit="1")["features"][0]
    guide.say(f"{page}?limit=1 :", f"{page}?limit=1:")
    guide.say(f"  {feature['properties']}", f"  {feature['properties']}")


def _publish(guide: Guide, place: Workplace) -> tuple[Seen, ...]:
    """Publish, then ask the catalogue what it has."""
    guide.step("Publier au catalogue", "Publish to the catalogue")
    _run(guide, place, "publish", "--dry-run", may_fail=bool(place.silo))
    _run(guide, place, "publish", may_fail=bool(place.silo))
    guide.step(
        "Relire au catalogue, et comparer", "Read back from the catalogue, and compare"
    )
    seen = tuple(look(place, place.published()))
    guide.table(seen)
    left = ", ".join(draft.id for draft in place.drafts())
    if left:
        guide.say(
            f"Restés à l'état de brouillon, un contrôle y voit une erreur : {left}.",
            f"Still drafts, since a check finds an error in them: {left}.",
        )
    return seen


def _stay(guide: Guide, place: Workplace) -> None:
    """Say where everything is, and wait for Ctrl-C."""
    guide.step("À vous (Ctrl-C pour finir)", "Over to you (Ctrl-C to end)")
    first = place.published()[0].id
    for fr, en, address in (
        ("service (QGIS : WFS / OGC API Features)", "service", f"{place.url}/"),
        ("une fiche", "a record", f"{place.url}/records/{first}.xml"),
        (
            "catalogue (CSW)",
            "catalogue (CSW)",
            f"{place.catalogue}?service=CSW&version=2.0.2&request=GetCapabilities",
        ),
        ("fichiers", "files", str(place.folder)),
    ):
        guide.say(f"  {fr} : {address}", f"  {en}: {address}")
    signal.pause()


def _run(
    guide: Guide, place: Workplace, *arguments: str, may_fail: bool = False
) -> None:
    """Run one command of `passerelle`, its output shown.

    Raises
    ------
    DemoFailed
        It ended badly; with `may_fail`, only if a silo could not be reached.
    """
    guide.command(f"passerelle {' '.join(arguments)}")
    done = subprocess.run(  # noqa: S603
        place.command(*arguments),
        env=place.environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode and not (may_fail and done.returncode == 1):
        command, code = f"passerelle {arguments[0]}", done.returncode
        raise DemoFailed(
            Text(
                f"« {command} » a fini par le code {code}.",
                f"“{command}” ended with exit code {code}.",
            )
        )


if __name__ == "__main__":
    main()
