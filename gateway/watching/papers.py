"""What a person writes: `passerelle.yml` and the descriptions, followed as they change.

A configuration that became invalid is said to be so, and the last good one stays in
force. A description that became unreadable holds its dataset, as in `publish`.
"""

from __future__ import annotations

from metadata.description import Descriptions, read_descriptions
from metadata.errors import PasserelleError
from metadata.measured import Source
from metadata.stated import Description, Status
from providers.configuration import Configuration, read_configuration
from service.watching import FileMarks, file_marks


class Papers:
    """The files that a watch follows beside the silos.

    Parameters
    ----------
    configuration
        As it was read at the start.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._path = configuration.path
        self._mark: FileMarks | None = None
        self._descriptions_mark: FileMarks | None = None
        self.configuration = configuration
        self.descriptions = Descriptions((), ())
        self.problem: PasserelleError | None = None
        """Why the configuration that stands there is not the one in force."""

    @property
    def published(self) -> tuple[Description, ...]:
        """The descriptions that are approved."""
        found = self.descriptions.found
        return tuple(d for d in found if d.status is Status.PUBLISHED)

    @property
    def wanted(self) -> frozenset[Source]:
        """The tables that they name."""
        return frozenset(c.source for d in self.published for c in d.collections)

    @property
    def described(self) -> frozenset[Source]:
        """The tables that any description names, also a draft or a withdrawn one."""
        found = self.descriptions.found
        return frozenset(c.source for d in found for c in d.collections)

    def forget(self) -> None:
        """Have everything read again at the next look."""
        self._mark = self._descriptions_mark = None

    def look_at_configuration(self) -> bool:
        """Read `passerelle.yml` if it changed; tell whether another is in force."""
        mark = file_marks([self._path])
        if mark == self._mark:
            return False
        self._mark = mark
        try:
            configuration = read_configuration(self._path)
        except PasserelleError as error:
            self.problem = error
            return False
        self.problem = None
        before, self.configuration = self.configuration, configuration
        return configuration != before

    def look_at_descriptions(self) -> bool:
        """Read the descriptions if any changed; tell whether it matters outside.

        Drafts matter to nobody but their authors.
        """
        folder = self.configuration.datasets
        mark = file_marks(folder.glob("*.yml"))
        if mark == self._descriptions_mark:
            return False
        self._descriptions_mark = mark
        before = self._outside()
        self.descriptions = read_descriptions(folder)
        return self._outside() != before

    def _outside(self) -> tuple[object, ...]:
        """Return what of the descriptions decides what goes out."""
        those = self.descriptions
        return self.published, those.findings, frozenset(those.unusable)
