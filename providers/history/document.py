"""A history for programs."""

from __future__ import annotations

from collections.abc import Iterable

from metadata.history.changes import FieldChange
from metadata.stated import Status
from providers.history.timeline import DatasetRevision, History, RevisedRecord
from providers.store_sendings import Sending


def document(
    history: History,
    status: Status | None,
    revisions: Iterable[DatasetRevision],
    others: Iterable[Sending],
) -> dict[str, object]:
    """Return a history, or some of its revisions, as JSON holds it.

    Moments are ISO 8601 in UTC; an outlet that is `None` is our own catalogue.
    """
    gone = max((t.deleted_at for t in history.tombstones), default=None)
    return {
        "dataset": history.dataset_id,
        "status": status.value if status else None,
        "gone_since": gone.isoformat() if gone else None,
        "revisions": [
            {
                "number": revision.number,
                "at": revision.at.isoformat(),
                "records": [_record_json(record) for record in revision.records],
            }
            for revision in revisions
        ],
        "other_orders": [_sending_json(sending) for sending in others],
    }


def _record_json(record: RevisedRecord) -> dict[str, object]:
    revision = record.revision
    return {
        "record": revision.record_identifier,
        "kind": revision.kind.value,
        "form": record.form,
        "number": record.number,
        "fingerprint": revision.fingerprint,
        "date_stamp": revision.date_stamp.isoformat(),
        "changes": [_change_json(change) for change in record.changes],
        "sent": [_sending_json(sending) for sending in record.sendings],
    }


def _change_json(change: FieldChange) -> dict[str, object]:
    return {
        "field": change.path,
        "name": {"fr": change.name.fr, "en": change.name.en},
        "before": change.before or None,
        "after": change.after or None,
    }


def _sending_json(sending: Sending) -> dict[str, object]:
    settled = sending.settled_at
    return {
        "outlet": sending.outlet or None,
        "record": sending.record_identifier,
        "operation": sending.operation.value,
        "state": sending.state.value,
        "at": sending.at.isoformat(),
        "settled_at": settled.isoformat() if settled else None,
        "message": {"fr": sending.message.fr, "en": sending.message.en},
    }
