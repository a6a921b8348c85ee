"""The stored offset is the truth: after crashes, with zombies about, and when the database goes back in time."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY

from consumers.folding import fold_batch
from consumers.ports import Arrived, Place
from infra.database.intake import PostgresIntakeStore, PostgresIntaking
from infra.kafka.consumer import KafkaLog
from tests.integration.kafka_world import QUICK, World, invoice, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


class DyingLog:
    """Kafka's log whose reader dies before Kafka hears of anything: after the transaction, before the commit."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self.died = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def commit(self, following: Mapping[Place, int]) -> None:
        del following
        self.died.set()
        await asyncio.Event().wait()  # never comes back, like a killed process


async def test_folding_resumes_exactly_after_a_crash_between_transaction_and_commit(here: World) -> None:
    """The offset is stored with what was folded; Kafka's own commit, which never came, is not asked."""
    await here.publish(*(invoice(id_=str(number)) for number in range(5)))
    async with here.log() as source:
        dying = DyingLog(source)
        async with here.folding(dying, settings=QUICK) as intake:  # type: ignore[arg-type] # all by __getattr__
            await asyncio.wait_for(dying.died.wait(), 30)
            intake._stop.set()
    assert await here.committed() is None
    await here.publish(*(invoice(id_=str(number)) for number in range(5, 8)))

    store = NotingStore(here)
    async with here.log() as source, here.folding(source, store=store):
        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 8)

    assert await here.invoices() == [(str(number), 1) for number in range(8)]
    assert store.began[0] == 5
    assert await here.offset() == 8


class NotingStore(PostgresIntakeStore):
    """Notes from which stored offsets folding began."""

    def __init__(self, here: World) -> None:
        super().__init__(here.database)
        self.began: list[int] = []

    async def stored(self, places: Collection[Place]) -> Mapping[Place, Mapping[str, int]]:
        found = await super().stored(places)
        self.began.extend(offset for by_cluster in found.values() for offset in by_cluster.values())
        return found


async def test_what_a_zombie_has_folded_late_is_not_folded_again(here: World) -> None:
    """A member that slept through losing its partitions waits at the offsets' lock, and folds only what is new."""
    await here.publish(*(invoice(id_=str(number)) for number in range(4)))
    async with here.log() as source:
        batch = await _all(source, here, count=4)
        await fold_batch(store=here.store, cluster=source.cluster, batch=batch[:3], reached={})  # the new owner
        await here.rows("UPDATE sync_record SET desired = '{}', revision = 9 RETURNING 1")  # shows a second folding

        await fold_batch(store=here.store, cluster=source.cluster, batch=batch, reached={})  # the zombie wakes

    assert await here.invoices() == [("0", 9), ("1", 9), ("2", 9), ("3", 1)]
    assert await here.offset() == 4


async def test_a_zombie_never_moves_an_offset_backwards(here: World) -> None:
    """The zombie's older batch ends behind what is stored; the stored offset stays."""
    await here.publish(*(invoice(id_=str(number)) for number in range(4)))
    async with here.log() as source:
        batch = await _all(source, here, count=4)
        await fold_batch(store=here.store, cluster=source.cluster, batch=batch, reached={})

        await fold_batch(store=here.store, cluster=source.cluster, batch=batch[:2], reached={})

    assert await here.offset() == 4


async def test_two_that_fold_the_same_batch_at_once_fold_it_once(here: World) -> None:
    """The lock on the stored offsets is taken first, so that the second finds everything done."""
    await here.publish(*(invoice(id_=str(number)) for number in range(20)))
    async with here.log() as source:
        batch = await _all(source, here, count=20)

        async with asyncio.TaskGroup() as both:
            for _ in range(2):
                both.create_task(fold_batch(store=here.store, cluster=source.cluster, batch=batch, reached={}))

    assert {revision for _, revision in await here.invoices()} == {1}
    assert await here.offset() == 20


async def test_a_commit_ahead_of_the_stored_offset_marks_every_tenant(here: World) -> None:
    """The database went back in time: nothing is created before the feed was read, and folding begins where it says."""
    await here.publish(*(invoice(id_=str(number)) for number in range(5)))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 5)
        await here.until_committed(5)
    await here.rows("UPDATE intake_offset SET next_offset = 2 RETURNING 1")
    await here.rows("DELETE FROM sync_record WHERE klipboard_id IN ('2', '3', '4') RETURNING 1")

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 5)

    assert await here.rows("SELECT count(*) FROM tenant WHERE rewound_at IS NULL") == [(0,)]
    assert await here.invoices() == [(str(number), 1) for number in range(5)]


async def test_a_database_put_back_while_folding_goes_on_loses_no_event(here: World) -> None:
    """An offset below what this worker has folded is noticed before the next batch is, and the gap is read again."""
    await here.publish(*(invoice(id_=str(number)) for number in range(5)))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 5)
        async with here.database.transaction() as connection:
            for statement in (
                "UPDATE intake_offset SET next_offset = 1",
                "DELETE FROM sync_record WHERE kind = 'invoice' AND klipboard_id <> '0'",
            ):
                await connection.exec_driver_sql(statement)
        await here.publish(invoice(id_="5"))

        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 6)

    assert await here.rows("SELECT count(*) FROM tenant WHERE rewound_at IS NULL") == [(0,)]


