"""Keeping leases: renewed together and in time, forgotten when lost, given back when they are too many."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock
from infra.database.books import StoredBooks
from infra.worker.keeper import NameTaken
from schemas.kinds import TenantId
from tests.integration.lease_world import LeaseWorld, lease_world, names

pytestmark = pytest.mark.postgres

_RUNS_FOR = "SELECT ceil(extract(epoch FROM min(expires_at - clock_timestamp())))::int FROM lease"


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[LeaseWorld]:
    async with lease_world(database_url) as world:
        yield world


async def test_all_leases_are_renewed_in_one_statement(here: LeaseWorld) -> None:
    """However many a worker holds, one statement renews them; each runs for its whole length again."""
    await here.tenants(*"abcde")
    worker = await here.worker("w1")
    await worker.claim()
    await here.run("UPDATE lease SET expires_at = now() + interval '1 second'")

    with here.statements() as seen:
        await worker.renew()

    assert len([statement for statement in seen if "UPDATE lease" in statement]) == 1
    assert await here.run(_RUNS_FOR) == [(10,)]
    assert len(worker.held) == 5


async def test_a_lost_lease_is_forgotten_and_the_others_stay(here: LeaseWorld) -> None:
    """Somebody took it while we slept: from the renewal on we no longer act under it."""
    await here.tenants("acme", "bolt")
    worker = await here.worker("w1")
    lost, kept = sorted(await worker.claim(), key=lambda lease: lease.tenant)
    await here.expire("acme")
    (taken,) = await here.leases("w2").claim(limit=1, held={})

    await worker.renew()

    assert taken[0] == "acme"
    assert worker.held == (kept,)
    assert not lost.held(0.0)


async def test_a_lease_is_counted_from_before_its_renewal_was_sent(here: LeaseWorld) -> None:
    """The answer took four seconds: by our clock the lease ends four seconds before the database would end it."""
    await here.tenants("acme")
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    worker = await here.worker("w1", clock=clock)
    (lease,) = await worker.claim()
    clock.advance(3)

    async with here.locked("acme"):
        renewal = asyncio.create_task(worker.renew())
        await here.waiting(1)
        clock.advance(4)
    await renewal

    assert lease.until == 13.0
    assert lease.held(12.9)
    assert not lease.held(13.0)


async def test_what_is_claimed_during_a_renewal_is_kept(here: LeaseWorld) -> None:
    """The renewal under way does not know the new lease, and must not take it for a lost one."""
    await here.tenants("acme", "bolt")
    await here.run("UPDATE tenant SET next_poll_at = now() + interval '1 hour' WHERE id = 'bolt'")
    worker = await here.worker("w1")
    await worker.claim()

    async with here.locked("acme"):
        renewal = asyncio.create_task(worker.renew())
        await here.waiting(1)
        await here.run("UPDATE tenant SET next_poll_at = NULL")
        (new,) = await worker.claim()
    await renewal

    assert new.until > 0
    assert names(list(worker.held)) == {"acme", "bolt"}


async def test_what_is_given_back_during_a_renewal_stays_given_back(here: LeaseWorld) -> None:
    """Else nobody held the tenant, and nobody could claim it, until the renewed lease ran out."""
    await here.tenants("acme")
    worker, other = await here.worker("w1"), await here.worker("w2")
    (lease,) = await worker.claim()

    async with here.locked("acme"):
        release = asyncio.create_task(here.leases("w1").release({lease.tenant: lease.fence}))
        await here.waiting(1)
        renewal = asyncio.create_task(worker.renew())
        await here.waiting(2)
        worker.forget(lease)
    await asyncio.gather(release, renewal)

    assert not lease.held(0.0)
    assert names(await other.claim()) == {"acme"}


async def test_a_renewal_does_not_wait_for_what_an_owner_settles(here: LeaseWorld) -> None:
    """One tenant's long transaction must not cost the worker the leases of all the others."""
    await here.tenants("acme", "bolt")
    worker = await here.worker("w1")
    acme, _ = sorted(await worker.claim(), key=lambda lease: lease.tenant)
    await here.run("UPDATE lease SET expires_at = now() + interval '1 second'")

    async with StoredBooks(here.database).settling(acme):
        await worker.renew()

    assert await here.run(_RUNS_FOR) == [(10,)]


async def test_a_database_that_does_not_answer_is_asked_again_in_time(here: LeaseWorld) -> None:
    """A renewal is waited for no longer than a third of the lease; a later one succeeds within the rest."""
    await here.tenants("acme")
    worker = await here.worker("w1", seconds=1.5)
    (lease,) = await worker.claim()

    async with here.locked("acme"):
        with pytest.raises(TimeoutError):
            await worker.renew()
    await worker.renew()

    assert worker.held == (lease,)


