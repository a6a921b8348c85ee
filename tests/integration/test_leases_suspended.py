"""A worker that was suspended in the middle of a transaction: its tenant finds another owner all the same."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from infra.database.books import check_fence
from infra.database.engine import Database, unlimited
from tests.integration.at_work import until
from tests.integration.lease_world import NOBODY, LeaseWorld, lease_world, names

pytestmark = pytest.mark.postgres


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[LeaseWorld]:
    async with lease_world(database_url) as world:
        yield world


@pytest.mark.parametrize("preparing", [False, True], ids=["idle", "preparing a statement"])
async def test_the_server_ends_a_transaction_of_a_suspended_worker(here: LeaseWorld, *, preparing: bool) -> None:
    """Wherever it stopped: between two statements, or after one was prepared and before it was executed."""
    await here.tenants("acme")
    (old,) = await (await here.worker("w1")).claim()
    suspended = Database(here.database.url, idle_limit=0.1)
    other = here.leases("w2")

    connection = await suspended.engine.connect()
    await check_fence(connection, old.tenant, old.fence)
    if preparing:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.prepare("SELECT 1")
    else:
        await unlimited(connection)  # so that nothing but its idleness ends it
    await here.expire("acme")

    async def claimed() -> bool:
        return bool(await other.claim(limit=1, held=NOBODY))

    await until(claimed)

    await connection.invalidate()
    await connection.close()
    await suspended.close()
    assert await here.owners() == {"acme": "w2"}


async def test_a_migration_may_take_its_time(here: LeaseWorld) -> None:
    """What is at work, on a table of years, is not ended like what is suspended."""
    patient = Database(here.database.url, idle_limit=0.05)

    async with patient.transaction() as connection:
        await unlimited(connection)
        await connection.execute(text("SELECT pg_sleep(0.8)"))
        found = (await connection.execute(text("SELECT 'still here'"))).scalar_one()
    await patient.close()

    assert found == "still here"


async def test_a_transaction_at_work_is_ended_only_after_its_whole_time(here: LeaseWorld) -> None:
    """Longer than the idle limit, shorter than the whole: it is let be."""
    await here.tenants("acme")
    (lease,) = await (await here.worker("w1")).claim()
    patient = Database(here.database.url, idle_limit=0.2)

    async with patient.transaction() as connection:
        await check_fence(connection, lease.tenant, lease.fence)
        await connection.execute(text("SELECT pg_sleep(0.5)"))
    await patient.close()

    assert names([lease]) == {"acme"}
