"""How a worker ends: in order, in time, with nothing left at work; and how it outlives its database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from infra.worker.keeper import NameTaken
from tests.integration.at_work import (
    another,
    at_work,
    database_away,
    due_now,
    owner_tasks,
    owners,
    until,
    until_called,
    until_owned,
    until_synced,
)
from tests.integration.lease_world import LeaseWorld
from tests.integration.line import Line, line
from tests.integration.meddling import LOOK_AGAIN

pytestmark = pytest.mark.postgres
SLOW = timedelta(seconds=60)


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    async with line(database_url) as found:
        yield found


async def test_a_worker_that_stops_gives_back_what_it_owns(here: Line) -> None:
    """Told to stop, with nothing under way: its leases are free at once, and the others' shares grow."""
    async with at_work(here, "w2") as running:
        await until_owned(here, "w2")
        await running.end()
        await due_now(here)

        async with another(here, "w3") as next_one:
            claimed = await next_one.keeper.claim()

    assert [lease.tenant for lease in claimed] == [here.tenant]
    assert await here.rows("SELECT name FROM worker") == []


async def test_calls_under_way_are_settled_before_a_worker_ends(here: Line) -> None:
    """Told to stop in the middle of a call that is answered in time: it is settled, and nothing new is begun."""
    here.break_calls("delay", seconds=0.4, method="POST")
    async with at_work(here, "w2") as running:
        await here.client()
        await until_called(here, "/customer")
        running.stop.set()
        await here.client("c2")
        await running.end()

    assert (await here.record("client/c1"))["state"] == "synced"
    assert (await here.record("client/c2"))["state"] == "pending"
    assert await owners(here) == {here.tenant: None}


async def test_calls_that_hang_do_not_keep_a_worker_from_ending(here: Line) -> None:
    """A write and a poll hang for a minute: both are cut off when the grace is over; the write stays open."""
    here.break_calls("delay", seconds=60, method="POST")
    async with at_work(here, "w2", call_time_out=SLOW, stop_grace=timedelta(seconds=0.3)) as running:
        await until_called(here, "/cdc")
        await here.client()
        await until_called(here, "/customer")
        here.break_calls("delay", seconds=60, path_contains="/cdc")
        await due_now(here)
        await until_called(here, "/cdc", times=2)

        await running.end()
        left_at_work = owner_tasks()

    assert left_at_work == set()
    assert await owners(here) == {here.tenant: None}
    assert await here.rows("SELECT outcome FROM attempt") == [(None,)]
    assert (await here.record("client/c1"))["state"] == "pending"


async def test_a_claim_under_way_leaves_no_owner_behind(here: Line) -> None:
    """Told to stop while a claim is under way: what it brings is given back, and nobody begins to act for it."""
    async with at_work(here, "w2") as running:
        await until_owned(here, "w2")
        await here.rows("UPDATE connection SET state = 'expired' RETURNING 1")
        await until_owned(here, None)
        async with here.database.transaction() as connection:
            await connection.exec_driver_sql("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
            await here.rows("UPDATE connection SET state = 'connected' RETURNING 1")
            await due_now(here)
            await LeaseWorld(here.database).waiting(1)
            before = len(here.calls())
            running.stop.set()
            await asyncio.sleep(0.1)
        await running.end()
        left_at_work = owner_tasks()

    assert left_at_work == set()
    assert await owners(here) == {here.tenant: None}
    assert here.calls()[before:] == []


async def test_what_a_late_claim_brings_is_given_back(here: Line) -> None:
    """It was on its way when the end began: nobody acts for the tenant, and whoever comes next has it at once."""
    async with another(here, "w2") as worker:
        worker.placed.set()
        worker._ending = True
        await worker._claim()

        assert owner_tasks() == set()
        assert worker.keeper.held == ()
        assert await owners(here) == {here.tenant: None}


async def test_a_process_whose_name_is_taken_ends_and_leaves_nothing_at_work(here: Line) -> None:
    """A newer process of the name enters: the older raises that, and no owner of it goes on behind its back."""
    here.break_calls("delay", seconds=60, method="POST")
    async with at_work(here, "w2", call_time_out=SLOW, stop_grace=timedelta(seconds=0.3)) as running:
        await here.client()
        await until_called(here, "/customer")
        await LeaseWorld(here.database).leases("w2", "newer").enter()

        with pytest.raises(ExceptionGroup) as raised:
            await asyncio.wait_for(asyncio.shield(running.task), 20)
        left_at_work = owner_tasks()

    assert raised.group_contains(NameTaken)
    assert left_at_work == set()
    assert await here.rows("SELECT name, session FROM worker") == [("w2", "newer")]


async def test_a_database_that_is_away_for_longer_than_a_lease_costs_nothing_but_time(here: Line) -> None:
    """No owner acts on when its lease has run out unrenewed; back again, the worker claims anew and goes on."""
    async with at_work(here, "w2", lease=timedelta(seconds=1.2), lease_renewal=timedelta(seconds=0.4)) as running:
        await until_owned(here, "w2")
        await until_called(here, "/cdc")
        await here.client()
        await until_synced(here, "client/c1")
        await here.database.close()

        async with database_away(here):
            await until(lambda: not owner_tasks())
            await asyncio.sleep(1.3)
            now = running.worker.parts.clock.boottime()
            acting = [lease for lease in running.worker.keeper.held if lease.held(now)]
        await here.client(version=2, email="new@example.com")
        await until_synced(here, "client/c1")

    assert acting == []
    assert here.one("Customer", DisplayName="Client c1")["PrimaryEmailAddr"] == {"Address": "new@example.com"}


async def test_a_worker_ends_in_order_while_its_database_is_away(here: Line) -> None:
    """Told to stop when nothing can be given back: it ends all the same; its leases run out by themselves."""
    async with at_work(here, "w2") as running:
        await until_owned(here, "w2")
        await here.database.close()

        async with database_away(here):
            await running.end()
        left_at_work = owner_tasks()

    assert left_at_work == set()
    assert running.task.exception() is None


async def test_a_write_of_before_the_database_went_away_is_looked_into_afterwards(here: Line) -> None:
    """R-40: the answer comes while the database is away and cannot be stored: the record is there once all the same."""
    await here.turns()
    assert here.lease is not None
    await here.worker.keeper.release([here.lease])
    here.break_calls("delay", seconds=1, method="POST", count=1)
    async with at_work(here, "w2", lease=timedelta(seconds=1.2), lease_renewal=timedelta(seconds=0.4)):
        await here.client()
        await until_called(here, "/customer")
        await here.database.close()
        async with database_away(here):
            await until(lambda: bool(here.books("Customer")))
            await asyncio.sleep(1.3)

        await here.pass_time(seconds=LOOK_AGAIN)
        await until_synced(here, "client/c1")

    here.one("Customer", DisplayName="Client c1")
