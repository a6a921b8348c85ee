"""Every metric of a worker besides those of intake, which are in consumers/counts.py.

No label names a tenant or anything of a customer's: a metric has as many rows as there are values of its labels, and
whoever may see metrics need not be one who may see books. Which tenant it is say `klipsync tenants list` and the log.
"""

from typing import Final

from prometheus_client import Counter, Gauge

# --- what this process has done since it started ---

CALLS: Final = Counter(
    "klipsync_quickbooks_calls",
    "HTTP requests to QuickBooks and to Intuit's token endpoint, repeats included",
    ["verb", "outcome"],
)
"""verb: create, update, batch, query, read, changes (the change feed), token
outcome: accepted, faulted, unauthorised (401), throttled (429), unanswered (5xx, a time-out, a cut), never_left"""

LEASES: Final = Counter("klipsync_leases", "Tenants that this worker took or lost", ["change"])
"""change: claimed; lost (somebody else has the tenant: this worker was away for longer than a lease)"""

RELAYED: Final = Counter(
    "klipsync_relayed_messages", "Messages of the outbox that Kafka acknowledged, repeats included", ["topic"]
)
"""topic: by its own name, without the installation's prefix"""

# --- how the installation stands: the same from every worker; not a number while the database is out of reach ---

UNOWNED: Final = Gauge("klipsync_due_tenants_without_owner", "Tenants with something to be done and no worker at it")
"""Through a record, an open attempt or the poll. More than a moment above 0: start another worker."""

DUE: Final = Gauge("klipsync_due_records", "Records to be looked at now, of tenants that can be served")
"""Neither those of tenants that are paused or not connected, nor those with an open attempt."""

OLDEST_DUE: Final = Gauge("klipsync_oldest_due_seconds", "For how long the oldest of the due records has been due")
"""At most so long: since its newest event, its last settling or its next try, whichever was last. What a replay marks
counts from when it was last settled."""

OPEN: Final = Gauge("klipsync_open_attempts", "Writes whose outcome is not known yet, those under way included")

UNSENT: Final = Gauge("klipsync_unsent_messages", "Messages in the outbox that Kafka has not acknowledged")

RECORDS: Final = Gauge("klipsync_records", "Records by their state", ["state"])
"""state: see consumers.records.State; failed, refused, unknown and gone_in_quickbooks are waiting for a person"""

PAUSED: Final = Gauge("klipsync_paused_tenants", "Tenants for which nothing leaves at present", ["by"])
"""by: person (until somebody resumes it); klipsync (until a moment: throttled, or QuickBooks is away)"""
