"""Whether everything that the outbox holds is on Kafka, and first came there in its order."""

from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from infra.database.engine import Database
from infra.database.outbox import headers_of
from infra.kafka.topics import PARTITIONS
from schemas import topics

TOLD = (topics.OUTCOMES, topics.PAYMENTS)
_STORED = text("""
SELECT tenant_id, topic, headers FROM outbox WHERE topic = ANY(CAST(:topics AS text[])) ORDER BY id
""").columns(headers=JSONB)

Told = dict[tuple[str, str], list[str]]
"""Event ids in order, by tenant and topic."""


async def differing(*, database: Database, kafka: str, prefix: str) -> list[str]:
    """The tenants and topics in which Kafka lacks an event of the outbox, or has two in another order."""
    stored, arrived = await _stored(database), await _arrived(kafka, prefix)
    return [
        f"{tenant} {topic}: {len(ids)} stored, {len(arrived[tenant, topic])} on Kafka"
        for (tenant, topic), ids in stored.items()
        if arrived[tenant, topic] != ids
    ]


async def _stored(database: Database) -> Told:
    found: Told = defaultdict(list)
    async with database.transaction() as connection:
        for tenant, topic, headers in await connection.execute(_STORED, {"topics": list(TOLD)}):
            found[tenant, topic].append(dict(headers_of(headers))["ce_id"].decode())
    return found


async def _arrived(kafka: str, prefix: str) -> Told:
    """A repeat counts where it stood first."""
    found: Told = defaultdict(list)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed")
    await consumer.start()
    try:
        for topic in TOLD:
            for headers in await _all(consumer, prefix + topic):
                ids = found[headers["ce_tenantid"].decode(), topic]
                if (event := headers["ce_id"].decode()) not in ids:
                    ids.append(event)
    finally:
        await consumer.stop()
    return found


async def _all(consumer: AIOKafkaConsumer, topic: str) -> Sequence[dict[str, bytes]]:
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    ends = await consumer.end_offsets(places)
    live = [place for place in places if ends[place] > 0]
    found: list[dict[str, bytes]] = []
    if not live:
        return found
    consumer.assign(live)
    await consumer.seek_to_beginning(*live)
    while [place for place in live if await consumer.position(place) < ends[place]]:
        batch = await consumer.getmany(timeout_ms=200)
        found += [dict(record.headers) for records in batch.values() for record in records]
    return found
