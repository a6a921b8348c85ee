"""Claiming: one owner at a time, due tenants only, in fair shares, under a fence that only grows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from consumers.attempts import Lease
from consumers.books import FenceLost
from infra.database.books import StoredBooks, check_fence
from schemas.kinds import TenantId
from tests.integration.lease_world import NOBODY, LeaseWorld, lease_world, names

pytestmark = pytest.mark.postgres

_POLLED = "UPDATE tenant SET next_poll_at = now() + interval '1 hour' WHERE id = 'acme'"
_RECORD = (
    "INSERT INTO sync_record (tenant_id, kind, klipboard_id, state, revision, settled_revision, next_attempt_at)"
    " VALUES ('acme', 'client', 'c1', 'pending', {revision}, 1, {next_attempt})"
)
_ATTEMPT = (
    "INSERT INTO attempt (id, call_id, tenant_id, kind, klipboard_id, operation, type, path, request_id, body, realm,"
    " outcome, next_step_at) VALUES ('a', 'a', 'acme', 'client', 'c1', 'create', 'Customer', '/', 'a', '', 'r',"
    " {outcome}, {next_step})"
)


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[LeaseWorld]:
    async with lease_world(database_url) as world:
        yield world


@pytest.mark.parametrize(
    "reason",
    [
        _RECORD.format(revision=2, next_attempt="NULL"),
        _RECORD.format(revision=2, next_attempt="now() - interval '1 second'"),
        _ATTEMPT.format(outcome="NULL", next_step="now() - interval '1 second'"),
        "UPDATE tenant SET next_poll_at = now() - interval '1 second'",
        "UPDATE tenant SET next_poll_at = NULL",
    ],
)
async def test_a_tenant_is_due_through_a_record_an_open_attempt_or_its_poll(here: LeaseWorld, reason: str) -> None:
    """Each of the three is enough to be claimed, and nothing else is."""
    await here.tenants("acme")
    await here.run(_POLLED)
    worker = await here.worker("w1")
    assert await worker.claim() == []

    await here.run(reason)

    assert names(await worker.claim()) == {"acme"}


@pytest.mark.parametrize(
    "condition",
    [
        f"{_POLLED}; " + _RECORD.format(revision=1, next_attempt="NULL"),
        f"{_POLLED}; " + _RECORD.format(revision=2, next_attempt="now() + interval '1 minute'"),
        f"{_POLLED}; " + _ATTEMPT.format(outcome="NULL", next_step="now() + interval '1 minute'"),
        f"{_POLLED}; " + _ATTEMPT.format(outcome="'executed'", next_step="now() - interval '1 minute'"),
        "UPDATE tenant SET paused_until = now() + interval '1 minute'",
        "UPDATE tenant SET operator_pause = 'by a person'",
        "UPDATE connection SET state = 'expired'",
    ],
)
async def test_what_is_not_due_is_not_claimed(here: LeaseWorld, condition: str) -> None:
    """Settled, closed, waiting for its time, paused or disconnected: nobody can do anything for it now."""
    await here.tenants("acme")
    for statement in condition.split("; "):
        await here.run(statement)

    assert await (await here.worker("w1")).claim() == []


async def test_a_tenant_has_one_owner_at_a_time(here: LeaseWorld) -> None:
    """While one worker's lease runs no other gets the tenant; of many that try at once one does."""
    await here.tenants("acme")
    workers = [await here.worker(f"w{n}") for n in range(5)]

    claims = await asyncio.gather(*(worker.claim() for worker in workers))
    later = [await worker.claim() for worker in workers]

    assert sorted(map(len, claims)) == [0, 0, 0, 0, 1]
    assert later == [[]] * 5


async def test_workers_share_the_tenants_fairly(here: LeaseWorld) -> None:
    """Each takes at most its part, rounded up, however early it comes; together they take all."""
    await here.tenants(*"abcde")
    first, second = await here.worker("w1"), await here.worker("w2")

    taken = [names(await worker.claim()) for worker in (first, second)]

    assert list(map(len, taken)) == [3, 2]
    assert taken[0] | taken[1] == set("abcde")


