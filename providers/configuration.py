"""Reads `passerelle.yml`: who we are, where the data are, whom we tell.

Secrets stand in the file only as ``${NAME}`` and are taken from the
environment; they are held in a type whose ``repr`` hides them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from metadata.description import read_yaml
from metadata.errors import ConfigurationError, DescriptionError
from metadata.finding import Language, Text
from metadata.stated import Organisation
from providers.configuration_files import (
    FilesConfiguration,
    FilesEntry,
    files_configuration,
)
from providers.configuration_keys import DETAILS, ApiKey, filled_keys
from providers.configuration_outlets import PlaceSettings, place_settings
from providers.configuration_values import (
    NO_SECRET,
    Secret,
    filled,
    require_http,
    require_positive,
)
from providers.watch_configuration import WatchConfiguration, checked_watch

DEFAULT_PATH = Path("pygeoapi-config/passerelle.yml")
PATH_VARIABLE = "PASSERELLE_CONFIG"
_STRICT: Mapping[str, Any] = {"extra": "forbid", "coerce_numbers_to_str": True}
Route = Literal["push", "harvest"]
"""We send to a place, or it fetches from us."""
Conflicts = Literal["report", "overwrite", "keep"]
"""What becomes of our record that somebody else changed at an outlet: it is left and
reported, replaced by ours, or left as theirs."""
POLITE = 10.0
"""Requests a second that an outlet gets at most, unless its owner said more."""


@dataclass(frozen=True, kw_only=True)
class ServiceConfiguration:
    """The service as the outside sees it."""

    __pydantic_config__: ClassVar = _STRICT

    url: str
    """Public address, without a final slash; it stands in records and links."""
    title: str = ""
    """Name of the service; the organisation's name serves without one."""
    description: str = ""
    languages: tuple[Language, ...] = (Language.FRENCH, Language.ENGLISH)
    """Languages answered, the default first."""
    key: str = field(default="", repr=False)
    """Opens health details and administration from elsewhere than loopback."""
    keys: tuple[ApiKey, ...] = ()
    """Further keys, each with a name and the scopes that it opens."""
    connections: int = 4
    """Connections to each database and worker for pages; streams have 2 more."""
    memory: int = 64 * 2**20
    """Bytes of each worker for pages asked for lately; 0 keeps none."""
    spool: int = 2**30
    """Bytes of each worker for large pages that are read into temporary files."""
    largest_loss: float = 0.5
    """Share of the records that may vanish in a week before outlets answer 503."""

    @property
    def every_key(self) -> tuple[ApiKey, ...]:
        """All keys there are, the one of the service first."""
        own = ApiKey(name="service.key", key=self.key, scopes=(DETAILS,))
        return (own, *self.keys) if self.key else self.keys


@dataclass(frozen=True, kw_only=True)
class SiloConfiguration:
    """Where data come from: a database, a file, or a folder of files."""

    name: str
    location: str = field(repr=False)
    """``postgresql://…``, or the absolute path of a file or folder."""
    schemas: tuple[str, ...] = ()
    """Schemas to look into; empty: all but the system's."""
    exclude: tuple[str, ...] = ()
    """Patterns (``*``, ``?``) of tables, or of schema.table, to pass over."""
    editing: str = field(default="", repr=False)
    """``postgresql://…`` of the role that edits; empty: the one that reads."""

    @property
    def is_database(self) -> bool:
        """Whether it is a PostGIS database and not files."""
        return self.location.startswith(("postgresql://", "postgres://"))


