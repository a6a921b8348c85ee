"""The loops that intake is measured beside. Each is the whole of it: no crash safety, no folding, no dead letters."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from schemas.envelope import Message, decode

TAKE: Final = 500  # messages asked for at once, as intake does

_TABLE: Final = """
CREATE TABLE event (topic text, partition int, position bigint, tenant text, type text, subject text, version bigint,
                    content jsonb, PRIMARY KEY (topic, partition, position))
"""
_INSERT: Final = "INSERT INTO event VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"


async def validate(kafka: str, *, group: str, topics: Sequence[str], count: int) -> float:
    """Read `count` messages from the beginning and decode each; the seconds it took."""
    seen = 0
    async with _consumer(kafka, group=group, topics=topics) as consumer:
        began = perf_counter()
        while seen < count:
            for record in await _taken(consumer):
                decode(_message(record))
                seen += 1
        return perf_counter() - began


async def insert(kafka: str, *, group: str, topics: Sequence[str], count: int, dsn: str) -> float:
    """The same, and for each message one row in a transaction of its own, over one connection; the seconds it took."""
    seen = 0
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_TABLE)
        async with _consumer(kafka, group=group, topics=topics) as consumer:
            began = perf_counter()
            while seen < count:
                for record in await _taken(consumer):
                    await connection.execute(_INSERT, *_row(record))  # autocommit: it returns when the row is on disk
                    seen += 1
            return perf_counter() - began
    finally:
        await connection.close()


async def rows_and_transactions(dsn: str) -> tuple[int, int]:
    """How many rows `insert` left, and how many transactions made them."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetchrow("SELECT count(*), count(DISTINCT xmin::text) FROM event")
    finally:
        await connection.close()
    return found[0], found[1]


@asynccontextmanager
async def _consumer(kafka: str, *, group: str, topics: Sequence[str]) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=kafka,
        group_id=group,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        await consumer.start()  # returns when it has its partitions
        yield consumer
    finally:
        await consumer.stop()


async def _taken(consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
    found = await consumer.getmany(timeout_ms=500, max_records=TAKE)
    return [record for records in found.values() for record in records]


def _message(record: ConsumerRecord) -> Message:
    return Message(topic=record.topic, key=record.key, headers=tuple(record.headers), value=record.value)


def _row(record: ConsumerRecord) -> tuple[Any, ...]:
    event = decode(_message(record))
    return (
        *(record.topic, record.partition, record.offset),
        *(event.tenant, event.type, event.subject, event.version, record.value.decode()),
    )