async def test_a_dead_workers_part_goes_to_the_living(here: LeaseWorld) -> None:
    """A worker that was not seen for as long as a lease lasts counts no more."""
    await here.tenants(*"abcd")
    await here.worker("dead")
    living = await here.worker("w1")
    assert len(await living.claim()) == 2

    await here.run("UPDATE worker SET seen_at = seen_at - interval '11 seconds' WHERE name = 'dead'")

    assert len(await living.claim()) == 2
    assert len(living.held) == 4


async def test_an_expired_lease_is_taken_under_a_higher_fence(here: LeaseWorld) -> None:
    """Not before it ran out; and then what the former owner stores is refused."""
    await here.tenants("acme")
    (old,) = await (await here.worker("w1")).claim()
    other = await here.worker("w2")
    assert await other.claim() == []

    await here.expire("acme")
    (new,) = await other.claim()

    assert new.fence > old.fence
    with pytest.raises(FenceLost):
        async with StoredBooks(here.database).settling(old):
            pass


async def test_a_restart_takes_its_own_leases_at_once(here: LeaseWorld) -> None:
    """A worker of the same name does not wait for the leases of its former self to run out."""
    await here.tenants("acme")
    (old,) = await (await here.worker("w1", "before")).claim()

    (new,) = await (await here.worker("w1", "after")).claim()

    assert new.fence > old.fence


async def test_a_fence_never_falls_when_the_databases_clock_does(here: LeaseWorld) -> None:
    """The stored fence is of a clock an hour ahead of now: the next one exceeds it all the same."""
    await here.tenants("acme")
    await (await here.worker("w1")).claim()
    ((ahead,),) = await here.run(
        "UPDATE lease SET expires_at = '-infinity', fence = (extract(epoch FROM now()) + 3600) * 1000000"
        " RETURNING fence"
    )

    (lease,) = await (await here.worker("w2")).claim()

    assert lease.fence > ahead


async def test_a_fence_never_falls_when_the_database_is_restored(here: LeaseWorld) -> None:
    """A restored database has forgotten the lease, or has an older one: the next fence exceeds the forgotten one."""
    await here.tenants("acme")
    (forgotten,) = await (await here.worker("w1")).claim()
    await here.run("DELETE FROM lease")

    (lease,) = await (await here.worker("w2")).claim()

    assert lease.fence > forgotten.fence


async def test_a_tenant_that_is_being_claimed_is_skipped(here: LeaseWorld) -> None:
    """Nobody waits for a tenant that somebody else is claiming at this moment."""
    await here.tenants("acme", "bolt")
    leases = here.leases("w1")
    await leases.release(dict(await leases.claim(limit=10, held=NOBODY)))

    async with asyncio.timeout(5), here.locked("acme"):
        claimed = await here.leases("w2").claim(limit=10, held=NOBODY)

    assert [tenant for tenant, _ in claimed] == ["bolt"]


async def test_a_tenant_that_is_being_settled_is_skipped(here: LeaseWorld) -> None:
    """Its lease ran out in the middle of a transaction: that may end well, and holds up no other tenant's claim."""
    await here.tenants("acme", "bolt")
    (old, _) = sorted(await (await here.worker("w1")).claim(), key=lambda lease: lease.tenant)

    async with asyncio.timeout(5), StoredBooks(here.database).settling(old) as books:
        await here.expire("acme", "bolt")
        claimed = await here.leases("w2").claim(limit=10, held=NOBODY)
        await books.pause(TenantId("acme"), cause="after the claim", seconds=-1)

    assert [tenant for tenant, _ in claimed] == ["bolt"]
    assert [tenant for tenant, _ in await here.leases("w2").claim(limit=10, held=NOBODY)] == ["acme"]