async def test_a_database_put_back_while_nobody_says_anything_is_noticed_too(here: World) -> None:
    """Nobody has to wait for an event: what is stored is compared, every few seconds, with what was folded here."""
    await here.publish(*(invoice(id_=str(number)) for number in range(3)))
    async with here.log() as source, here.folding(source):
        await here.until_committed(3)
        async with here.database.transaction() as connection:
            await connection.exec_driver_sql("UPDATE intake_offset SET next_offset = 1")
            await connection.exec_driver_sql("DELETE FROM sync_record WHERE klipboard_id IN ('1', '2')")

        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 3)

    assert await here.rows("SELECT count(*) FROM tenant WHERE rewound_at IS NULL") == [(0,)]


class Noting(PostgresIntakeStore):
    """Notes in which order tenants are marked, offsets set, and events folded."""

    def __init__(self, here: World) -> None:
        super().__init__(here.database)
        self.steps: list[str] = []

    async def mark_rewound(self, cluster: str, places: Collection[Place]) -> None:
        await super().mark_rewound(cluster, places)
        self.steps.append("marked")

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[PostgresIntaking]:
        async with super().intaking() as transaction:
            self.steps.append("folding")
            yield transaction


async def test_tenants_are_marked_before_anything_is_folded_again(here: World) -> None:
    """An owner that saw a record of the lost time without the mark might make it a second time."""
    await here.publish(*(invoice(id_=str(number)) for number in range(3)))
    async with here.log() as source, here.folding(source):
        await here.until_committed(3)
    await here.rows("UPDATE intake_offset SET next_offset = 1 RETURNING 1")
    before, store = alarms("database_went_back"), Noting(here)

    async with here.log() as source, here.folding(source, store=store):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)

    assert store.steps[:2] == ["marked", "folding"]
    assert alarms("database_went_back") == before + 1


def alarms(name: str) -> float:
    """How often that alarm was sounded in this process."""
    return REGISTRY.get_sample_value("klipsync_intake_alarms_total", {"alarm": name}) or 0.0


async def _stored(here: World, *, cluster: str, offset: int) -> None:
    await here.rows(
        "INSERT INTO intake_offset (cluster_id, topic, partition, next_offset) VALUES (:c, :t, 0, :o) RETURNING 1",
        c=cluster,
        t=here.topic,
        o=offset,
    )


async def test_a_stored_offset_beyond_the_end_starts_at_the_beginning_with_an_alarm(here: World) -> None:
    """A log that is shorter than what was folded is another log: it is folded whole."""
    await here.publish(invoice(id_="1"))
    async with here.log() as source:
        await _all(source, here, count=1)
        await _stored(here, cluster=source.cluster, offset=99)
    before = alarms("beyond_end")

    async with here.log() as source, here.folding(source):
        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 1)

    assert await here.offset() == 1
    assert alarms("beyond_end") == before + 1


async def test_another_cluster_starts_at_the_beginning_with_an_alarm(here: World) -> None:
    """What was folded of another Kafka says nothing of this one; what was folded twice is a repeat."""
    await here.publish(invoice(id_="1"), invoice(id_="2"))
    await _stored(here, cluster="another", offset=1)
    before = alarms("other_cluster")

    async with here.log() as source, here.folding(source):
        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 2)

    assert alarms("other_cluster") == before + 1


async def test_events_that_retention_took_are_an_alarm_and_the_rest_is_folded(here: World) -> None:
    """A stored offset below the log's start: somebody has to know what is lost, and folding goes on behind it."""
    await here.publish(*(invoice(id_=str(number)) for number in range(4)))
    async with here.log() as source:
        await _all(source, here, count=4)
        await _stored(here, cluster=source.cluster, offset=1)
    await here.cut_off(before=3)
    before = alarms("events_lost")

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 4)

    assert await here.invoices() == [("3", 1)]
    assert alarms("events_lost") == before + 1


async def test_the_marks_of_transactions_are_no_lost_events(here: World) -> None:
    """What a transaction leaves behind its last message is passed, so that nobody is alarmed when Kafka drops it."""
    producer = AIOKafkaProducer(bootstrap_servers=here.kafka, transactional_id=f"t-{secrets.token_hex(4)}")
    async with producer, producer.transaction():
        told = invoice(id_="1")
        await producer.send_and_wait(here.topic, told.value, told.key, headers=list(told.headers))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 2)
        await here.until_committed(2)
    await here.cut_off(before=2)
    await here.publish(invoice(id_="2"))
    before = alarms("events_lost")

    async with here.log() as source, here.folding(source):
        await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 2)

    assert alarms("events_lost") == before


async def _all(source: KafkaLog, here: World, *, count: int) -> list[Arrived]:
    """The first messages of the topic, taken as intake takes them."""
    taken: list[Arrived] = []
    async with asyncio.timeout(30):
        while len(taken) < count:
            if standings := await source.unplaced():
                source.start_from({standing.place: standing.beginning for standing in standings})
            taken.extend(await source.take(limit=500, seconds=0.1))
    assert here.topic == taken[0].place.topic
    return taken
