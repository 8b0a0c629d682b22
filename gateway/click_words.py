"""What click itself says on the command line, in the language of the rest.

Click asks gettext for the domain ``messages``. What it says is in
``words/fr/LC_MESSAGES/messages.po``, compiled beside it; a test holds the two
together, and what is missing is said in English.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from metadata.finding import Language

FOLDER = Path(__file__).resolve().parent / "words"
"""Holds ``<language>/LC_MESSAGES/messages.mo``."""


def speak(language: Language) -> None:
    """Let click speak a language, whatever the locale of the process."""
    os.environ["LANGUAGE"] = language.value
    gettext.bindtextdomain("messages", str(FOLDER))