async def test_a_suspended_workers_transactions_do_not_keep_its_tenant_from_others(here: LeaseWorld) -> None:
    """One is open and others of its wait for that; the lease runs out: when the first has ended, none locks it anew."""
    await here.tenants("acme")
    (old,) = await (await here.worker("w1")).claim()
    books = StoredBooks(here.database)
    entered = asyncio.Event()

    async def settle() -> None:
        async with books.settling(old):
            entered.set()
            await asyncio.Event().wait()

    first = asyncio.create_task(settle())
    await entered.wait()
    waiting = [asyncio.create_task(settle()) for _ in range(3)]
    await here.waiting(3)
    await here.expire("acme")
    first.cancel()
    refused = await asyncio.gather(*waiting, return_exceptions=True)

    assert list(map(type, refused)) == [FenceLost] * 3
    assert names(await (await here.worker("w2")).claim()) == {"acme"}


async def test_a_new_owner_does_not_wait_for_the_former_ones_transactions(here: LeaseWorld) -> None:
    """What waits under the former fence holds up nothing under the present one."""
    await here.tenants("acme")
    (old,) = await (await here.worker("w1")).claim()
    await here.expire("acme")
    (new,) = await (await here.worker("w2")).claim()
    books = StoredBooks(here.database)

    async with here.database.transaction() as suspended:
        with pytest.raises(FenceLost):
            await check_fence(suspended, old.tenant, old.fence)
        async with asyncio.timeout(5), books.settling(new) as settling:
            await settling.pause(TenantId("acme"), cause="stored", seconds=1)


async def test_two_transactions_of_one_owner_go_one_after_the_other(here: LeaseWorld) -> None:
    """So neither overlooks what the other links or stores; those of another tenant need not wait."""
    await here.tenants("acme", "bolt")
    acme, bolt = sorted(await (await here.worker("w1")).claim(), key=lambda lease: lease.tenant)
    books = StoredBooks(here.database)
    order: list[str] = []

    async def settle(lease: Lease, what: str) -> None:
        async with books.settling(lease):
            order.append(what)

    async with books.settling(acme):
        second = asyncio.create_task(settle(acme, "second of acme"))
        await here.waiting(1)
        await settle(bolt, "first of bolt")
        order.append("first of acme")
    await second

    assert order == ["first of bolt", "first of acme", "second of acme"]


async def test_a_released_lease_is_free_at_once(here: LeaseWorld) -> None:
    """Whoever lets go makes nobody wait."""
    await here.tenants("acme")
    first, second = await here.worker("w1"), await here.worker("w2")
    (lease,) = await first.claim()

    await first.release([lease])

    assert first.held == ()
    assert not lease.held(0.0)
    assert names(await second.claim()) == {"acme"}


async def test_an_older_owner_of_the_same_process_releases_only_its_own_lease(here: LeaseWorld) -> None:
    """It ended late, and its process has claimed the tenant anew meanwhile: that lease stays."""
    await here.tenants("acme")
    worker = await here.worker("w1")
    (old,) = await worker.claim()
    await here.expire("acme")
    worker.forget(old)
    (new,) = await worker.claim()

    await worker.release([old])

    assert new.fence > old.fence
    assert worker.held == (new,)
    assert await here.owners() == {"acme": "w1"}


async def test_a_process_whose_name_was_taken_claims_nothing_more(here: LeaseWorld) -> None:
    """Else the older of two of one name would rob the newer, for each takes the other for its former self."""
    await here.tenants("acme", "bolt")
    older = await here.worker("w1", "older")
    await here.run("UPDATE tenant SET next_poll_at = now() + interval '1 hour' WHERE id = 'bolt'")
    newer = await here.worker("w1", "newer")
    assert names(await newer.claim()) == {"acme"}

    await here.run("UPDATE tenant SET next_poll_at = NULL")

    assert await older.claim() == []
