"""Surveys as JSON and back, without loss."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metadata.measured import Survey

logger = logging.getLogger(__name__)
_SURVEY: TypeAdapter[Survey] = TypeAdapter(Survey)


def encode_survey(survey: Survey) -> str:
    """Return a survey as JSON text; `decode_survey` gives an equal one back."""
    return json.dumps(asdict(survey), default=_plain, ensure_ascii=True)


def decode_survey(text: str) -> Survey | None:
    """Read a survey.

    Returns
    -------
    Survey or None
        `None` where the text is of another version of Passerelle: what was
        measured can be measured again.
    """
    try:
        return _SURVEY.validate_python(json.loads(text))
    except (ValidationError, ValueError) as error:
        logger.warning("A stored survey is passed over, survey again: %s", error)
        return None


def _plain(value: Any) -> str:
    """Write a moment; nothing else in a survey is foreign to JSON.

    Raises
    ------
    TypeError
        It is something else.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"A survey holds a {type(value).__name__}."
    raise TypeError(message)
