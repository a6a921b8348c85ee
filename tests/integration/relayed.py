"""An outbox with messages in it, and relays to carry them to a Kafka or to something that notes what came."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from infra.clock import SystemClock
from infra.database import outbox
from infra.database.outbox import PostgresOutbox
from producers.kafka import KafkaError
from producers.relay import Relay, RelaySettings
from schemas.envelope import Message
from schemas.kinds import TenantId
from tests.integration.kafka_world import World

ALL_SENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


def message(here: World, tenant: str, number: int, *, topic: str = "") -> Message:
    header = ("ce_id", b"\x00\xff" + str(number).encode())
    return Message(
        topic=topic or here.topic, key=tenant.encode(), headers=(header,), value=f"{tenant}-{number}".encode()
    )


async def put(here: World, tenant: str | None, *messages: Message) -> None:
    async with here.database.transaction() as connection:
        await outbox.put(connection, tenant=None if tenant is None else TenantId(tenant), messages=messages)


class Sent:
    """Kafka for tests that care for order alone: notes what came, fails where told."""

    def __init__(self, *, failing: Callable[[Message], bool] = lambda _: False) -> None:
        self.failing = failing
        self.values: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send(self, messages: Sequence[Message]) -> None:
        await asyncio.sleep(0)
        for each in messages:
            if self.failing(each):
                raise KafkaError("the leader is away")
            self.values.append((each.value or b"").decode())


def relay(
    here: World, kafka: object, *, owner: str = "w1", lease: float = 10, limit: int = 100, grace: float = 3
) -> Relay:
    settings = RelaySettings(
        owner=owner, session=secrets.token_hex(4), lease=lease, idle_wait=0.1, backoff=0.2, grace=grace
    )
    store = PostgresOutbox(here.database, limit=limit)
    return Relay(store=store, kafka=kafka, clock=SystemClock(), settings=settings)  # type: ignore[arg-type]


@asynccontextmanager
async def relaying(at_work: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(at_work.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)
