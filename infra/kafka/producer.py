"""Kafka's producers: acknowledged by every in-sync replica, idempotent, lz4; with and without transactions."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer, errors

from infra.clock import SystemClock
from producers.kafka import KafkaError, KafkaUnreachableError, TopicMissingError, UnconfirmedError
from producers.publisher import Publisher
from schemas import topics
from schemas.envelope import Message

TRANSACTION_TIMEOUT_MS: Final = 15_000
"""A publisher killed inside a transaction stalls its partitions for readers until then."""

_CONNECT: Final = 15.0  # seconds until an address that swallows packets counts as unreachable
_REQUEST_MS: Final = 12_000  # less than a transaction lasts, so that its failure is told before the broker aborts it
_BATCH: Final = 128 * 1024  # bytes; with the linger below some hundred events travel together
_LINGER_MS: Final = 2
_LARGEST: Final = topics.MAX_DEAD_LETTER + topics.FRAMING


class KafkaProducer:
    """Sends messages to the partition of their key, as every Kafka client does that hashes with murmur2."""

    def __init__(self, address: str, *, client_id: str = "klipsync", prefix: str = "") -> None:
        self._address = address
        self._prefix = prefix
        self._settings: dict[str, Any] = {"client_id": client_id, "acks": "all", "enable_idempotence": True}
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        # Made here and not in the constructor, because aiokafka wants a running loop.
        producer = AIOKafkaProducer(
            bootstrap_servers=self._address,
            compression_type="lz4",
            request_timeout_ms=_REQUEST_MS,
            max_request_size=_LARGEST,
            max_batch_size=_BATCH,
            linger_ms=_LINGER_MS,
            **self._settings,
        )
        try:
            async with asyncio.timeout(_CONNECT):
                await producer.start()
        except (TimeoutError, errors.KafkaError, OSError) as error:
            await producer.stop()
            raise KafkaUnreachableError(f"Kafka does not answer at {self._address} ({error or 'no answer'})") from error
        self._producer = producer
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when all are acknowledged. Raises KafkaError; some may be in their topics then."""
        with_topics = {message.topic for message in messages}
        await self._require(with_topics)
        async with _kafka_errors():
            await self._acknowledged(messages)

    async def _acknowledged(self, messages: Sequence[Message]) -> None:
        under_way = [
            await self._connected.send(
                self._prefix + message.topic, value=message.value, key=message.key, headers=list(message.headers)
            )
            for message in messages
        ]
        await asyncio.gather(*under_way)

    async def _require(self, names: set[str]) -> None:
        for name in sorted(self._prefix + name for name in names):
            try:
                async with asyncio.timeout(_CONNECT):
                    await self._connected.partitions_for(name)
            except errors.UnknownTopicOrPartitionError:
                raise TopicMissingError(
                    f"the topic {name} does not exist at {self._address}; start `klipsync up` once, which makes it"
                ) from None
            except (TimeoutError, errors.KafkaError) as error:
                raise KafkaUnreachableError(f"Kafka stopped answering at {self._address}") from error

    @property
    def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise KafkaUnreachableError("the producer is not connected: use it inside `async with`")
        return self._producer


class PatientProducer(KafkaProducer):
    """Connects when something is first sent, so that a worker starts, and writes to QuickBooks, while Kafka is away."""

    async def __aenter__(self) -> Self:
        return self

    async def send(self, messages: Sequence[Message]) -> None:
        """Connect where that has not succeeded yet, then send. Raises KafkaError."""
        async with self._connecting:
            if self._producer is None:
                await super().__aenter__()
        await super().send(messages)


class TransactionalProducer(KafkaProducer):
    """Sends messages in transactions under an id of its own, so that no two publishers fence each other."""

    def __init__(self, address: str, *, client_id: str = "klipsync-publish", prefix: str = "") -> None:
        super().__init__(address, client_id=client_id, prefix=prefix)
        self._settings = {
            "client_id": client_id,
            "transactional_id": f"{client_id}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            "transaction_timeout_ms": TRANSACTION_TIMEOUT_MS,
        }

    async def commit(self, messages: Sequence[Message]) -> None:
        """All in one transaction, or none. Raises KafkaError; UnconfirmedError where the answer was lost."""
        await self._require({message.topic for message in messages})
        async with _kafka_errors():
            await self._connected.begin_transaction()
            try:
                await self._acknowledged(messages)
            except BaseException:
                # A crash here leaves the transaction open; the broker aborts it after its time-out, unseen by readers.
                await self._abort()
                raise
        await self._end()

    async def _abort(self) -> None:
        try:
            await self._connected.abort_transaction()
        except errors.KafkaError:
            return  # fenced or cut off: the broker aborts it after its time-out

    async def _end(self) -> None:
        try:
            await self._connected.commit_transaction()
        except (errors.ProducerFenced, errors.InvalidTxnState, errors.InvalidProducerEpoch) as error:
            raise KafkaError(_EXPIRED) from error
        except errors.KafkaError as error:
            raise UnconfirmedError(
                "Kafka's answer to the commit was lost; publish the same again, repeats change nothing"
            ) from error


_EXPIRED: Final = (
    f"the transaction took longer than {TRANSACTION_TIMEOUT_MS // 1000} s and Kafka dropped it: nothing was published;"
    " publish through standard input, which uses smaller transactions"
)


@asynccontextmanager
async def _kafka_errors() -> AsyncIterator[None]:
    try:
        yield
    except (errors.ProducerFenced, errors.InvalidTxnState, errors.InvalidProducerEpoch) as error:
        raise KafkaError(_EXPIRED) from error
    except errors.KafkaError as error:
        raise KafkaError(f"Kafka did not take the events: {error}") from error


def publisher(address: str, *, source: str, client_id: str = "klipsync-upstream", prefix: str = "") -> Publisher:
    """The publisher for upstream Python code.

    Args:
        address: Kafka's bootstrap servers, `host:port[,host:port]`.
        source: a URI reference that names the publishing system, such as `klipboard/billing`.
        client_id: by which name the broker's logs and quotas know this process.
        prefix: what stands before every topic's name there (KLIPSYNC_TOPIC_PREFIX of those who run klipsync).
    """
    return Publisher(KafkaProducer(address, client_id=client_id, prefix=prefix), clock=SystemClock(), source=source)
