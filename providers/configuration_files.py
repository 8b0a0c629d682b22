"""`files` of `passerelle.yml`: where files made ahead lie, which, and how often."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import unquote, urlsplit

from metadata.errors import ConfigurationError
from metadata.file_formats import ALL_FORMATS, FileFormat
from metadata.finding import Text
from providers.configuration_values import NO_SECRET, Secret, filled, require_positive

_BESIDE: Final = ".state/files"
_PROTOCOL: Final = re.compile(r"([a-z][a-z0-9+.\-]*)://")
_PLAIN: Final = re.compile(r"true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
"""What is written as a number or a truth; what comes from the environment is text."""
_LOCAL: Final = "file"


@dataclass(frozen=True, kw_only=True)
class FilesConfiguration:
    """Where whole collections lie as files, and how often they are made anew."""

    folder: Path
    """Where they lie; with an address, where they are written before they go there."""
    address: str = field(default="", repr=False)
    """Of fsspec, without a final slash; empty: they lie in the folder."""
    options: Secret = NO_SECRET
    """What fsspec is told beside the address, as JSON."""
    every: int = 15
    """Minutes at least between two readings of one collection."""
    formats: tuple[FileFormat, ...] = ALL_FORMATS
    """Those made ahead."""


@dataclass(frozen=True, kw_only=True)
class FilesEntry:
    """Files made ahead as they are written about."""

    __pydantic_config__: ClassVar = {"extra": "forbid", "coerce_numbers_to_str": True}

    folder: str = _BESIDE
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    every: int = 15
    formats: tuple[FileFormat, ...] = ALL_FORMATS


def files_configuration(
    entry: FilesEntry, folder: Path, environment: Mapping[str, str]
) -> FilesConfiguration:
    """Fill in secrets, and tell an address from a path.

    Raises
    ------
    ConfigurationError
        A secret that the environment does not hold, an address that fsspec does not
        know, options of a plain folder.
    """
    require_positive("files.every", entry.every)
    where = filled("files.folder", entry.folder, environment)
    options = _filled("files.options", entry.options, environment)
    found = _PROTOCOL.match(where)
    if found and found[1] != _LOCAL:
        _require_protocol(found[1])
        return FilesConfiguration(
            folder=(folder / _BESIDE).resolve(),
            address=where.rstrip("/"),
            options=Secret(json.dumps(options, sort_keys=True)),
            every=entry.every,
            formats=entry.formats,
        )
    if found:
        where = unquote(urlsplit(where).path)
    elif "://" in where:
        raise _no_address()
    if options:
        raise _needless_options()
    return FilesConfiguration(
        folder=(folder / where).resolve(), every=entry.every, formats=entry.formats
    )


def _filled(place: str, value: Any, environment: Mapping[str, str]) -> Any:
    """Replace each ``${NAME}``, however deep; numbers and truths are such."""
    if isinstance(value, str):
        text = filled(place, value, environment)
        return json.loads(text) if text == value and _PLAIN.fullmatch(text) else text
    if isinstance(value, Mapping):
        return {
            str(key): _filled(f"{place}.{key}", each, environment)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_filled(place, each, environment) for each in value]
    return value


def _require_protocol(protocol: str) -> None:
    """Refuse a protocol for which no package is installed.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise _missing(protocol, "passerelle[remote]") from error
    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        raise _missing(protocol, _package(protocol)) from error
    except ValueError as error:
        raise _no_address() from error


def _package(protocol: str) -> str:
    """Return the package that fsspec wants for a protocol."""
    from fsspec.registry import known_implementations  # noqa: PLC0415  (optional)

    module = str(known_implementations[protocol]["class"]).partition(".")[0]
    inside = {"sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol"}
    return inside.get(protocol, "fsspec[full]") if module == "fsspec" else module


def _missing(protocol: str, package: str) -> ConfigurationError:
    return ConfigurationError(
        Text(
            f"files.folder : rien d'installé ne connaît {protocol}://.",
            f"files.folder: nothing installed knows {protocol}://.",
        ),
        hint=f"pip install '{package}'",
    )


def _no_address() -> ConfigurationError:
    return ConfigurationError(
        Text(
            "files.folder : ce n'est ni un chemin, ni une adresse que fsspec connaît.",
            "files.folder: it is neither a path nor an address that fsspec knows.",
        ),
        hint=Text(
            "Donnez un dossier, s3://seau/chemin, sftp://machine/chemin…",
            "Give a folder, s3://bucket/path, sftp://host/path…",
        ),
    )


def _needless_options() -> ConfigurationError:
    return ConfigurationError(
        Text(
            "files.options : un dossier n'a pas d'options.",
            "files.options: a folder has no options.",
        ),
        hint=Text(
            "Retirez-les, ou donnez une adresse (s3://…) dans « files.folder ».",
            "Remove them, or give an address (s3://…) in “files.folder”.",
        ),
    )