@dataclass(frozen=True, kw_only=True)
class OutletConfiguration(PlaceSettings):
    """A place that we publish to."""

    name: str
    url: str
    type: str = "csw-t"
    user: str = ""
    password: Secret = NO_SECRET
    timeout: float = 30.0
    """Seconds without an answer after which a request is given up."""
    batch: int = 25
    """Records sent in one transaction."""
    services: bool = False
    """Whether the records of download services are sent too."""
    organisation: str = ""
    """Identifier or short name of our organisation there, where it knows any."""
    key: Secret = NO_SECRET
    """Key of its API, where it has one."""
    route: Route = "push"
    """How our datasets get there: one way only, or they would be there twice."""
    service_url: str = ""
    """Address of our own service, from where others harvest."""
    rate: float = POLITE
    """Requests a second that it gets at most."""
    conflicts: Conflicts = "report"
    """What becomes of a record that somebody else changed there."""
    datasets: tuple[str, ...] = ()
    """Patterns (``*``, ``?``) of the datasets that go there; empty: all."""
    exclude: tuple[str, ...] = ()
    """Patterns of those of them that do not."""

    def takes(self, dataset_id: str) -> bool:
        """Tell whether a dataset is meant for this outlet."""
        wanted = not self.datasets or _any_matches(self.datasets, dataset_id)
        return wanted and not _any_matches(self.exclude, dataset_id)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """All of `passerelle.yml`, checked and with its secrets filled in."""

    path: Path
    organisation: Organisation
    service: ServiceConfiguration
    silos: Mapping[str, SiloConfiguration]
    outlets: Mapping[str, OutletConfiguration]
    store: str = field(repr=False)
    """SQLAlchemy address of what must survive."""
    written_files: FilesConfiguration | None = None
    """As stated; `None` takes the folder beside the file."""
    watch: WatchConfiguration = field(default_factory=WatchConfiguration)

    @property
    def files(self) -> FilesConfiguration:
        """Where files made ahead lie; every process of a deployment sees it."""
        folder = self.path.parent / ".state" / "files"
        return self.written_files or FilesConfiguration(folder=folder)

    @property
    def datasets(self) -> Path:
        """The folder of descriptions, beside the file."""
        return self.path.parent / "datasets"


@dataclass(frozen=True, kw_only=True)
class _SiloEntry:
    """A silo as it is written when it needs more than an address."""

    __pydantic_config__: ClassVar = _STRICT

    location: str
    schemas: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    editing: str = ""


@dataclass(frozen=True, kw_only=True)
class _OutletEntry(PlaceSettings):
    """An outlet as it is written."""

    __pydantic_config__: ClassVar = _STRICT

    url: str
    type: str = "csw-t"
    user: str = ""
    password: str = ""
    timeout: float = 30.0
    batch: int = 25
    services: bool = False
    organisation: str = ""
    key: str = ""
    route: Route = "push"
    rate: float = POLITE
    conflicts: Conflicts = "report"
    datasets: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    """`passerelle.yml` as it is written."""

    __pydantic_config__: ClassVar = _STRICT

    organisation: Organisation
    service: ServiceConfiguration
    silos: dict[str, str | _SiloEntry]
    outlets: dict[str, _OutletEntry] = field(default_factory=dict)
    store: str = ""
    files: FilesEntry = field(default_factory=FilesEntry)
    watch: WatchConfiguration = field(default_factory=WatchConfiguration)


def configuration_path(given: Path | None = None) -> Path:
    """Return the file to read: given, else `PASSERELLE_CONFIG`, else the default."""
    return given or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def read_configuration(
    path: Path, environment: Mapping[str, str] = os.environ
) -> Configuration:
    """Read one `passerelle.yml`.

    Parameters
    ----------
    path
        The file; relative paths inside it start from its folder.
    environment
        Where ``${NAME}`` is looked up.

    Raises
    ------
    metadata.errors.DescriptionError
        Keys that are unknown, missing or of the wrong type: all of them.
    ConfigurationError
        A secret that the environment does not hold, or an address that is none.
    """
    path = path.resolve()
    written = _read(path)
    url = written.service.url.rstrip("/")
    return Configuration(
        path=path,
        organisation=written.organisation,
        service=replace(
            written.service,
            url=url,
            key=filled("service.key", written.service.key, environment),
            keys=filled_keys(written.service.keys, environment),
        ),
        silos=MappingProxyType(
            {
                name: _silo(name, entry, path.parent, environment)
                for name, entry in written.silos.items()
            }
        ),
        outlets=MappingProxyType(
            {
                name: replace(_outlet(name, entry, environment), service_url=url)
                for name, entry in written.outlets.items()
            }
        ),
        store=_store(filled("store", written.store, environment), path.parent),
        written_files=files_configuration(written.files, path.parent, environment),
        watch=checked_watch(written.watch),
    )


