"""One operation on its way to QuickBooks, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from consumers.records import Fence, RealmId, RecordKey, RequestId
from schemas.kinds import TenantId


class Verb(StrEnum):
    """What an attempt asks QuickBooks for."""

    CREATE = "create"
    UPDATE = "update"


class Closing(StrEnum):
    """How an attempt ended; an attempt without one is open."""

    EXECUTED = "executed"
    ADOPTED = "adopted"
    REFUSED = "refused"
    NOT_EXECUTED = "not_executed"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(slots=True, kw_only=True)
class Lease:
    """The right to act for a tenant. `until` is seconds of CLOCK_BOOTTIME, counted from before the claim or the newest
    renewal was sent; only the keeper of the leases moves it.
    """

    tenant: TenantId
    fence: Fence
    until: float

    def held(self, boottime: float) -> bool:
        """Whether it is still ours, by our own clock, which also counts the time we were suspended."""
        return boottime < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One operation in one call, with its exact bytes, stored before it leaves."""

    id: str
    key: RecordKey
    verb: Verb
    type: str
    path: str
    request_id: RequestId
    body: bytes
    fields: Mapping[str, Any]
    planned_revision: int
    first_version: int | None
    last_version: int
    realm: RealmId
    fence: Fence
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None
    repeats: int = 0
    note: str | None = None
    """Said on the record when this is executed: why a Paid was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What is stored about an attempt when it ends."""

    closing: Closing
    quickbooks_id: str | None = None
    token: str | None = None
    fault: Mapping[str, Any] | None = None
    intuit_tid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantView:
    """What an owner needs to know of its tenant before each turn."""

    id: TenantId
    realm: RealmId
    currency: str
    income_account: str | None
    polled_at: datetime | None
    next_poll_at: datetime | None
    rewound_at: datetime | None
    rewound_to: datetime | None
    """When the database was found to have gone back in time, and to which moment."""
    now: datetime
    """The database's clock when this was read."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def may_create(self, *, after: timedelta) -> bool:
        """Whether the change feed was read `after` the database went back in time, if it ever did.

        Before that nothing is created: a call that the database forgot may still be at work, or not be shown yet.
        """
        return self.rewound_at is None or (self.polled_at is not None and self.polled_at > self.rewound_at + after)
