"""Makes klipsync's topics, as many copies of each as the cluster has brokers for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError as ClientError
from aiokafka.errors import TopicAlreadyExistsError, for_code

from producers.kafka import KafkaError, KafkaUnreachableError
from schemas import topics

PARTITIONS: Final = 12
RETENTION: Final = timedelta(days=30)
REPLICAS: Final = 3
IN_SYNC: Final = 2  # of three copies, so that one broker may be away


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """How a topic is made."""

    name: str
    partitions: int
    replicas: int
    configs: Mapping[str, str]


def settings_of(name: str, *, brokers: int, partitions: int = PARTITIONS) -> TopicSettings:
    """How the topic `name` is made on a cluster of so many brokers."""
    largest = topics.MAX_DEAD_LETTER if name == topics.DEAD_LETTERS else topics.MAX_MESSAGE
    replicas = min(REPLICAS, brokers)
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(int(RETENTION.total_seconds() * 1000)),
        "max.message.bytes": str(largest + topics.FRAMING),
        "min.insync.replicas": str(min(IN_SYNC, max(1, replicas - 1))),
    }
    return TopicSettings(name=name, partitions=partitions, replicas=replicas, configs=configs)


async def ensure_topics(address: str, *, partitions: int = PARTITIONS, prefix: str = "") -> tuple[str, ...]:
    """Make the topics that are missing; returns their names. What exists is left as it is.

    `prefix` stands before every name, where several installations share one Kafka.

    Raises:
        KafkaUnreachableError: no answer at `address`.
        KafkaError: Kafka refused to make a topic.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=address, client_id="klipsync-topics")
    try:
        await admin.start()
    except (ClientError, OSError) as error:
        await admin.close()
        raise KafkaUnreachableError(f"Kafka does not answer at {address}") from error
    try:
        return await _made(admin, partitions=partitions, prefix=prefix)
    except ClientError as error:
        raise KafkaError(f"Kafka refused to make the topics: {error}") from error
    finally:
        await admin.close()


async def _made(admin: AIOKafkaAdminClient, *, partitions: int, prefix: str) -> tuple[str, ...]:
    there = set(await admin.list_topics())
    missing = sorted(name for name in topics.ALL if prefix + name not in there)
    if not missing:
        return ()
    brokers = len((await admin.describe_cluster())["brokers"])
    wanted = [_new_topic(settings_of(name, brokers=brokers, partitions=partitions), prefix=prefix) for name in missing]
    answer = await admin.create_topics(wanted)
    made = []
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # somebody else was quicker: as good
            raise KafkaError(f"Kafka refused to make the topic {name}: {error.__name__} {' '.join(map(str, message))}")
        made += [] if code else [name]
    return tuple(made)


def _new_topic(wanted: TopicSettings, *, prefix: str) -> NewTopic:
    return NewTopic(
        name=prefix + wanted.name,
        num_partitions=wanted.partitions,
        replication_factor=wanted.replicas,
        topic_configs=dict(wanted.configs),
    )
