"""Installations that share one Kafka: each reads and writes under its own prefix, and nothing of the others."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from infra.clock import SystemClock
from infra.database.outbox import PostgresOutbox
from infra.kafka.consumer import GROUP, KafkaLog
from infra.kafka.producer import KafkaProducer, TransactionalProducer
from infra.kafka.topics import ensure_topics
from producers.relay import Relay, RelaySettings
from schemas import topics
from tests.integration.kafka_world import SESSION_MS, World, invoice, read_all, world
from tests.integration.test_publish_kafka import run
from tests.unit.envelopes import line

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

OURS, THEIRS = f"ours-{secrets.token_hex(3)}.", f"theirs-{secrets.token_hex(3)}."


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    """The database of the installation `ours`, and the topics of both."""
    async with world(kafka=kafka_address, url=database_url) as made, both(kafka_address):
        yield made


@asynccontextmanager
async def both(kafka: str) -> AsyncIterator[None]:
    names: list[str] = []
    try:
        for prefix in (OURS, THEIRS):
            names += await ensure_topics(kafka, partitions=1, prefix=prefix)
        yield
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        await admin.delete_topics(names)
        await admin.close()


async def publish(kafka: str, prefix: str, *ids: str) -> None:
    """In a transaction, as `klipsync publish` does; the last one of each installation cannot be read."""
    bad = replace(invoice(id_="bad"), value=b"{")
    async with TransactionalProducer(kafka, prefix=prefix) as producer:
        await producer.commit([*(invoice(id_=id_) for id_ in ids), bad])


async def test_an_installation_with_a_prefix_reads_and_writes_only_its_own_topics(here: World) -> None:
    """Events, offsets, commits and dead letters: all under our prefix, and a dead letter names its real topic."""
    await publish(here.kafka, THEIRS, "stranger")
    await publish(here.kafka, OURS, "1", "2")

    async with KafkaLog(here.kafka, worker="w1", session_ms=SESSION_MS, prefix=OURS) as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)
    await relayed(here)

    assert await here.invoices() == [("1", 1), ("2", 1)]
    read = OURS + topics.INVOICES
    assert await here.rows("SELECT topic FROM intake_offset WHERE next_offset > 0") == [(read,)]
    (letter,) = await read_all(here.kafka, OURS + topics.DEAD_LETTERS, count=1)
    headers = {name: value.decode() for name, value in letter.headers}
    assert (headers["klipsync-topic"], headers["klipsync-offset"]) == (read, "2")
    assert await committed(here) == {f"{OURS}{GROUP}": {read: 3}}
    assert await read_all(here.kafka, THEIRS + topics.DEAD_LETTERS, count=1, seconds=0.5) == []


async def test_a_file_is_published_under_the_prefix_that_the_command_is_told(here: World, tmp_path: Path) -> None:
    """`klipsync publish` writes where the worker of the same settings reads, and nowhere else."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(line(tenantid="t1"))

    code, _, err = await run("publish", str(path), "--kafka", here.kafka, "--topic-prefix", OURS)

    assert (code, err) == (0, "")
    (found,) = await read_all(here.kafka, OURS + topics.CLIENTS, count=1)
    assert found.key == b"t1"
    assert await read_all(here.kafka, THEIRS + topics.CLIENTS, count=1, seconds=0.5) == []


async def relayed(here: World) -> None:
    """Everything in the outbox has left."""
    settings, stop = RelaySettings(owner="w1", session="s1", idle_wait=0.1), asyncio.Event()
    async with KafkaProducer(here.kafka, prefix=OURS) as kafka:
        store = PostgresOutbox(here.database)
        relay = Relay(store=store, kafka=kafka, clock=SystemClock(), settings=settings)
        running = asyncio.create_task(relay.run(stop))
        await here.until("SELECT count(*) FROM outbox WHERE sent_at IS NULL", 0)
        stop.set()
        await running


async def committed(here: World) -> dict[str, dict[str, int]]:
    """By group of either installation, and for each topic, the offset that Kafka knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=here.kafka)
    await admin.start()
    try:
        groups = [name for name, *_ in await admin.list_consumer_groups() if name.startswith((OURS, THEIRS))]
        return {name: _by_topic(await admin.list_consumer_group_offsets(name)) for name in groups}
    finally:
        await admin.close()


def _by_topic(found: Any) -> dict[str, int]:  # noqa: ANN401 - aiokafka has no types
    return {place.topic: known.offset for place, known in found.items() if known.offset > 0}
