"""Every error that Passerelle raises, and nothing else.

::

    PasserelleError
      ConfigurationError      passerelle.yml cannot be used as it stands
      DescriptionError        one or more datasets/*.yml cannot be read
      UnknownDataset          there is no description of that name
        UnknownRevision       a dataset has no such revision
      UnknownCrs              a reference system that nobody knows
      MalformedXml            a document that is no well-formed XML
      NotARecord              XML that is no ISO 19139 record
      SchemasMissing          the XML schemas are not where they should be
      RulesUnreadable         a rule set that does not fit the code
      SourceError             a silo or one of its tables
        SourceUnreachable     no connection, wrong password, file not there
        SourceRefused         connected, but not allowed or not readable
        CollectionBroken      one table or layer cannot be served any more
        FileUnreadable        one file of a silo cannot be read
      QueryError              a request names something that cannot be done
        CursorError           a page token that is not ours, or not for this query
      EditRefused             an edit that is not made: content, conflict, state, rights
      EditUnclear             an edit of which nobody knows whether it was kept
      HttpProblem             a request that is answered with a status of its own
        CswProblem            the same, of the catalogue: an OWS exception report
      OaiProblem              a request that OAI-PMH answers with an error of its own
      SilosBusy               no connection became free in time
      ClientStalled           a client that has stopped reading a stream
      SpoolError              a page that is read before it is sent finds no room
      StoreError              what must survive cannot be read or written
        FilesUnreachable      the place of files made ahead does not answer as it should
        LockHeld              somebody else is doing what only one may do
      OutletError             a place that we publish to
        OutletUnreachable     no answer, time-out, answers that make no sense
          OutcomeUnclear      what became of what was sent is not known
        OutletRefused         it answered, and said no
          LoginRefused        it does not know us
          NotOurs             it is there, and our key may neither read nor write it
        OrderPending          it took an order, which took no effect yet
        Interrupted           somebody stopped the publishing
        OutletFailed          what we do for it ended by an error nobody foresaw
      NotWritable             a folder that cannot be written to
      ReportUnwritable        a report that cannot be put where it was asked for
      DemoFailed              the demonstration did not come to its end

Wrong *content* is never an exception but a `metadata.finding.Finding`; an
exception is a broken *means*.
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.finding import Finding, Language, Text


class PasserelleError(Exception):
    """Anything that Passerelle itself found wrong.

    Parameters
    ----------
    message
        What was being done, to what, and what was found; in both languages where
        a person of the département is likely to read it.
    hint
        What the reader can do about it; may be empty.
    """

    def __init__(self, message: str | Text, *, hint: str | Text = "") -> None:
        self.text = message if isinstance(message, Text) else Text(message, message)
        self.remedy = hint if isinstance(hint, Text) else Text(hint, hint)
        super().__init__(self.text.en)

    @property
    def message(self) -> str:
        """What happened, in English, as logs and developers read it."""
        return self.text.en

    @property
    def hint(self) -> str:
        """The remedy, in English; may be empty."""
        return self.remedy.en


class ConfigurationError(PasserelleError):
    """`passerelle.yml` cannot be used as it stands."""


class DescriptionError(PasserelleError):
    """One or more description files cannot be read.

    Parameters
    ----------
    findings
        Every problem, each with file and line as its subject.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            Text(_lines(findings, Language.FRENCH), _lines(findings, Language.ENGLISH))
        )
        self.findings = tuple(findings)


def _lines(findings: Sequence[Finding], language: Language) -> str:
    return "\n".join(
        ": ".join(filter(None, (f.subject, f.element, f.reason.said_in(language))))
        for f in findings
    )


class SourceError(PasserelleError):
    """A silo, or one of its tables, fails."""


class SourceUnreachable(SourceError):
    """No connection to the silo: address, password, or file."""


class SourceRefused(SourceError):
    """The silo answers and says no: rights, or a file of another kind."""


class CollectionBroken(SourceError):
    """One table or layer cannot be served any more: dropped, or changed."""


class QueryError(PasserelleError):
    """A request asks for something that cannot be done.

    Parameters
    ----------
    parameter
        The name of the request parameter at fault, as the client wrote it.
    """

    def __init__(
        self, message: str | Text, *, parameter: str = "", hint: str | Text = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter


class CursorError(QueryError):
    """A page token that is not ours, or that belongs to another query."""


class SilosBusy(PasserelleError):
    """No connection to the silo became free in the time allowed."""


class StoreError(PasserelleError):
    """What must survive (ledger, revisions) cannot be read or written."""


class FilesUnreachable(StoreError):
    """The place of files made ahead gives no answer, or one that makes no sense."""


class OutletError(PasserelleError):
    """A place that we publish to fails."""


class OutletUnreachable(OutletError):
    """No answer in time, or an answer that makes no sense."""


class OutletRefused(OutletError):
    """The outlet answered, and said no."""