async def test_the_older_of_two_processes_of_one_name_stops(here: LeaseWorld) -> None:
    """Names are stable and unique: the newer process is the worker, and the older hears it at its next renewal."""
    await here.tenants("acme")
    older = await here.worker("w1", "older")
    await older.claim()
    newer = await here.worker("w1", "newer")
    await newer.claim()

    await newer.renew()
    with pytest.raises(NameTaken):
        await older.renew()

    assert older.held == ()
    assert names(list(newer.held)) == {"acme"}


async def test_what_is_beyond_a_workers_share_is_given_back(here: LeaseWorld) -> None:
    """A worker joins: the one that has everything gives back the newcomer's part, and no more."""
    await here.tenants(*"abcd")
    worker = await here.worker("w1")
    await worker.claim()
    assert await worker.surplus() == []

    newcomer = await here.worker("w2")
    too_many = await worker.surplus()
    await worker.release(too_many)

    assert len(too_many) == 2
    assert names(await newcomer.claim()) == names(too_many)
    assert await worker.surplus() == []


async def test_a_tenant_whose_connection_ended_takes_nobodys_place(here: LeaseWorld) -> None:
    """It is given back, and the tenant that can be served keeps its owner, or finds one."""
    await here.tenants("gone")
    worker = await here.worker("w1")
    await worker.claim()
    await here.tenants("acme")
    await here.run("UPDATE connection SET state = 'expired' WHERE tenant_id = 'gone'")
    assert await worker.claim() == []

    await worker.release(await worker.surplus())

    assert names(await worker.claim()) == {"acme"}
    assert await worker.surplus() == []
    assert await here.owners() == {"acme": "w1", "gone": None}


async def test_a_restored_database_is_told_of_before_anything_is_claimed(here: LeaseWorld) -> None:
    """Its leases are older than those in hand: nothing is claimed until the renewal has marked every tenant."""
    await here.tenants("acme", "bolt", "cold")
    await here.run("UPDATE tenant SET next_poll_at = now() + interval '1 hour' WHERE id = 'cold'")
    worker = await here.worker("w1")
    assert names(await worker.claim()) == {"acme", "bolt"}
    await here.run("UPDATE lease SET fence = 1, expires_at = now() - interval '1 hour'")
    await here.run("DELETE FROM worker")
    await here.run("UPDATE tenant SET next_poll_at = NULL")

    before = await worker.claim()
    await worker.renew()

    assert before == []
    assert worker.held == ()
    assert await here.run("SELECT count(*) FROM tenant WHERE rewound_at IS NOT NULL") == [(3,)]
    assert names(await worker.claim()) == {"acme", "bolt", "cold"}


@pytest.mark.parametrize("noticed", ["refused", "cut short"])
async def test_a_restored_database_is_told_of_by_an_owner_that_ends(here: LeaseWorld, noticed: str) -> None:
    """Its transaction is refused, or its turn cut short, before any renewal: told all the same, and nothing claimed."""
    await here.tenants("acme")
    worker = await here.worker("w1")
    (lease,) = await worker.claim()
    await here.run("UPDATE lease SET fence = 1, expires_at = now() - interval '1 hour'")

    if noticed == "refused":
        worker.lose(lease)
        assert await worker.claim() == []
        await worker.renew()
    else:
        await worker.release([lease])

    assert await here.run("SELECT rewound_at IS NOT NULL FROM tenant") == [(True,)]
    assert names(await worker.claim()) == {"acme"}


async def test_what_could_not_be_given_back_is_given_back_later(here: LeaseWorld) -> None:
    """The database does not answer: the lease is not acted under, nor renewed, and free as soon as it does."""
    await here.tenants("acme")
    worker, other = await here.worker("w1"), await here.worker("w2")
    (lease,) = await worker.claim()

    async with here.locked("acme"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await worker.release([lease])
    held = lease.held(0.0)
    await worker.renew()

    assert not held
    assert worker.held == ()
    assert names(await other.claim()) == {"acme"}


async def test_only_what_is_really_lost_is_lost(here: LeaseWorld) -> None:
    """A lease that ran out and that nobody took goes on under its old fence: nobody acted in between."""
    await here.tenants("acme")
    worker = await here.worker("w1")
    (lease,) = await worker.claim()
    await here.expire("acme")

    await worker.renew()

    assert worker.held == (lease,)
    assert await here.owners() == {TenantId("acme"): "w1"}
