"""A French session is French to the last word, click's own included."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from gateway.cli import command_line
from gateway.click_words import FOLDER
from metadata.finding import Language

MESSAGES = FOLDER / "fr" / "LC_MESSAGES"
COMMANDS = sorted(command_line(Language.FRENCH).commands)
ENGLISH = ("Usage: ", "Show ", "Error", "Try ", "Commands", "Missing", "No such")


def named(message: Message) -> bool:
    """Tell a message from the header of its file."""
    return bool(message.id)


def pair(message: Message) -> tuple[str, str]:
    """Return what is said in English and in French, plurals included."""
    return str([*message.id]), str([*message.string])


def said(*arguments: str, language: str = "fr_FR.UTF-8") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PASSERELLE_LANGUAGE": language, "COLUMNS": "80"},
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_compiled_is_what_is_written() -> None:
    with (MESSAGES / "messages.po").open("rb") as file:
        written = dict(map(pair, filter(named, read_po(file))))
    with (MESSAGES / "messages.mo").open("rb") as file:
        compiled = dict(map(pair, filter(named, read_mo(file))))
    assert compiled == written
    assert "" not in written.values()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_french(command: str) -> None:
    code, text = said(*filter(None, [command, "--help"]))
    assert code == 0
    assert text.startswith("Usage : passerelle")
    assert "Affiche cette aide." in text
    assert not [word for word in ENGLISH if word in text]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "La commande 'nope' n'existe pas."),
        (["publish", "--wat"], "L'option '--wat' n'existe pas."),
        (["records"], "Il manque l'option '--out'"),
        (["check", "--format", "xml"], "'xml' n'est pas l'un de 'text', 'json'."),
        (["publish", "--allow-deletes", "-1"], "-1 n'est pas dans l'intervalle"),
        (["serve", "--port", "abc"], "'abc' n'est pas un nombre"),
        (["withdraw"], "Il manque l'argument 'ID'"),
        (["status", "de", "trop"], "Des arguments de trop (de trop)"),
        (["approve"], "Nommez des jeux, ou --all."),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_that_is_misspelt_is_told_in_french(
    arguments: list[str], words: str
) -> None:
    code, text = said(*arguments)
    assert code == 2
    assert f"Erreur : {words}" in text or f": {words}" in text
    assert not [word for word in ENGLISH if word in text]


def test_and_in_english_where_the_session_is() -> None:
    code, text = said("nope", language="en")
    assert code == 2
    assert "Error: No such command 'nope'." in text
