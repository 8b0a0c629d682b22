"""Makes the files that the service found due, in a process of its own.

Its arguments are the configuration and, for whoever says it otherwise, the level of
what it logs. It is told on its standard input what the service serves, so that both
mean the same columns (`encode_task`), and tells on its standard output what became of
each collection, where that is asked for (`service.files_attempts`). What it does counts
for little beside answering requests, so it asks for little of the machine.

Exit codes: 0 made; 1 some could not be made; 3 somebody else is making files.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from metadata.description import read_descriptions
from metadata.errors import FilesUnreachable
from metadata.measured import Source, Survey
from providers.configuration import Configuration, read_configuration
from providers.store import open_store
from providers.store_lock import LockHeld
from providers.store_surveys import decode_survey, encode_survey
from service.building import Material, SiloView, build
from service.files_attempts import Attempt, encode_attempt
from service.making import make_everything
from service.snapshot import ServedCollection, Snapshot

logger = logging.getLogger("service.files_worker")
FAILED, BUSY = 1, 3
_MODEST: Final = 10


class Task(NamedTuple):
    """What is to be made."""

    surveys: dict[Source, Survey]
    marks: dict[Source, str]
    collections: tuple[str, ...]
    telling: bool
    """Whether to tell what becomes of each."""


def encode_task(
    snapshot: Snapshot,
    due: list[ServedCollection],
    marks: dict[Source, str],
    *,
    telling: bool = False,
) -> bytes:
    """Return what the worker is told: all that is served, and what of it is due."""
    served = snapshot.collections.values()
    surveys = [each.collection.survey for each in served]
    said = [
        {"survey": encode_survey(survey), "mark": marks.get(survey.source)}
        for survey in surveys
    ]
    ids = [each.id for each in due]
    task = {"tables": said, "collections": ids, "telling": telling}
    return json.dumps(task).encode()


def decode_task(text: bytes) -> Task:
    """Read what the service told."""
    task = json.loads(text)
    surveys: dict[Source, Survey] = {}
    marks: dict[Source, str] = {}
    for table in task["tables"]:
        survey = decode_survey(table["survey"])
        if survey is not None:
            surveys[survey.source] = survey
            if table["mark"] is not None:
                marks[survey.source] = table["mark"]
    return Task(surveys, marks, tuple(task["collections"]), task["telling"])


def snapshot_for(configuration: Configuration, task: Task) -> Snapshot:
    """Return what the service serves, of the descriptions as they are now."""
    views = {
        name: SiloView(
            surveys={s: v for s, v in task.surveys.items() if s.silo == name}
        )
        for name in configuration.silos
    }
    return build(
        Material(
            configuration=configuration,
            descriptions=read_descriptions(configuration.datasets),
            silos=views,
        ),
        now=datetime.now(UTC),
    )


def run(configuration: Configuration, task: Task) -> int:
    """Make the files; return the exit code."""
    snapshot = snapshot_for(configuration, task)
    try:
        with closing(open_store(configuration.store)) as store:
            making = make_everything(
                snapshot,
                store,
                clock=lambda: datetime.now(UTC),
                wanted=task.collections,
                marks=task.marks,
                told=_tell if task.telling else None,
                drop=False,
            )
    except LockHeld:
        return BUSY
    except FilesUnreachable as away:
        logger.error("Files: %s", away)  # noqa: TRY400  (it says all)
        return FAILED
    finally:
        for silo in snapshot.silos.values():
            silo.close()
    for name, error in making.failed.items():
        logger.error("Files of %s: %s", name, error)
    changed = sum(made.changed for made in making.made.values())
    logger.info("Files of %d collections looked at, %d new", len(making.made), changed)
    return FAILED if making.failed else 0


def _tell(attempt: Attempt) -> None:
    """Tell at once what became of a collection."""
    sys.stdout.buffer.write(encode_attempt(attempt))
    sys.stdout.buffer.flush()


def main() -> None:
    """Do what standard input says."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("service").setLevel(sys.argv[2] if sys.argv[2:] else "INFO")
    os.nice(_MODEST)
    configuration = read_configuration(Path(sys.argv[1]))
    sys.exit(run(configuration, decode_task(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
