"""Klipsync's own intake, watched from outside: its clock, and whether the records are what the events ask for."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from aiokafka import TopicPartition
from prometheus_client import REGISTRY
from sqlalchemy import text
from stage import Void

from consumers.intake import Intake, IntakeSettings
from consumers.ports import Place
from infra.clock import SystemClock
from infra.database.engine import Database
from infra.database.intake import PostgresIntakeStore
from infra.kafka.consumer import KafkaLog
from infra.settings import Settings
from schemas.envelope import Event

_OUTCOMES: Final = ("applied", "older", "repeated", "put_aside")
_CONTENT: Final = ("Created", "Edited")
_LOOK: Final = text("""
SELECT (SELECT count(*) FROM sync_record) AS records,
       (SELECT count(*) FROM sync_record WHERE kind = 'item') AS items,
       (SELECT coalesce(sum(revision), 0) FROM sync_record) AS revisions,
       (SELECT coalesce(sum(next_offset), 0) FROM intake_offset) AS events,
       (SELECT count(*) FROM outbox) AS letters
""")
_VERSIONS: Final = text("""
SELECT tenant_id, kind || '/' || klipboard_id, CAST(desired -> 'content' ->> 'version' AS bigint)
  FROM sync_record WHERE kind <> 'item'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What one pass of intake did, and what it cost."""

    seconds: float
    transactions: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What a pass left in the database."""

    records: int
    items: int
    revisions: int
    events: int
    letters: int


class _WatchedLog(KafkaLog):
    """The real log, which also notes when it got its partitions and when the last message's offset was told."""

    def __init__(self, address: str, *, group: str, count: int) -> None:
        super().__init__(address, worker="bench", group=group)
        self.began = self.ended = 0.0
        self.transactions = 0
        self.finished = asyncio.Event()
        self._count = count
        self._following: dict[Place, int] = {}

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.began = self.began or perf_counter()
        await super().on_partitions_assigned(assigned)

    async def commit(self, following: Mapping[Place, int]) -> None:
        # Intake tells Kafka after each of its transactions, so by now this one is on disk.
        await super().commit(following)
        self.transactions += 1
        self._following.update(following)
        if sum(self._following.values()) >= self._count:
            self.ended = perf_counter()
            self.finished.set()


async def fold(kafka: str, *, group: str, database: Database, count: int) -> Folded:
    """Fold the first `count` messages (or a few more: whole batches), exactly as a worker does."""
    before = _counted()
    async with _WatchedLog(kafka, group=group, count=count) as log:
        settings = IntakeSettings(batch=Settings().intake_batch)
        intake = Intake(log=log, store=PostgresIntakeStore(database), clock=SystemClock(), settings=settings)
        stop = asyncio.Event()
        running = asyncio.create_task(intake.run(stop))
        try:
            await log.finished.wait()
        finally:
            stop.set()
            await running
    outcomes = {name: number - before[name] for name, number in _counted().items()}
    return Folded(seconds=log.ended - log.began, transactions=log.transactions, outcomes=outcomes)


async def forget_offsets(database: Database) -> None:
    """Let the next pass read everything again, over the records that are there: a replay."""
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM intake_offset"))


async def look(database: Database) -> Tables:
    """Count."""
    async with database.transaction() as connection:
        row = (await connection.execute(_LOOK)).one()
    return Tables(**{name: int(number) for name, number in row._mapping.items()})  # noqa: SLF001 - SQLAlchemy's name


async def check(database: Database, events: Sequence[Event]) -> None:
    """Compare the records with the events, without asking the fold. Raises Void."""
    found = await look(database)
    wanted, products = _newest(events), _products(events)
    if (found.events, found.letters) != (len(events), 0):
        raise Void(f"intake folded {found.events} of {len(events)} events and put {found.letters} messages aside")
    if found.items != len(products):
        raise Void(f"intake made {found.items} items of {len(products)}")
    async with database.transaction() as connection:
        shown = {(tenant, subject): version for tenant, subject, version in await connection.execute(_VERSIONS)}
    wrong = [key for key in wanted.keys() | shown.keys() if wanted.get(key, -1) != shown.get(key, -1)]
    if wrong:
        raise Void(f"{len(wrong)} of {len(wanted)} records are not at their newest version, such as {min(wrong)}")


def _newest(events: Sequence[Event]) -> dict[tuple[str, str], int | None]:
    """Each thing, and the newest version of its content; None where only its status was told."""
    newest: dict[tuple[str, str], int | None] = {}
    for event in events:
        key = (event.tenant, event.subject)
        newest.setdefault(key, None)
        if event.type.endswith(_CONTENT):
            newest[key] = max(newest[key] or 0, event.version or 0)
    return newest


def _products(events: Sequence[Event]) -> set[tuple[str, str]]:
    """What the lines sell, by tenant, in the form in which two spellings of a name are one."""
    lines = [(event.tenant, line["name"]) for event in events for line in event.data.get("lines", ())]
    return {(tenant, " ".join(name.casefold().split())) for tenant, name in lines}


def _counted() -> dict[str, int]:
    found = {name: REGISTRY.get_sample_value("klipsync_events_total", {"outcome": name}) for name in _OUTCOMES}
    return {name: int(number or 0) for name, number in found.items()}
