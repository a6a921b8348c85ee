"""What became of a record: told per range of versions, because folding joins several events into one write."""

from schemas.fields import Fact, Identifier, LongText, ShortText, Version
from schemas.kinds import Kind
from schemas.returns import ReturnVersion


class SyncOutcome(Fact):
    """Common content of SyncSucceeded, SyncFailed, SyncWaiting and SyncConflicted."""

    kind: Kind
    id: Identifier
    first_version: Version | None = None
    last_version: Version
    operation: ShortText
    quickbooks_type: ShortText | None = None
    quickbooks_id: ShortText | None = None
    cause: LongText | None = None
    next_step: LongText | None = None
    intuit_tid: ShortText | None = None
    returnversion: ReturnVersion


class SyncSucceeded(SyncOutcome):
    """QuickBooks now shows these versions."""


class SyncFailed(SyncOutcome):
    """QuickBooks does not show these versions; `cause` says why and `next_step` what to do."""


class SyncWaiting(SyncOutcome):
    """These versions wait for something named in `cause`."""


class SyncConflicted(SyncOutcome):
    """Klipboard and QuickBooks both changed the same field; `cause` says which side won."""
