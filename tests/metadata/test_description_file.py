"""Files are written without ever touching a person's words."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.description import approved, read_description
from metadata.description_file import approve_file, withdraw_file, write_draft
from metadata.finding import Language
from metadata.measured import Source
from metadata.stated import CollectionDescription, Description, Proposal, Status

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def draft(**stated) -> Description:
    return Description(
        id="communes",
        identifier="https://data.example.org/id/communes",
        record_identifier="fr-229300082-jdd-1",
        service_identifier="fr-229300082-srv-1",
        collections=(
            CollectionDescription(
                id="communes",
                source=Source(silo="sig", container="public", table="l'été"),
            ),
        ),
        **stated,
    )


def test_a_draft_is_read_back_as_it_was_written(tmp_path):
    description = draft(proposed=Proposal(title="Communes : no", themes=("au",)))

    path = write_draft(tmp_path, description, Language.FRENCH)

    assert read_description(path) == description
    assert path.read_text(encoding="utf-8").startswith("# Brouillon.")


def test_a_file_that_exists_is_never_overwritten(tmp_path):
    path = write_draft(tmp_path, draft(), Language.ENGLISH)
    path.write_text("mine", encoding="utf-8")

    with pytest.raises(FileExistsError):
        write_draft(tmp_path, draft(), Language.ENGLISH)

    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("language", list(Language))
def test_approval_keeps_words_comments_and_order(tmp_path, language):
    proposed = Proposal(title="Proposé", abstract="Un résumé.", themes=("au",))
    path = write_draft(tmp_path, draft(proposed=proposed), language)
    mine = path.read_text(encoding="utf-8").replace(
        "status: draft", "status: draft  # à relire\ntitle: 'Le mien'  # mon titre"
    )
    path.write_text(mine + "# un mot de la fin\n", encoding="utf-8")

    approve_file(path)

    text = path.read_text(encoding="utf-8")
    assert "title: 'Le mien'  # mon titre" in text
    assert "# un mot de la fin" in text
    assert "proposed" not in text
    description = read_description(path)
    assert description.status is Status.PUBLISHED
    assert (description.title, description.abstract) == ("Le mien", "Un résumé.")


def test_withdrawal_changes_the_status_and_nothing_else(tmp_path):
    path = write_draft(tmp_path, draft(title="Communes"), Language.ENGLISH)
    approve_file(path)
    before = path.read_text(encoding="utf-8")

    withdraw_file(path)

    after = path.read_text(encoding="utf-8")
    assert after == before.replace("status: published", "status: withdrawn")


def test_words_that_look_like_numbers_stay_as_they_are_written(tmp_path):
    path = write_draft(tmp_path, draft(title="Communes"), Language.ENGLISH)
    contact = "  - {organisation: SIG, email: sig@example.org, phone: +33143934567}\n"
    mine = f"contacts:\n{contact}keywords: [1.10, 0x1F, 1_000, 01, True]\n"
    path.write_text(path.read_text(encoding="utf-8") + mine, encoding="utf-8")

    approve_file(path)

    assert path.read_text(encoding="utf-8").endswith(mine)


@given(title=WORDS, abstract=WORDS, keywords=st.lists(WORDS, max_size=4))
def test_any_words_survive_drafting_and_approval(
    tmp_path_factory, title, abstract, keywords
):
    proposed = Proposal(title=title, abstract=abstract, keywords=tuple(keywords))
    description = draft(proposed=proposed)
    path = write_draft(tmp_path_factory.mktemp("d"), description, Language.FRENCH)

    assert read_description(path) == description
    assert approve_file(path) == approved(description)


def test_of_two_who_draft_at_once_one_is_told(tmp_path):
    """The file appears whole or not at all: nobody reads half a draft."""
    with ThreadPoolExecutor(8) as crowd:
        tries = [
            crowd.submit(write_draft, tmp_path, draft(title=f"N° {n}"), Language.FRENCH)
            for n in range(8)
        ]
    errors = [attempt.exception() for attempt in tries]

    assert sum(error is None for error in errors) == 1
    assert all(isinstance(e, FileExistsError) for e in errors if e)
    (path,) = tmp_path.iterdir()
    assert read_description(path).title.startswith("N° ")


def test_a_draft_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_draft(tmp_path, draft(), Language.ENGLISH)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_hard_links_takes_drafts_too(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = write_draft(tmp_path, draft(), Language.ENGLISH)
    with pytest.raises(FileExistsError):
        write_draft(tmp_path, draft(), Language.ENGLISH)

    assert read_description(path) == draft()
    assert list(tmp_path.iterdir()) == [path]