def _read(path: Path) -> _File:
    """Return what stands in a file, its own values checked."""
    if not path.is_file():
        raise ConfigurationError(
            Text(
                f"Il n'y a pas de configuration {path}.",
                f"There is no configuration at {path}.",
            ),
            hint=Text(
                f"Nommez-la par --config ou {PATH_VARIABLE} ; voir pygeoapi-config/.",
                f"Name it with --config or {PATH_VARIABLE}; see pygeoapi-config/.",
            ),
        )
    written = read_yaml(path, _File)
    require_http("service.url", written.service.url.rstrip("/"))
    require_http("organisation.identifier_base", written.organisation.identifier_base)
    require_positive("service.connections", written.service.connections)
    return written


def _silo(
    name: str, entry: str | _SiloEntry, folder: Path, environment: Mapping[str, str]
) -> SiloConfiguration:
    """Fill in secrets, and make a path absolute."""
    if isinstance(entry, str):
        entry = _SiloEntry(location=entry)
    location = filled(f"silos.{name}", entry.location, environment)
    silo = SiloConfiguration(
        name=name,
        location=location,
        schemas=entry.schemas,
        exclude=entry.exclude,
        editing=filled(f"silos.{name}.editing", entry.editing, environment),
    )
    if silo.is_database:
        return silo
    if "://" in location:
        raise ConfigurationError(
            Text(
                f"silos.{name} : ce n'est ni une adresse postgresql://, ni un chemin.",
                f"silos.{name}: it is neither a postgresql:// address nor a path.",
            ),
            hint=Text(
                "Donnez postgresql://…, un fichier ou un dossier.",
                "Give postgresql://…, a file or a folder.",
            ),
        )
    return replace(silo, location=str((folder / location).resolve()))


def _outlet(
    name: str, entry: _OutletEntry, environment: Mapping[str, str]
) -> OutletConfiguration:
    """Fill in secrets."""
    url = filled(f"outlets.{name}.url", entry.url, environment)
    require_http(f"outlets.{name}.url", url)
    require_positive(f"outlets.{name}.timeout", entry.timeout)
    require_positive(f"outlets.{name}.batch", entry.batch)
    require_positive(f"outlets.{name}.rate", entry.rate)
    return OutletConfiguration(
        name=name,
        url=url,
        type=entry.type,
        user=filled(f"outlets.{name}.user", entry.user, environment),
        password=Secret(
            filled(f"outlets.{name}.password", entry.password, environment)
        ),
        timeout=entry.timeout,
        batch=entry.batch,
        services=entry.services,
        organisation=entry.organisation,
        key=Secret(filled(f"outlets.{name}.key", entry.key, environment)),
        route=entry.route,
        rate=entry.rate,
        conflicts=entry.conflicts,
        datasets=entry.datasets,
        exclude=entry.exclude,
        **place_settings(f"outlets.{name}", entry, environment),
    )


def _any_matches(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _store(given: str, folder: Path) -> str:
    """Return the store's address: given, else SQLite beside the configuration."""
    if given.startswith("postgres://"):
        given = "postgresql://" + given.removeprefix("postgres://")
    if "://" in given:
        return given
    file = (folder / (given or ".state/passerelle.sqlite")).resolve()
    return f"sqlite:///{file}"


__all__ = [
    "Configuration",
    "ConfigurationError",
    "Conflicts",
    "DescriptionError",
    "FilesConfiguration",
    "OutletConfiguration",
    "Secret",
    "ServiceConfiguration",
    "SiloConfiguration",
    "configuration_path",
    "read_configuration",
]
