"""Kafka as intake reads it: a static member of one group, that begins where the database says and nowhere else."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition, errors

from consumers.ports import Arrived, Place, Reassigned, Standing
from infra.kafka.reach import cluster_id, reaching
from schemas import topics
from schemas.envelope import Message

GROUP: Final = "klipsync-intake"
SESSION_MS: Final = 10_000
"""A dead member's partitions go to the others after this; a restart of the same name within it moves nothing."""

_FAREWELL: Final = 3.0  # seconds
_LOOK_MS: Final = 100  # for one partition that may have nothing to read

_log = structlog.get_logger("klipsync.kafka")


class KafkaLog(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka's class has no types
    """The intake topics, read with `read_committed`. Use inside `async with`."""

    def __init__(
        self,
        address: str,
        *,
        worker: str,
        group: str = GROUP,
        names: Collection[str] = topics.INBOUND,
        session_ms: int = SESSION_MS,
        prefix: str = "",
    ) -> None:
        self._address = address
        self._group = prefix + group
        self._prefix = prefix
        self._names = sorted(prefix + name for name in names)
        self._worker = worker
        self._session_ms = session_ms
        self._consumer: Any = None
        self._cluster = ""
        # Each change of the assignment has a number. What was read or asked under an older one is thrown away: every
        # partition is then placed anew from the stored offsets, so nothing is skipped and no lock is needed here.
        self._changes = 0
        self._placed = 0
        self._asked = -1
        self._careful = False
        self._following: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> Self:
        # Connects when intake first asks, which is patient with a Kafka that is not there yet.
        return self

    async def __aexit__(self, *_: object) -> None:
        # A static member does not leave: whoever starts under this name goes on with the same partitions.
        if self._consumer is not None:
            with suppress(TimeoutError):  # a Kafka that is away need not hear of it
                await asyncio.wait_for(self._consumer.stop(), _FAREWELL)

    async def _connect(self) -> None:
        async with reaching(self._address):
            self._cluster = await cluster_id(self._address)
            consumer = self._made()
            consumer.subscribe(self._names, listener=self)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
        self._consumer = consumer

    def _made(self) -> Any:  # noqa: ANN401 - aiokafka has no types
        return AIOKafkaConsumer(
            bootstrap_servers=self._address,
            client_id=f"klipsync-{self._worker}",
            group_id=self._group,
            group_instance_id=self._worker,
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=self._session_ms // 4,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            # A message is a dead letter above 1 MiB; it has to arrive to become one.
            max_partition_fetch_bytes=topics.MAX_DEAD_LETTER,
        )

    # --- the rebalance listener: notes that something changed, and waits for nothing ---

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """The fold transaction under way goes on: the lock on its offsets keeps the next member behind it."""
        del revoked
        self._changes += 1

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Intake places them before it takes anything."""
        del assigned
        self._changes += 1
        self._careful = False

    # --- consumers.ports.Log ---

    @property
    def cluster(self) -> str:
        """Kafka's id of the cluster."""
        return self._cluster

    def forget(self) -> None:
        """Let every partition be placed anew."""
        self._placed = -1

    async def unplaced(self) -> Sequence[Standing]:
        """Ask Kafka about the partitions that were assigned; nothing while they are placed."""
        if self._consumer is None:
            await self._connect()
        change, partitions = self._changes, sorted(self._consumer.assignment())
        if change == self._placed:
            return ()
        if not partitions:
            self._placed = change
            return ()
        async with reaching(self._address):
            beginnings = await self._consumer.beginning_offsets(partitions)
            ends = await self._consumer.end_offsets(partitions)
            committed = await self._committed(partitions)
        if change != self._changes:
            raise Reassigned
        self._asked = change
        return [
            Standing(
                place=Place(each.topic, each.partition),
                beginning=beginnings[each],
                end=ends[each],
                committed=committed[each],
            )
            for each in partitions
        ]

    async def _committed(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int | None]:
        found = await asyncio.gather(*(self._consumer.committed(partition) for partition in partitions))
        return dict(zip(partitions, found, strict=True))

    def start_from(self, starts: Mapping[Place, int]) -> None:
        """Read these partitions from these offsets. Raises Reassigned where they changed hands since they were told."""
        if self._asked != self._changes:
            raise Reassigned
        self._following = {TopicPartition(*place): offset for place, offset in starts.items()}
        for partition, offset in self._following.items():
            self._consumer.seek(partition, offset)
        self._placed = self._changes

    async def take(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        """The next messages, each partition's in order."""
        change = self._changes
        if change != self._placed:
            return ()
        async with reaching(self._address):
            if self._careful:
                taken = await self._one_of_each()
            else:
                taken = await self._many(limit=limit, seconds=seconds)
        # What changed hands is read again from the stored offsets, by whoever has the partitions now.
        return taken if change == self._changes else ()

    async def _many(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        try:
            found = await self._consumer.getmany(timeout_ms=int(seconds * 1000), max_records=limit)
        except UnicodeDecodeError:
            # A header's name is no text, and which record's is not said; what was read with it is lost. So all of it is
            # read again from the stored offsets, one by one.
            self._careful = True
            self.forget()
            return ()
        return [self._arrived(record) for records in found.values() for record in records] or await self._marks()

    async def _marks(self) -> Sequence[Arrived]:
        """What transactions left behind the last messages. Kafka drops it one day; by then it must have been passed, or
        it would look as if events had been lost.
        """
        positions = {each: await self._consumer.position(each) for each in sorted(self._consumer.assignment())}
        return [
            self._empty(partition, position - 1, mark=True)
            for partition, position in positions.items()
            if position > self._following.get(partition, position)
        ]

    async def _one_of_each(self) -> Sequence[Arrived]:
        """The next message of each partition, until the flawed one is found and stepped over."""
        taken: list[Arrived] = []
        for partition in sorted(self._consumer.assignment()):
            try:
                found = await self._consumer.getmany(partition, timeout_ms=_LOOK_MS, max_records=1)
            except UnicodeDecodeError:
                offset = await self._consumer.position(partition)
                self._consumer.seek(partition, offset + 1)
                self._careful = False
                taken.append(self._empty(partition, offset, flaw="have a name that is no UTF-8; name headers so"))
            else:
                taken += [self._arrived(record) for records in found.values() for record in records]
        self._careful = self._careful and bool(taken)
        return taken

    def _empty(self, partition: TopicPartition, offset: int, *, flaw: str | None = None, mark: bool = False) -> Arrived:
        self._following[partition] = offset + 1
        return Arrived(
            place=Place(partition.topic, partition.partition),
            offset=offset,
            message=Message(topic=partition.topic.removeprefix(self._prefix), key=None, headers=(), value=None),
            time=datetime.fromtimestamp(0, UTC),
            flaw=flaw,
            mark=mark,
        )

    def _arrived(self, record: Any) -> Arrived:  # noqa: ANN401 - aiokafka has no types
        """The place has the topic's own name, for whoever looks there; the message says what kind of topic it is."""
        self._following[TopicPartition(record.topic, record.partition)] = record.offset + 1
        return Arrived(
            place=Place(record.topic, record.partition),
            offset=record.offset,
            message=Message(
                topic=record.topic.removeprefix(self._prefix),
                key=record.key,
                headers=tuple(record.headers),
                value=record.value,
            ),
            time=datetime.fromtimestamp(max(0, record.timestamp) / 1000, UTC),
        )

    async def commit(self, following: Mapping[Place, int]) -> None:
        """Tell Kafka how far we are: for tools that show lag, and to notice a database that went back in time."""
        try:
            await self._consumer.commit({TopicPartition(*place): offset for place, offset in following.items()})
        except (errors.KafkaError, errors.IllegalStateError) as error:
            _log.info("Kafka took no commit", action="commit_skipped", error=type(error).__name__)
