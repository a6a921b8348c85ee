"""What a person asks for, as an event: the "Sync with QuickBooks" button."""

from schemas.fields import Fact, Identifier


class SyncRequested(Fact):
    """Somebody asked for a sync of the tenant now; subject `tenant/<id>`."""

    requested_by: Identifier | None = None
