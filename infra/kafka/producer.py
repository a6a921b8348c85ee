"""Kafka's producers: acknowledged by every in-sync replica, idempotent, lz4; with and without transactions."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
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
_ANSWER: Final = 5.0
"""Seconds until messages count as not taken: half of a relay's lease, so that one lane does not cost it the others."""
_TRANSACTION: Final = 14.0  # seconds; less than a transaction lasts, so that its failure is told before Kafka drops it
_FAREWELL: Final = 3.0  # seconds
_REQUEST_MS: Final = 5_000  # a topic that is still unknown after that is missing
_TOGETHER: Final = 5_000  # messages that are given to Kafka before an answer is waited for
_BATCH: Final = 128 * 1024  # bytes; with the linger below some hundred events travel together
_LINGER_MS: Final = 2
_LARGEST: Final = topics.MAX_DEAD_LETTER + topics.FRAMING


class SequenceBrokenError(KafkaError):
    """Kafka refused an earlier message of this partition, and then all that followed it. A fresh producer goes on."""


class KafkaProducer:
    """Sends messages to the partition of their key, as every Kafka client does that hashes with murmur2."""

    def __init__(self, address: str, *, client_id: str = "klipsync", prefix: str = "") -> None:
        self._address = address
        self._prefix = prefix
        self._settings: dict[str, Any] = {"client_id": client_id, "acks": "all", "enable_idempotence": True}
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._ended = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._connected()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        await asyncio.gather(*self._leaving)
        producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when all are acknowledged. Raises KafkaError; some may be in their topics then."""
        try:
            await self._send(messages)
        except SequenceBrokenError:
            # Nothing is wrong with these: they came behind a message that was, and Kafka took none of them.
            await self._send(messages)

    async def _send(self, messages: Sequence[Message]) -> None:
        producer = await self._connected()
        await self._require(producer, {message.topic for message in messages})
        try:
            for start in range(0, len(messages), _TOGETHER):
                async with _kafka_errors(), asyncio.timeout(_ANSWER):
                    await self._acknowledged(producer, messages[start : start + _TOGETHER])
        except KafkaError:
            self._retire(producer)
            raise

    async def _acknowledged(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
        under_way = [
            await producer.send(
                self._prefix + message.topic, value=message.value, key=message.key, headers=list(message.headers)
            )
            for message in messages
        ]
        await asyncio.gather(*under_way)

    async def _require(self, producer: AIOKafkaProducer, names: set[str]) -> None:
        for name in sorted(self._prefix + name for name in names):
            try:
                async with asyncio.timeout(_CONNECT):
                    await producer.partitions_for(name)
            except errors.UnknownTopicOrPartitionError:
                raise TopicMissingError(
                    f"the topic {name} does not exist at {self._address}; start `klipsync up` once, which makes it"
                ) from None
            except (TimeoutError, errors.KafkaError) as error:
                raise KafkaUnreachableError(f"Kafka stopped answering at {self._address}") from error

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer:
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
        return producer

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """The next send has a fresh producer: a message that was given up leaves a gap in an idempotent one's sequence,
        and Kafka refuses all that follows in its partition, of whatever tenant, for ever.
        """
        if self._producer is producer:
            self._producer = None
            leaving = asyncio.create_task(self._let_go(producer))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _let_go(self, producer: AIOKafkaProducer) -> None:
        # Whoever shares it has an answer by then, or has given up.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _ANSWER)
        await _close(producer)


class PatientProducer(KafkaProducer):
    """Connects when something is first sent, so that a worker starts, and writes to QuickBooks, while Kafka is away."""

    async def __aenter__(self) -> Self:
        return self


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
        producer = await self._connected()
        await self._require(producer, {message.topic for message in messages})
        try:
            async with _kafka_errors(), asyncio.timeout(_TRANSACTION):
                await producer.begin_transaction()
                await self._acknowledged(producer, messages)
        except BaseException:
            # A crash here leaves the transaction open; the broker aborts it after its time-out, unseen by readers.
            await _abort(producer)
            self._retire(producer)
            raise
        await self._end(producer)

    async def _end(self, producer: AIOKafkaProducer) -> None:
        try:
            async with asyncio.timeout(_TRANSACTION):
                await producer.commit_transaction()
        except (errors.ProducerFenced, errors.InvalidTxnState, errors.InvalidProducerEpoch) as error:
            self._retire(producer)
            raise KafkaError(_EXPIRED) from error
        except (errors.KafkaError, TimeoutError) as error:
            self._retire(producer)
            raise UnconfirmedError(
                "Kafka's answer to the commit was lost; publish the same again, repeats change nothing"
            ) from error


_EXPIRED: Final = (
    f"the transaction took longer than {TRANSACTION_TIMEOUT_MS // 1000} s and Kafka dropped it: nothing was published;"
    " publish through standard input, which uses smaller transactions"
)


async def _abort(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_FAREWELL):
            await producer.abort_transaction()
    except (errors.KafkaError, errors.IllegalOperation, TimeoutError):
        return  # fenced or cut off, or never begun: the broker aborts it after its time-out


async def _close(producer: AIOKafkaProducer) -> None:
    """Disconnect. Not by `stop`, which first waits until Kafka has what was given up, and that may be never."""
    producer._closed = True  # noqa: SLF001 - else its finalizer complains
    with suppress(TimeoutError):  # else it ends with its connections
        async with asyncio.timeout(_FAREWELL):
            await producer._sender.close()  # noqa: SLF001
    await producer.client.close()


@asynccontextmanager
async def _kafka_errors() -> AsyncIterator[None]:
    try:
        yield
    except (errors.ProducerFenced, errors.InvalidTxnState, errors.InvalidProducerEpoch) as error:
        raise KafkaError(_EXPIRED) from error
    except errors.OutOfOrderSequenceNumber as error:
        raise SequenceBrokenError("Kafka refused an earlier message of the same partition") from error
    except TimeoutError as error:
        raise KafkaError("Kafka did not confirm the events in time; check Kafka, then send them again") from error
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
