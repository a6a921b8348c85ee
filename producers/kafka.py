"""What producers ask of Kafka."""

from collections.abc import Sequence
from typing import Protocol, Self

from schemas.envelope import Message


class KafkaError(Exception):
    """Kafka did not take the events. Nothing of the last transaction is visible to readers that read committed."""


class KafkaUnreachableError(KafkaError):
    """Kafka does not answer at this address. Check the address, and that Kafka is running."""


class TopicMissingError(KafkaError):
    """This topic does not exist in Kafka. Start `klipsync up` once, which makes it, or ask who runs Kafka."""


class UnconfirmedError(KafkaError):
    """Kafka's answer to a commit was lost. Publish the same again: if the events are there, repeats change nothing."""


class Kafka(Protocol):
    """Sends messages. The key alone chooses the partition, and within a partition the order is kept."""

    async def __aenter__(self) -> Self:
        """Connect. Raises KafkaUnreachableError."""

    async def __aexit__(self, *_: object) -> None:
        """Send what is under way, then disconnect."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when every in-sync replica has them all. Raises KafkaError; some may be there then."""


class TransactionalKafka(Protocol):
    """Sends messages in Kafka transactions."""

    async def __aenter__(self) -> Self:
        """Connect, and end what an earlier producer of this transactional id left open. Raises KafkaError."""

    async def __aexit__(self, *_: object) -> None:
        """Abort what is open, then disconnect."""

    async def commit(self, messages: Sequence[Message]) -> None:
        """All of them in one transaction, or none. Raises KafkaError."""
