"""Workers that really run beside a line: its leases, owners and wake-ups; folding and relaying are left to the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from inspect import isawaitable
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from infra import bootstrap
from infra.sandbox.quickbooks.journal import Entry
from infra.worker.worker import Worker
from tests.integration.line import Line, settings_for

LIVELY: dict[str, Any] = {
    "lease": timedelta(seconds=3),
    "lease_renewal": timedelta(seconds=0.5),
    "idle_wait": timedelta(seconds=0.1),
    "database_backoff": timedelta(seconds=0.2),
    "stop_grace": timedelta(seconds=1),
    "outage_pause": timedelta(seconds=0.2),
}


class Quiet:
    """A part with nothing to do."""

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the end."""
        await stop.wait()


@dataclass
class Running:
    """A worker at work in this process."""

    worker: Worker
    task: asyncio.Task[None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def end(self) -> None:
        """Told to stop, as by SIGTERM; it has ended when this returns."""
        self.stop.set()
        async with asyncio.timeout(20):
            await self.task


@asynccontextmanager
async def another(
    here: Line,
    name: str,
    *,
    wrap: bootstrap.Wrap = bootstrap.as_it_is,
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[Worker]:
    """One more worker on the line's database, with the same token keys; built, not running."""
    keys, url = here.settings.token_keys, here.database.url
    chosen = settings_for(url, here.running, worker_name=name, token_keys=keys, **settings)
    async with bootstrap.worker(chosen, wrap=wrap) as built:
        yield replace(built, intake=Quiet(), relay=Quiet())


@asynccontextmanager
async def at_work(here: Line, name: str, **settings: Any) -> AsyncIterator[Running]:  # noqa: ANN401
    """One more worker, running; ended afterwards, unless it has ended itself."""
    async with another(here, name, **{**LIVELY, **settings}) as worker:
        stop = asyncio.Event()
        running = Running(worker=worker, task=asyncio.create_task(worker.run(stop)), stop=stop)
        try:
            yield running
        finally:
            stop.set()
            await asyncio.wait([running.task], timeout=20)


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait for it, half a minute at most."""
    async with asyncio.timeout(30):
        while not (await found if isawaitable(found := condition()) else found):  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0.02)


async def until_synced(here: Line, subject: str) -> None:
    """Until the record is in QuickBooks as it should be."""

    async def synced() -> bool:
        row = await here.record(subject)
        return bool(row["state"] == "synced" and row["revision"] == row["settled_revision"])

    await until(synced)


async def until_called(here: Line, path: str, *, times: int = 1) -> None:
    """Until QuickBooks got so many calls whose path ends so ("/customer", "/cdc", "/query"), answered or not."""
    await until(lambda: len([one for one in here.calls() if one.path.endswith(path)]) >= times)


async def until_owned(here: Line, owner: str | None) -> None:
    """Until the line's tenant is that worker's, or nobody's."""

    async def owned() -> bool:
        return await owners(here) == {here.tenant: owner}

    await until(owned)


async def owners(here: Line) -> dict[str, str | None]:
    """Whose each tenant is now, by the database."""
    rows = await here.rows(
        "SELECT t.id, CASE WHEN l.expires_at > clock_timestamp() THEN l.owner END"
        " FROM tenant t LEFT JOIN lease l ON l.tenant_id = t.id"
    )
    return {tenant: owner for tenant, owner in rows}  # noqa: C416 - a tuple of two, as mypy must see


async def due_now(here: Line) -> None:
    """The tenant's poll is due."""
    await here.rows("UPDATE tenant SET next_poll_at = NULL RETURNING 1")


def sent_by(entries: list[Entry], worker: str) -> list[Entry]:
    """Those of the calls that this worker made."""
    return [entry for entry in entries if f"worker={worker};" in entry.user_agent]


def owner_tasks() -> set[str]:
    """Owners at work in this process."""
    return {name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("owner:")}


@asynccontextmanager
async def database_away(here: Line) -> AsyncIterator[None]:
    """The database ends every session and lets nobody in."""
    url = make_url(here.database.url)
    admin = create_async_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": url.database},
            )
            try:
                yield
            finally:
                await connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
    finally:
        await admin.dispose()
