"""A database that can be put back in time, and Kafka's log, which outlives that."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from consumers.intake import Intake, IntakeSettings
from consumers.ports import Arrived, Place, Standing
from infra.clock import SystemClock
from infra.database.intake import PostgresIntakeStore
from schemas.envelope import Message
from tests.integration.line import CLUSTER, PLACE, Line

QUICK = IntakeSettings(take=0.0, poison=0.1, backoff_first=0.05, backoff_longest=0.1)


async def back_up(here: Line) -> None:
    """Remember the whole database as it is now."""
    async with here.database.transaction() as connection:
        await connection.execute(text("CREATE SCHEMA past"))
        for table in await _tables(here):
            await connection.execute(text(f"CREATE TABLE past.{table} AS TABLE public.{table}"))


async def put_back(here: Line) -> None:
    """The database as it was when it was backed up; what happened since is forgotten by it, and by nobody else."""
    tables = await _tables(here)
    async with here.database.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))  # rows come in any order
        await connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
        for table in tables:
            await connection.execute(text(f"INSERT INTO public.{table} TABLE past.{table}"))


async def _tables(here: Line) -> list[str]:
    found = await here.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in found if name != "alembic_version"]


@dataclass(kw_only=True)
class Log:
    """`consumers.ports.Log` in memory: one partition, and our own commit there. `caught_up` when nothing is left."""

    cluster: str = CLUSTER
    messages: list[Message] = field(default_factory=list)
    committed: int | None = None
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)
    _placed: bool = False
    _position: int = 0

    async def unplaced(self) -> Sequence[Standing]:
        if self._placed:
            return ()
        return [Standing(place=PLACE, beginning=0, end=len(self.messages), committed=self.committed)]

    def start_from(self, starts: Mapping[Place, int]) -> None:
        self._position, self._placed = starts[PLACE], True

    async def take(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        del limit, seconds
        if not self._placed:
            return ()
        start, self._position = self._position, len(self.messages)
        found = [
            Arrived(place=PLACE, offset=start + number, message=message, time=datetime.now(UTC))
            for number, message in enumerate(self.messages[start:])
        ]
        if not found:
            self.caught_up.set()
        return found

    async def commit(self, following: Mapping[Place, int]) -> None:
        self.committed = following[PLACE]

    def forget(self) -> None:
        self._placed = False


class Kept:
    """Everything that Klipboard said, kept by Kafka, and the intake of one worker process that folds it."""

    def __init__(self, here: Line) -> None:
        self.log = Log()
        self._here = here
        self.start_again()

    def start_again(self) -> None:
        """Another process: it remembers nothing."""
        self.log.forget()
        store = PostgresIntakeStore(self._here.database)
        self._intake = Intake(log=self.log, store=store, clock=SystemClock(), settings=QUICK)

    async def tell(self, *messages: Message) -> None:
        """Klipboard says something, and it is folded; without messages what was not folded yet is."""
        self.log.messages.extend(messages)
        self.log.caught_up = asyncio.Event()
        await asyncio.wait_for(self._intake.run(self.log.caught_up), 30)
