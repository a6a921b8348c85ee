"""What the reconciler needs from outside: the stored records, QuickBooks, and time."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from consumers.attempts import Attempt, Closed, Lease, TenantView
from consumers.records import Link, RealmId, Record, RecordKey
from schemas.kinds import Kind, KlipboardId, TenantId
from schemas.outcomes import SyncOutcome
from schemas.quickbooks.answers import Answer


class FenceLost(Exception):  # noqa: N818 - the name says what happened
    """Another worker owns this tenant now; nothing was stored. No step is needed: the new owner goes on."""


class Taken(Exception):  # noqa: N818 - the name says what happened
    """A QuickBooks object belongs to another record already; nothing was stored. Rename one of the two in Klipboard."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner
        """The other record: `client/<id>`."""


class Settling(Protocol):
    """One transaction of a tenant's owner. It was entered only because the fence is current, and keeps it so."""

    async def record(self, key: RecordKey) -> Record:
        """The record as it is now, locked until the transaction ends."""

    async def close(self, attempt: Attempt, closed: Closed) -> bool:
        """End the attempt. False when it had ended already: then store nothing else."""

    async def postpone(self, attempt: Attempt, *, seconds: float) -> None:
        """Take the next step of an open attempt so much later."""

    async def store(self, record: Record) -> None:
        """Write what settling decides: sent, settled revision and version, state and its words, tries, refusals.

        A record that waits for something that is already there stays due (checked in the same statement).
        """

    async def bind(self, key: RecordKey, link: Link, shown: Mapping[str, Any]) -> None:
        """Remember where the record lives and what QuickBooks showed; tell payments that were there before.

        Raises `Taken`.
        """

    async def read_back(self, key: RecordKey, shown: Mapping[str, Any]) -> None:
        """Merge a reading of the record's object as if the change feed had brought it."""

    async def wake_dependants(self, key: RecordKey) -> None:
        """Give every record that waits for this one a reason to be looked at again."""

    async def tell(self, key: RecordKey, outcome: type[SyncOutcome], **what: Any) -> None:  # noqa: ANN401
        """Put an outcome event into the outbox; its return version is made here."""

    async def pause(self, tenant: TenantId, *, cause: str, seconds: float) -> None:
        """Nothing leaves for this tenant until then; folding goes on."""


class Books(Protocol):
    """The stored state that a reconciler reads and settles."""

    def settling(self, lease: Lease) -> AbstractAsyncContextManager[Settling]:
        """A transaction under the lease's fence. Raises `FenceLost`."""

    async def view(self, tenant: TenantId) -> TenantView | None:
        """The tenant when it is connected and not paused, else None."""

    async def due(self, tenant: TenantId, *, limit: int, besides: Collection[RecordKey]) -> Sequence[Record]:
        """Due records without an open attempt, in the order in which things need each other."""

    async def links(
        self, tenant: TenantId, realm: RealmId, wanted: Collection[tuple[Kind, KlipboardId]]
    ) -> Mapping[tuple[Kind, KlipboardId], Link]:
        """Those of the wanted records that live in this realm."""

    async def linked(self, realm: RealmId, type_: str, ids: Collection[str]) -> frozenset[str]:
        """Those of these QuickBooks objects that belong to a record already; they are nobody else's to adopt."""

    async def paid(self, realm: RealmId, invoice: str) -> bool:
        """Whether payments are applied to this QuickBooks invoice."""

    async def remember(self, attempt: Attempt, *, next_step_in: float) -> None:
        """Store the attempt, or that it leaves once more. Raises `FenceLost`."""

    async def open_attempts(self, tenant: TenantId) -> Sequence[Attempt]:
        """Open attempts whose next step has come."""

    async def unlinked(self, realm: RealmId, type_: str, *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Objects of that type that belong to no record and were first seen since then."""

    async def made_between(
        self, realm: RealmId, type_: str, *, since: datetime, until: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Objects of that type that belong to no record and were made then, by QuickBooks' clock."""

    async def deleted_since(self, realm: RealmId, type_: str, *, since: datetime) -> bool:
        """Whether an object of that type that belonged to no record was deleted since then."""

    async def rereads(self, tenant: TenantId) -> Sequence[tuple[RecordKey, Link]]:
        """Linked records that the change feed showed while an attempt was open, which has closed since."""


class QuickBooks(Protocol):
    """QuickBooks through its rings; see `infra/quickbooks/client.py`."""

    async def write(
        self,
        *,
        tenant: TenantId,
        realm: RealmId,
        path: str,
        query: Mapping[str, str],
        body: bytes,
        fence: int,
        leave: Callable[[], Awaitable[bool]],
    ) -> Answer:
        """Send once `leave` said yes."""

    async def query(self, *, tenant: TenantId, realm: RealmId, statement: str, fence: int) -> Answer:
        """Run one query."""

    async def read(self, *, tenant: TenantId, realm: RealmId, type: str, id: str, fence: int) -> Answer:  # noqa: A002
        """Read one object."""


class Clock(Protocol):
    """Time and waiting."""

    def now(self) -> datetime:
        """UTC."""

    def boottime(self) -> float:
        """Seconds of CLOCK_BOOTTIME."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
