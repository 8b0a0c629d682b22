"""What OAI-PMH answers when a request cannot be satisfied (clause 3.6)."""

from __future__ import annotations

from enum import StrEnum

from metadata.errors import PasserelleError


class Code(StrEnum):
    """The error codes; we have sets, and formats for every item."""

    BAD_ARGUMENT = "badArgument"
    BAD_RESUMPTION_TOKEN = "badResumptionToken"  # noqa: S105  (a code of the protocol)
    BAD_VERB = "badVerb"
    CANNOT_DISSEMINATE_FORMAT = "cannotDisseminateFormat"
    ID_DOES_NOT_EXIST = "idDoesNotExist"
    NO_RECORDS_MATCH = "noRecordsMatch"


class OaiProblem(PasserelleError):
    """A request that is answered with an error of the protocol, status 200.

    Parameters
    ----------
    code
        The code of the protocol.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
