"""`/oai`: OAI-PMH 2.0 over the catalogue last published.

Items are the published records and what became of those that left: deletions are
kept for ever. See `service.oai.protocol` for the requests, `listing` for the order
that makes lists stable, `responses` for the answers.

References
----------
The Open Archives Initiative Protocol for Metadata Harvesting, version 2.0
(document version 2015-01-08).
"""
