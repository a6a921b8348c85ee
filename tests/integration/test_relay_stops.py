"""A relay that is told to stop: within seconds, whatever Kafka and the database are doing."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from infra.clock import SystemClock
from infra.database.outbox import PostgresOutbox
from producers.relay import Relay, RelaySettings
from schemas.envelope import Message
from tests.integration.kafka_world import World, world
from tests.integration.relayed import ALL_SENT, Sent, message, put, relay, relaying

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


class Silent(Sent):
    """Kafka that took a message and never says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def send(self, messages: Sequence[Message]) -> None:
        await super().send(messages)
        self.asked.set()
        await asyncio.Event().wait()


async def test_a_relay_stops_when_it_is_told_to_though_kafka_does_not_answer(here: World) -> None:
    """A worker ends within seconds of SIGTERM; what had no answer goes out again, first, from whoever comes next."""
    await put(here, "a", message(here, "a", 1), message(here, "a", 2))
    silent, next_one, stop = Silent(), Sent(), asyncio.Event()
    running = asyncio.create_task(relay(here, silent, grace=0.1).run(stop))
    await asyncio.wait_for(silent.asked.wait(), 20)

    stop.set()
    await asyncio.wait_for(running, 20)

    assert silent.values == ["a-1"]
    assert await here.rows("SELECT count(*) FROM outbox_lease") == [(0,)]
    async with relaying(relay(here, next_one, owner="w2")):
        await here.until(ALL_SENT, 0)
    assert next_one.values == ["a-1", "a-2"]


async def test_a_relay_that_is_told_to_stop_sends_nothing_new(here: World) -> None:
    """What left is waited for and marked; the rest is left to the next."""
    await put(here, "a", *(message(here, "a", number) for number in range(3)))
    stop = asyncio.Event()

    class Stopping(Sent):
        async def send(self, messages: Sequence[Message]) -> None:
            await super().send(messages)
            stop.set()

    kafka = Stopping()
    await asyncio.wait_for(relay(here, kafka).run(stop), 20)

    assert kafka.values == ["a-0"]
    assert await here.rows("SELECT sent_at IS NOT NULL FROM outbox ORDER BY id") == [(True,), (False,), (False,)]


async def test_a_database_that_is_away_does_not_make_a_stop_fail(here: World) -> None:
    """Shards that cannot be given back are free when their lease runs out; the worker ends well all the same."""

    class Gone(PostgresOutbox):
        async def release(self, **_: object) -> None:
            raise ConnectionResetError

    await put(here, "a", message(here, "a", 1))
    stop, kafka = asyncio.Event(), Silent()
    settings = RelaySettings(owner="w1", session="s1", grace=0.1)
    at_work = Relay(store=Gone(here.database), kafka=kafka, clock=SystemClock(), settings=settings)
    running = asyncio.create_task(at_work.run(stop))
    await asyncio.wait_for(kafka.asked.wait(), 20)

    stop.set()
    await asyncio.wait_for(running, 20)

    assert await here.rows("SELECT owner FROM outbox_lease") == [("w1",)]
