"""What Kafka's producers promise: acknowledged by all, once each, and never stuck behind what Kafka did not take."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition, errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.kafka import producer as module
from infra.kafka.producer import KafkaProducer, PatientProducer, TransactionalProducer
from infra.kafka.topics import ensure_topics, settings_of
from producers.kafka import KafkaError, KafkaUnreachableError, UnconfirmedError
from schemas import topics
from schemas.envelope import Message

pytestmark = pytest.mark.kafka


@pytest.fixture
async def admin(kafka_address: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def a_topic(admin: AIOKafkaAdminClient, **configs: str) -> str:
    """A topic of one partition, with these settings."""
    name = f"producers-{secrets.token_hex(4)}"
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    return name


async def settled(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Partitions by topic, once the broker knows its new topics' partitions: it tells the names a moment earlier."""
    async with asyncio.timeout(20):
        while True:
            told = await admin.describe_topics(list(topics.ALL))
            found = {one["topic"]: len(one["partitions"]) for one in told}
            if all(found.values()):
                return found
            await asyncio.sleep(0.1)


def message(topic: str, value: bytes = b"x") -> Message:
    return Message(topic=topic, key=b"acme", headers=(), value=value)


async def values(kafka: str, topic: str) -> list[bytes]:
    """Everything that is committed in the topic."""
    place = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[bytes] = []
        async with asyncio.timeout(20):
            while await consumer.position(place) < end:
                found += [each.value for each in (await consumer.getmany(place, timeout_ms=100)).get(place, [])]
        return found


def in_the_way(sender: Any, instead: Callable[[Callable[..., Awaitable[Any]], Any], Awaitable[Any]]) -> None:  # noqa: ANN401
    """What leaves for Kafka passes through `instead`, which is given the way to Kafka and the request."""
    real = sender.client.send

    async def send(node: Any, request: Any, **more: Any) -> Any:  # noqa: ANN401
        return await instead(lambda: real(node, request, **more), request)

    sender.client.send = send


async def _away(_: object, request: Any) -> Any:  # noqa: ANN401
    raise errors.KafkaConnectionError(f"no answer to {type(request).__name__}")


@pytest.mark.parametrize("kind", [KafkaProducer, PatientProducer, TransactionalProducer])
async def test_every_in_sync_replica_is_asked_to_acknowledge(
    kafka_address: str, admin: AIOKafkaAdminClient, kind: type[KafkaProducer]
) -> None:
    """acks=all: what counts as sent survives the broker that took it."""
    topic, asked = await a_topic(admin), []

    async def note(to_kafka: Callable[[], Awaitable[Any]], request: Any) -> Any:  # noqa: ANN401
        asked.extend([request.required_acks] if hasattr(request, "required_acks") else [])
        return await to_kafka()

    async with kind(kafka_address) as producer:
        in_the_way(await producer._connected(), note)
        commit = producer.commit if isinstance(producer, TransactionalProducer) else producer.send
        await commit([message(topic)])

    assert asked == [-1]


async def test_a_lost_acknowledgment_does_not_double_a_message(kafka_address: str, admin: AIOKafkaAdminClient) -> None:
    """Idempotent: Kafka has it, the answer is lost on the way, it goes out again, and it is there once."""
    topic = await a_topic(admin)
    lost: list[object] = []

    async def lose_once(to_kafka: Callable[[], Awaitable[Any]], request: Any) -> Any:  # noqa: ANN401
        answer = await to_kafka()
        if type(request).__name__.startswith("ProduceRequest") and not lost:
            lost.append(answer)
            raise errors.KafkaConnectionError("the answer was lost")
        return answer

    async with KafkaProducer(kafka_address) as producer:
        in_the_way(await producer._connected(), lose_once)
        await producer.send([message(topic, b"a")])
        await producer.send([message(topic, b"b")])

    assert len(lost) == 1
    assert await values(kafka_address, topic) == [b"a", b"b"]


async def test_a_message_that_kafka_refuses_does_not_hold_back_the_others_of_its_partition(
    kafka_address: str, admin: AIOKafkaAdminClient
) -> None:
    """A refused one leaves a gap in its producer's sequence; what is under way behind it arrives all the same."""
    topic = await a_topic(admin, **{"max.message.bytes": "200000"})
    behind: list[asyncio.Task[None]] = []

    async def others_come_behind(to_kafka: Callable[[], Awaitable[Any]], request: Any) -> Any:  # noqa: ANN401
        if hasattr(request, "required_acks") and not behind:
            behind.extend(asyncio.create_task(producer.send([message(topic, value)])) for value in (b"b", b"c"))
            await asyncio.sleep(0.1)
        return await to_kafka()

    async with PatientProducer(kafka_address) as producer:
        await producer.send([message(topic, b"a")])
        in_the_way(await producer._connected(), others_come_behind)
        with pytest.raises(KafkaError, match="did not take"):
            await producer.send([message(topic, os.urandom(300_000))])
        await asyncio.gather(*behind)
        await producer.send([message(topic, b"d")])

    found = await values(kafka_address, topic)
    assert (found[0], sorted(found[1:3]), found[3:]) == (b"a", [b"b", b"c"], [b"d"])


