"""What intake needs from outside: Kafka's log, and the tables that events fold into."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from consumers.records import Record, RecordKey
from schemas.envelope import Message
from schemas.kinds import TenantId


class Clock(Protocol):
    """Waiting."""

    async def sleep(self, seconds: float) -> None:
        """Wait; never less than zero."""


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message and where it stood in the log. `time` is Kafka's timestamp of it.

    `flaw`: why Kafka's own client cannot take it apart; the message is empty then, and is to be read where it stands.
    `mark`: no message at all, but what a transaction left behind the last one.
    """

    place: Place
    offset: int
    message: Message
    time: datetime
    flaw: str | None = None
    mark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What Kafka says of an assigned partition: the first and the next offset of its log, and our own commit there."""

    place: Place
    beginning: int
    end: int
    committed: int | None


class Reassigned(Exception):  # noqa: N818 - the name says what happened
    """The partitions changed hands meanwhile. No step is needed: intake starts again from the stored offsets."""


class LogUnreachable(Exception):  # noqa: N818 - the name says what happened
    """Kafka does not answer. No step is needed: intake goes on when it does; check Kafka if this lasts."""


class Log(Protocol):
    """Kafka, as one member of the intake's group reads it. Each method may raise `LogUnreachable`."""

    @property
    def cluster(self) -> str:
        """Kafka's id of the cluster."""

    async def unplaced(self) -> Sequence[Standing]:
        """Partitions that were assigned and have no place to read from yet; empty while nothing changed."""

    def start_from(self, starts: Mapping[Place, int]) -> None:
        """Read these partitions from these offsets. Raises `Reassigned`."""

    async def take(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        """The next messages, each partition's in order; empty after `seconds`, or where partitions are unplaced."""

    async def commit(self, following: Mapping[Place, int]) -> None:
        """Tell Kafka how far we are, for tools that show lag. What it refuses is not repeated: nothing rests on it."""

    def forget(self) -> None:
        """Let every partition be placed anew."""


class Intaking(Protocol):
    """One transaction that folds. Its methods are called in this order, the order in which rows are locked."""

    async def offsets(self, cluster: str, places: Collection[Place]) -> Mapping[Place, int]:
        """The next offset to fold of each place (0 where nothing was), locked until the transaction ends."""

    async def add_tenants(self, tenants: Collection[TenantId]) -> None:
        """Make tenants that are unknown, unconnected (R-01)."""

    async def records(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Record]:
        """Those of the records that exist, locked in key order."""

    async def store(self, records: Collection[Record], *, items: Collection[Record]) -> None:
        """Write what folding decides of records that `records` locked or did not find; make items that are missing."""

    async def sync_now(self, tenants: Collection[TenantId]) -> None:
        """Somebody pressed the button: poll now, and look again at what failed or waits."""

    async def put_aside(self, tenant: TenantId | None, letters: Sequence[Message]) -> None:
        """Put dead letters into the outbox."""

    async def move(self, cluster: str, following: Mapping[Place, int]) -> None:
        """Store the next offsets; none ever moves backwards."""

    async def wake(self, tenants: Collection[TenantId]) -> None:
        """Tell whoever owns these tenants, once the transaction commits, that they may be due."""


class IntakeStore(Protocol):
    """The tables that intake folds into."""

    def intaking(self) -> AbstractAsyncContextManager[Intaking]:
        """A transaction: committed when the block ends, rolled back when it raises."""

    async def stored(self, places: Collection[Place]) -> Mapping[Place, Mapping[str, int]]:
        """The next offset to fold of each place that has one, by cluster id."""

    async def restart(self, cluster: str, starts: Mapping[Place, int], *, instead: Mapping[Place, int]) -> None:
        """Set stored offsets, backwards too, where they still are as read: `instead`, absent where there were none."""

    async def mark_rewound(self, cluster: str, places: Collection[Place]) -> None:
        """The database went back in time, as these places show: no owner creates anything before it has read the feed.

        What was made in QuickBooks since these places were last folded may be ours, and is adopted.
        """

    def is_nobodys_fault(self, error: Exception) -> bool:
        """Whether the same batch may succeed later: a lost connection, a deadlock, a time-out, a full disk."""
