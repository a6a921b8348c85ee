"""The frozen values that folding and planning work on."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

from schemas.kinds import Kind, KlipboardId, Presence, TenantId

RealmId = NewType("RealmId", str)
"""QuickBooks' number of one company."""

SyncToken = NewType("SyncToken", str)
"""QuickBooks' version of one object; a write must name the current one."""

RequestId = NewType("RequestId", str)
"""32 hex characters that let QuickBooks recognise a repeated write."""

Fence = NewType("Fence", int)
"""Grows with every change of a tenant's owner; an older one may no longer write."""


class State(StrEnum):
    """How a record stands, for a person."""

    PENDING = "pending"
    SYNCED = "synced"
    WAITING = "waiting"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    GONE = "gone_in_quickbooks"
    IGNORED = "ignored"


RESTING: Final = frozenset({State.UNKNOWN, State.GONE, State.IGNORED})
"""States that only a person ends: whatever Klipboard says meanwhile is kept, and nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKey:
    """One Klipboard thing. Sorts in the order in which records are locked."""

    tenant: TenantId
    kind: Kind
    id: KlipboardId

    @property
    def subject(self) -> str:
        """CloudEvents subject: `invoice/<id>`."""
        return f"{self.kind}/{self.id}"

    def sort_key(self) -> tuple[str, str, str]:
        """The one order in which rows are locked, so that two transactions never wait for each other in a ring."""
        return (self.tenant, self.kind, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of content, status and presence: its newest version, the digest of it, and the value as sent."""

    version: int
    digest: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What Klipboard wants so far. A Paid is kept beside the status and never reaches the mapping (R-44)."""

    content: Part | None = None
    status: Part | None = None
    presence: Part | None = None
    paid: Part | None = None

    @property
    def newest_version(self) -> int:
        """The highest version folded so far; -1 when nothing was."""
        parts = (self.content, self.status, self.presence, self.paid)
        return max((part.version for part in parts if part is not None), default=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the record lives in QuickBooks."""

    realm: RealmId
    type: str
    id: str
    token: SyncToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The desired and the known state of one Klipboard thing."""

    key: RecordKey
    desired: Desired = Desired()
    revision: int = 0
    settled_revision: int = 0
    settled_version: int = -1
    state: State = State.PENDING
    cause: str | None = None
    next_step: str | None = None
    waits_for: tuple[Kind, KlipboardId] | None = None
    next_attempt_at: datetime | None = None
    first_failed_at: datetime | None = None
    tries: int = 0
    generation: int = 0
    refusals: int = 0
    sent: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] | None = None
    unreturned: dict[str, Any] = field(default_factory=dict)
    link: Link | None = None

    @property
    def presence(self) -> Presence:
        """Present until Klipboard said otherwise."""
        part = self.desired.presence
        return Presence(part.value) if part is not None else Presence.PRESENT
