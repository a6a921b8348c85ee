"""What producers ask of the outside. Kafka's part is in `producers.kafka`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from producers.changes import Changes
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Answer


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Timezone-aware, UTC."""


# --- the way back: read by producers/poller.py -----------------------------------------------------------------------


class Lacking(Exception):  # noqa: N818 - the name says what happened
    """The answer does not tell these invoices' balances, or the payment methods. Nothing was stored: read them."""

    def __init__(self, *, invoices: frozenset[str] = frozenset(), methods: bool = False) -> None:
        super().__init__(f"invoices {sorted(invoices)}, payment methods {methods}")
        self.invoices = invoices
        self.methods = methods


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a poll begins, before the overlap: the cursor, or (first poll) when the company was connected."""

    at: datetime
    is_cursor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What storing one answer came to."""

    rows: int
    published: int
    unreadable: tuple[str, ...] = ()


class ChangeFeed(Protocol):
    """QuickBooks through its rings, as the poller sees it. `realm` is a RealmId."""

    async def changes(
        self,
        *,
        tenant: TenantId,
        realm: Any,  # noqa: ANN401
        types: Sequence[str],
        since: datetime,
        fence: Any,  # noqa: ANN401
    ) -> Answer:
        """Ask what changed since then; `Accepted.body` is the whole answer, `time` included."""

    async def query(self, *, tenant: TenantId, realm: Any, statement: str, fence: Any) -> Answer:  # noqa: ANN401
        """Run one query. It may show the company as it was a minute ago."""

    async def read(self, *, tenant: TenantId, realm: Any, type: str, id: str, fence: Any) -> Answer:  # noqa: A002, ANN401
        """Read one object as it is now; `Accepted.body` holds it under its type."""


class ReturnStore(Protocol):
    """Where the way back is stored."""

    async def start(self, *, tenant: TenantId, realm: str) -> Start:
        """Where this realm's next poll begins. Raises LookupError where the tenant is not connected to it."""

    async def known(self, *, realm: str, type_: str) -> frozenset[str]:
        """Ids of that type which are believed to exist in QuickBooks."""

    async def store(self, *, tenant: TenantId, realm: str, fence: int, changes: Changes) -> Stored:
        """Store an answer, what follows from it, and the moved cursor, in one transaction.

        Raises Lacking, and what the leases raise where the fence is no longer current.
        """
