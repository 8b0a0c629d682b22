"""A watch over GeoPackages and a real catalogue: what it does, and does not."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from metadata.finding import Language

pytestmark = pytest.mark.pycsw
AWAY = (700000.0, 6900000.0)
"""Outside of what is there: the extent in the record grows."""


def test_a_row_more_renews_the_record_and_files_of_its_dataset_and_no_other(
    of_files, watch, faulty_catalogue
) -> None:
    of_files.outlets["geo"] = faulty_catalogue.url
    of_files.write()
    running = watch(of_files)
    running.said("geo: 2 sent and read back")
    running.said("2 collections have new files (communes, ecoles)")
    before = {name: of_files.digests(name) for name in ("communes", "ecoles")}
    sent = faulty_catalogue.count("Transaction")

    running.offset = timedelta(hours=2)  # files are read again after a while only
    of_files.add("communes", *AWAY)
    assert running.said("measured").endswith(": communes.gpkg.communes")
    running.said("geo · communes: update (dataset), read back, as meant")
    running.said("1 collection has new files (communes)")

    assert faulty_catalogue.count("Transaction") == sent + 1
    assert running.count("geo · ecoles") == 1
    assert of_files.digests("communes").isdisjoint(before["communes"])
    assert of_files.digests("ecoles") == before["ecoles"]
    assert of_files.revisions("communes") == 4  # of the dataset and of its service
    assert of_files.revisions("ecoles") == 2


def test_it_speaks_french(of_files, watch) -> None:
    running = watch(of_files, language=Language.FRENCH)
    running.said("surveillance : silos fichiers ; 2 jeux publiés ; sorties aucune")
    running.said("fichiers : 2 tables mesurées")
    running.said("notre catalogue : 4 ajoutées, 0 changées, 0 retirées (4 fiches)")


def test_a_new_table_is_drafted_and_goes_nowhere(of_files, watch) -> None:
    running = watch(of_files)
    running.said("our own catalogue: 4 added")
    of_files.layer("routes")
    running.said("draft:", "routes.yml")
    assert "status: draft" in of_files.describe("routes").read_text("utf-8")
    of_files.add("communes", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed, 0 removed (4 records)")


def test_it_drafts_nothing_where_it_is_told_not_to(of_files, watch) -> None:
    of_files.write("watch: {drafts: false}\n")
    running = watch(of_files)
    running.said("our own catalogue: 4 added")
    of_files.layer("routes")
    of_files.add("communes", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed")
    assert not of_files.describe("routes").exists()


def test_an_approval_and_a_changed_title_are_published(of_files, watch) -> None:
    running = watch(of_files)
    running.said("our own catalogue: 4 added")
    of_files.layer("routes")
    running.said("draft:")
    of_files.run("approve", "routes")
    running.said("our own catalogue: 2 added, 0 changed, 0 removed (6 records)")
    file = of_files.describe("ecoles")
    text = file.read_text("utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    file.write_text(text.replace(title, "title: Écoles publiques"), encoding="utf-8")
    running.said("our own catalogue: 0 added, 2 changed, 0 removed")
    assert running.count("measured") == 2


def test_a_configuration_that_became_invalid_leaves_the_former_in_force(
    of_files, watch
) -> None:
    running = watch(of_files)
    running.said("our own catalogue: 4 added")
    good = of_files.file.read_text("utf-8")
    of_files.file.write_text("organisation: [", encoding="utf-8")
    running.said("passerelle.yml", "the former one stays in force")
    of_files.add("communes", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed")
    of_files.file.write_text(good, encoding="utf-8")
    running.said("passerelle.yml is valid again")
    assert running.count("the former one stays in force") == 1


def test_a_description_that_became_unreadable_holds_its_dataset(
    of_files, watch
) -> None:
    running = watch(of_files)
    running.said("our own catalogue: 4 added")
    running.said("have new files")
    file = of_files.describe("ecoles")
    text = file.read_text("utf-8")
    file.write_text("id: [", encoding="utf-8")
    running.said("ecoles.yml")
    of_files.add("communes", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed, 0 removed (4 records)")
    file.write_text(text, encoding="utf-8")
    of_files.add("écoles", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed, 0 removed (4 records)")
    assert running.count("files removed") == 0


def test_an_outlet_that_is_down_is_tried_again_while_the_others_are_told(
    of_files, watch, faulty, catalogue
) -> None:
    of_files.outlets.update(loin=faulty.url, geo=catalogue.url)
    of_files.write()
    running = watch(of_files)
    running.said("loin: tried again in 0 s")
    running.said("loin: tried again in 1 s")
    assert running.count("geo: 2 sent and read back") == 1
    assert running.count("loin:", "http") == 1  # why, once
    faulty.behind = catalogue.url
    running.said("loin: answers again")
    of_files.add("communes", *AWAY)
    running.said("geo · communes: update")


def test_it_waits_for_another_publisher(of_files, watch) -> None:
    with of_files.store() as store, store.publishing():
        running = watch(of_files)
        running.said("Another publish is under way", "Waiting")
    running.said("work goes on")
    assert running.count("our own catalogue: 4 added") == 1
    assert running.count("Waiting") == 1


def test_the_guard_holds_and_it_goes_on_watching(place, watch, catalogue) -> None:
    place.silos["fichiers"] = "./silo"
    names = [f"jeu{n}" for n in range(8)]
    for name in names:
        place.layer(name)
    place.outlets["geo"] = catalogue.url
    place.write()
    place.approve_all()
    running = watch(place)
    running.said("geo: 8 sent and read back")
    texts = {n: place.describe(n).read_text("utf-8") for n in names[:6]}
    for name in texts:
        place.describe(name).unlink()
    running.said("geo: 6 deletes of 8 published records", "--allow-deletes 6")
    running.said("our own catalogue: 6 deletes of 8")
    place.add("jeu7", *AWAY)
    running.said("measured: jeu7.gpkg.jeu7")
    for name, text in texts.items():
        place.describe(name).write_text(text, encoding="utf-8")
    running.said("geo · jeu7: update")
    assert running.count("6 deletes") == 2
    assert running.count("delete (dataset)") == 0


def test_of_two_watches_one_waits_and_takes_over(of_files, watch) -> None:
    first = watch(of_files)
    first.said("our own catalogue: 4 added")
    second = watch(of_files)
    second.said("Somebody watches over the same store already")
    first.bell.stop()
    second.said("this one takes over")
    of_files.add("communes", *AWAY)
    second.said("our own catalogue: 0 added, 2 changed")
    assert first.count("2 changed") == 0


def test_who_keeps_the_files_is_decided_by_the_lock(of_files, watch) -> None:
    with of_files.store() as store, store.making_files(keeper=True):
        running = watch(of_files)
        running.said("our own catalogue: 4 added")
        of_files.add("communes", *AWAY)
        running.said("our own catalogue: 0 added, 2 changed")
        assert not store.files()
    of_files.add("écoles", *AWAY)
    running.said("2 collections have new files (communes, ecoles)")


def test_at_times_of_day_it_publishes_then_and_not_before(of_files, watch) -> None:
    soon = (datetime.now().astimezone() + timedelta(hours=3)).strftime("%H:%M")
    of_files.write(f'watch: {{at: ["{soon}"]}}\n')
    running = watch(of_files)
    running.said("watching: silos fichiers")
    time.sleep(0.5)
    assert running.count("measured") == 0
    running.offset = timedelta(hours=3, minutes=1)
    running.said("our own catalogue: 4 added")


def test_a_folder_of_files_that_cannot_be_made_does_not_end_it(of_files, watch) -> None:
    (of_files.folder / "plain").write_text("no folder", encoding="utf-8")
    of_files.write("files: {folder: plain/files}\n")
    running = watch(of_files)
    running.said("files could not be made")
    of_files.add("communes", *AWAY)
    running.said("our own catalogue: 0 added, 2 changed")