async def test_a_message_that_kafka_does_not_answer_is_given_up_and_the_next_begins_afresh(
    kafka_address: str, admin: AIOKafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka away: the sender learns it in seconds, may leave, and goes on when Kafka is back."""
    monkeypatch.setattr(module, "_ANSWER", 0.5)
    topic = await a_topic(admin)

    async with PatientProducer(kafka_address) as producer:
        in_the_way(await producer._connected(), _away)
        with pytest.raises(KafkaError, match="did not confirm"):
            await producer.send([message(topic, b"a")])
        await producer.send([message(topic, b"b")])

    assert await values(kafka_address, topic) == [b"b"]


async def test_a_patient_producer_waits_for_a_kafka_that_is_not_there_yet() -> None:
    """A worker starts while Kafka is away; only sending says so."""
    async with PatientProducer("127.0.0.1:1") as producer:
        with pytest.raises(KafkaUnreachableError, match=r"127\.0\.0\.1:1"):
            await producer.send([message("any")])


async def test_a_transaction_that_kafka_does_not_answer_shows_nothing_and_the_next_is_whole(
    kafka_address: str, admin: AIOKafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the middle: none of it is visible, and the same producer publishes the same again, once."""
    monkeypatch.setattr(module, "_TRANSACTION", 0.5)
    monkeypatch.setattr(module, "_FAREWELL", 0.5)
    topic = await a_topic(admin)
    three = [message(topic, value) for value in (b"a", b"b", b"c")]

    async with TransactionalProducer(kafka_address) as producer:
        await producer.commit([message(topic, b"first")])
        in_the_way(await producer._connected(), _away)
        with pytest.raises(KafkaError, match="did not confirm"):
            await producer.commit(three)
        await producer.commit(three)

    assert await values(kafka_address, topic) == [b"first", b"a", b"b", b"c"]


async def test_a_lost_answer_to_a_commit_is_told_as_such(
    kafka_address: str, admin: AIOKafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether the events are there: the sentence says that publishing them again does no harm."""
    monkeypatch.setattr(module, "_TRANSACTION", 0.5)
    topic = await a_topic(admin)

    async def lose(to_kafka: Callable[[], Awaitable[Any]], request: Any) -> Any:  # noqa: ANN401
        answer = await to_kafka()
        if type(request).__name__.startswith("EndTxnRequest"):
            raise errors.KafkaConnectionError("the answer was lost")
        return answer

    async with TransactionalProducer(kafka_address) as producer:
        in_the_way(await producer._connected(), lose)
        with pytest.raises(UnconfirmedError, match="publish the same again"):
            await producer.commit([message(topic, b"a")])

    assert await values(kafka_address, topic) == [b"a"]


async def test_two_publishers_at_once_do_not_fence_each_other(kafka_address: str, admin: AIOKafkaAdminClient) -> None:
    """A transactional id of its own for each process, so that neither cuts the other off."""
    topic = await a_topic(admin)

    async with TransactionalProducer(kafka_address) as one, TransactionalProducer(kafka_address) as two:
        await one.commit([message(topic, b"a")])
        await two.commit([message(topic, b"b")])
        await one.commit([message(topic, b"c")])

    assert await values(kafka_address, topic) == [b"a", b"b", b"c"]


async def test_topics_are_made_for_thirty_days_of_messages_that_fit(
    kafka_address: str, admin: AIOKafkaAdminClient
) -> None:
    """12 partitions, deletion after 30 days, 1 MiB (2 MiB for dead letters) and what Kafka writes around a message."""
    await ensure_topics(kafka_address)

    described = await settled(admin)
    wanted = ("cleanup.policy", "retention.ms", "max.message.bytes")
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics.ALL]
    (answer,) = await admin.describe_configs(asked)
    configs = {name: {one[0]: one[1] for one in found if one[0] in wanted} for *_, name, found in answer.resources}

    assert described == dict.fromkeys(topics.ALL, 12)
    for name, found in configs.items():
        largest = (2 if name == topics.DEAD_LETTERS else 1) * 1024 * 1024 + 16 * 1024
        assert found == {
            "cleanup.policy": "delete",
            "retention.ms": str(30 * 24 * 3600 * 1000),
            "max.message.bytes": str(largest),
        }


@pytest.mark.parametrize(("brokers", "replicas", "in_sync"), [(1, 1, "1"), (3, 3, "2"), (9, 3, "2")])
def test_where_there_are_brokers_for_it_two_copies_must_have_a_message(
    brokers: int, replicas: int, in_sync: str
) -> None:
    """Three copies, two in sync: one broker may be away, and what was acknowledged survives another."""
    settings = settings_of(topics.CLIENTS, brokers=brokers)

    assert (settings.replicas, settings.configs["min.insync.replicas"]) == (replicas, in_sync)
