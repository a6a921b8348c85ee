"""Tenants that are due, and workers that claim them, over a real database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.attempts import Lease
from consumers.records import Fence
from infra.clock import Clock, SystemClock
from infra.database.engine import Database
from infra.database.leases import Leases
from infra.database.migrate import migrate
from infra.worker.keeper import Keeper
from schemas.kinds import TenantId

SECONDS = 10.0
NOBODY = dict[TenantId, Fence]()
_TENANT = "INSERT INTO tenant (id, name, time_zone, currency, next_poll_at) VALUES (:t, '', 'UTC', 'USD', NULL)"
_CONNECTION = (
    "INSERT INTO connection (tenant_id, realm, environment, refresh_token, session, state)"
    " VALUES (:t, :t, 'production', '', '', 'connected')"
)


@dataclass
class LeaseWorld:
    """A migrated database; every tenant in it is due by its poll unless a test says otherwise."""

    database: Database

    async def run(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """One statement in a transaction of its own."""
        async with self.database.transaction() as connection:
            result = await connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def tenants(self, *names: str) -> None:
        """Connected tenants that have never been polled."""
        for name in names:
            await self.run(_TENANT, t=name)
            await self.run(_CONNECTION, t=name)

    def leases(self, name: str, session: str = "1", *, seconds: float = SECONDS) -> Leases:
        """A worker process's leases."""
        return Leases(self.database, owner=name, session=session, seconds=seconds)

    async def worker(
        self, name: str, session: str = "1", *, clock: Clock | None = None, seconds: float = SECONDS
    ) -> Keeper:
        """A worker process that has entered its name."""
        leases = self.leases(name, session, seconds=seconds)
        await leases.enter()
        return Keeper(leases, clock or SystemClock(), seconds=seconds)

    async def expire(self, *tenants: str) -> None:
        """The leases of these tenants ran out."""
        await self.run(
            "UPDATE lease SET expires_at = now() - interval '1 second' WHERE tenant_id = ANY(:t)", t=list(tenants)
        )

    async def owners(self) -> dict[str, str | None]:
        """Who owns each tenant now, by the database."""
        rows = await self.run(
            "SELECT t.id, CASE WHEN l.expires_at > clock_timestamp() THEN l.owner END"
            " FROM tenant t LEFT JOIN lease l ON l.tenant_id = t.id"
        )
        return dict(tuple(row) for row in rows)

    async def waiting(self, count: int) -> None:
        """Until so many sessions of this database wait for a lock."""
        async with asyncio.timeout(10):
            while (await self.run(_WAITING))[0][0] < count:  # noqa: ASYNC110 - nobody rings a bell for it
                await asyncio.sleep(0.01)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Every statement that is executed meanwhile."""
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(self.database.engine.sync_engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.database.engine.sync_engine, "before_cursor_execute", note)

    @asynccontextmanager
    async def locked(self, tenant: str) -> AsyncIterator[AsyncConnection]:
        """Somebody holds the tenant's lease row, as a statement does that changes it."""
        async with self.database.transaction() as connection:
            await connection.execute(text("SELECT 1 FROM lease WHERE tenant_id = :t FOR UPDATE"), {"t": tenant})
            yield connection


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def lease_world(database_url: str) -> AsyncIterator[LeaseWorld]:
    """An empty, migrated database."""
    database = Database(database_url)
    try:
        await migrate(database)
        yield LeaseWorld(database)
    finally:
        await database.close()


def names(leases: list[Lease]) -> set[str]:
    """Whose leases they are."""
    return {lease.tenant for lease in leases}
