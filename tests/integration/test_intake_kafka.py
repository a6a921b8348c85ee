"""How intake reads Kafka: what was committed, from the earliest on, under a name that keeps its partitions."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka import AIOKafkaProducer

from consumers.intake import Intake
from consumers.ports import Place
from infra.clock import SystemClock
from infra.kafka.consumer import KafkaLog
from tests.integration.kafka_world import QUICK, World, invoice, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


async def placed(source: KafkaLog) -> list[int]:
    """The partitions that it was assigned, once it has some; they are read from their beginnings."""
    async with asyncio.timeout(30):
        while not (standings := await source.unplaced()):  # noqa: ASYNC110 - Kafka rings no bell about assignments
            await asyncio.sleep(0.05)
    source.start_from({standing.place: standing.beginning for standing in standings})
    return [standing.place.partition for standing in standings]


async def test_what_was_aborted_or_is_still_open_is_not_folded(here: World) -> None:
    """A publisher that was killed inside its transaction said nothing; one that is at work has said nothing yet."""
    await here.publish(invoice(id_="1"))
    producer = AIOKafkaProducer(bootstrap_servers=here.kafka, transactional_id=f"t-{secrets.token_hex(4)}")
    async with producer:
        await producer.begin_transaction()
        aborted = invoice(id_="aborted")
        await producer.send_and_wait(here.topic, aborted.value, aborted.key, headers=list(aborted.headers))
        await producer.abort_transaction()
        await producer.begin_transaction()
        late = invoice(id_="2")
        await producer.send_and_wait(here.topic, late.value, late.key, headers=list(late.headers))
        async with here.log() as source, here.folding(source):
            await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 1)
            await producer.commit_transaction()

            await here.until("SELECT count(*) FROM sync_record WHERE kind = 'invoice'", 2)

    assert await here.invoices() == [("1", 1), ("2", 1)]


async def test_a_log_that_lost_its_beginning_is_read_from_the_earliest_that_is_left(here: World) -> None:
    """Retention that overtakes a reader costs what it dropped, and not what came after."""
    await here.publish(*(invoice(id_=str(number)) for number in range(4)))
    async with here.log() as source:
        await placed(source)
        await here.cut_off(before=2)
        source.start_from({Place(here.topic, 0): 0})

        taken = [arrived async for arrived in _taken(source, count=2)]

    assert taken == [2, 3]


async def _taken(source: KafkaLog, *, count: int) -> AsyncIterator[int]:
    seen = 0
    async with asyncio.timeout(20):
        while seen < count:
            for arrived in await source.take(limit=10, seconds=0.1):
                seen += 1
                yield arrived.offset


async def test_a_worker_that_starts_again_under_its_name_moves_no_partition(here: World) -> None:
    """Static membership: a restart is no rebalance, and the others go on undisturbed."""
    here.topic = f"intake-{secrets.token_hex(4)}"
    await here.create_topic(partitions=2)
    async with here.log(worker="w1") as first:
        assert await placed(first) == [0, 1]
        async with here.log(worker="w2") as second:
            (mine,) = await placed(second)
            assert await placed(first) == [1 - mine]

        async with here.log(worker="w2") as again:
            assert await placed(again) == [mine]
            assert await first.unplaced() == ()


async def test_resetting_kafkas_own_commit_does_nothing(here: World) -> None:
    """The stored offset is the truth; Kafka's commit follows it, for tools that show lag, and is asked by nobody."""
    await here.publish(*(invoice(id_=str(number)) for number in range(3)))
    async with here.log() as source, here.folding(source):
        await here.until_committed(3)
    await here.rows("UPDATE sync_record SET desired = '{}', revision = 9 RETURNING 1")  # shows a second folding
    async with here.log() as source:
        await placed(source)
        await source.commit({Place(here.topic, 0): 0})
    assert await here.committed() == 0
    await here.publish(invoice(id_="3"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 4)

    assert await here.invoices() == [("0", 9), ("1", 9), ("2", 9), ("3", 1)]
    assert await here.rows("SELECT count(*) FROM tenant WHERE rewound_at IS NOT NULL") == [(0,)]


HEADER_NAMED_BY_NO_TEXT = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Name(str):
    def encode(self, *_):
        return b"\\xff\\xfe"

async def main():
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        await producer.send_and_wait(sys.argv[2], b"{}", b"t1", headers=[(Name("x"), b"")])

asyncio.run(main())
"""


async def test_a_message_that_kafkas_own_client_cannot_take_apart_is_put_aside(here: World) -> None:
    """A header whose name is Latin-1 stops nobody: its place is told, and what stands around it is folded."""
    await here.publish(*(invoice(id_=str(number)) for number in range(3)))
    # Only aiokafka's form in plain Python can be brought to write such a header.
    arguments = (sys.executable, "-c", HEADER_NAMED_BY_NO_TEXT, here.kafka, here.topic)
    process = await asyncio.create_subprocess_exec(*arguments, env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"})
    assert await process.wait() == 0
    await here.publish(invoice(id_="4"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 5)

    assert await here.invoices() == [("0", 1), ("1", 1), ("2", 1), ("4", 1)]
    (letter,) = await here.letters()
    assert (letter["klipsync-reason"], letter["klipsync-offset"]) == ("not_decodable", "3")
    assert letter["klipsync-explanation"] == "headers: have a name that is no UTF-8; name headers so"
    assert letter["klipsync-left-out"] == "everything; read it at this topic, partition and offset"


class Away:
    """Kafka's log when Kafka went away after the last message: a commit has no answer, and never will."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self.asked = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    async def commit(self, following: Mapping[Place, int]) -> None:
        del following
        self.asked.set()
        await asyncio.Event().wait()


async def test_intake_stops_when_it_is_told_to_though_kafka_does_not_answer(here: World) -> None:
    """A worker ends within seconds of SIGTERM, Kafka or not; the transaction is finished, the commit is not awaited."""
    await here.publish(invoice(id_="1"))
    stop = asyncio.Event()
    async with here.log() as source:
        away = Away(source)
        intake = Intake(log=away, store=here.store, clock=SystemClock(), settings=QUICK)  # type: ignore[arg-type] # all by __getattr__
        running = asyncio.create_task(intake.run(stop))
        await asyncio.wait_for(away.asked.wait(), 30)

        stop.set()
        await asyncio.wait_for(running, 10)

    assert await here.offset() == 1
