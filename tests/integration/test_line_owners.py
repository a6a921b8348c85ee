"""Owners: a tenant has one, whoever it was before sends and stores nothing, and whoever comes next goes on (R-40)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from consumers.attempts import Lease
from consumers.books import FenceLost
from infra.worker.owner import Owner
from tests.integration.at_work import (
    another,
    at_work,
    due_now,
    owners,
    sent_by,
    until,
    until_called,
    until_owned,
    until_synced,
)
from tests.integration.line import Line, line
from tests.integration.meddling import LOOK_AGAIN

pytestmark = pytest.mark.postgres


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    async with line(database_url) as found:
        yield found


async def taken_from(here: Line) -> Lease:
    """The lease of the line's own worker, w1, which ran out without its knowledge."""
    assert here.lease is not None
    zombie, here.lease = here.lease, None
    await here.rows("UPDATE lease SET expires_at = '-infinity' RETURNING 1")
    await due_now(here)
    return zombie


async def test_a_zombie_owner_sends_and_stores_nothing(here: Line) -> None:
    """R-40: its lease is another's, its own clock does not know it yet, and there is a poll and a write to be made."""
    await here.client()
    await here.turns()
    zombie = await taken_from(here)
    async with another(here, "w2") as second:
        await here.turn(worker=second)
    await here.client(version=2, email="new@example.com")
    await due_now(here)
    before, record = len(here.calls()), await here.record("client/c1")

    with pytest.raises(FenceLost):
        await Owner(lease=zombie, parts=here.worker.parts).take_turn()

    assert here.calls()[before:] == []
    assert await here.record("client/c1") == record


async def test_an_answer_to_a_zombie_is_not_stored_and_the_next_owner_finds_out(here: Line) -> None:
    """R-40: the lease goes to another worker while a create is under way: that one adopts what it made."""
    await here.turns()
    here.break_calls("delay", seconds=0.5, method="POST", count=1)
    await here.client()
    assert here.lease is not None
    owner = Owner(lease=here.lease, parts=here.worker.parts)
    await owner.take_turn()
    await until_called(here, "/customer")
    await taken_from(here)

    async with another(here, "w2") as second:
        await here.turn(worker=second)
        await owner.drained()
        with pytest.raises(FenceLost):
            owner.collect()
        unsettled = await here.record("client/c1")
        await here.pass_time(seconds=LOOK_AGAIN)
        await here.turn(worker=second)

    assert unsettled["state"] == "pending"
    assert (await here.record("client/c1"))["state"] == "synced"
    here.one("Customer", DisplayName="Client c1")


async def test_an_owner_elsewhere_is_woken_by_what_is_folded(here: Line) -> None:
    """The folding process notifies: the owner, which would rest for a minute, writes at once."""
    async with at_work(here, "w2", idle_wait=60):
        await until_owned(here, "w2")
        await until_called(here, "/cdc")
        await asyncio.sleep(0.5)  # it rests by then

        await here.client()

        await until_synced(here, "client/c1")


async def test_a_tenant_without_an_owner_is_claimed_when_something_is_folded(here: Line) -> None:
    """Nobody owns it and nobody would look for a minute: the notification makes a worker claim it at once."""
    async with at_work(here, "w2", idle_wait=60):
        await until_owned(here, "w2")
        await until_called(here, "/cdc")
        await here.rows("UPDATE connection SET state = 'expired' RETURNING 1")
        await until_owned(here, None)
        await here.rows("UPDATE connection SET state = 'connected' RETURNING 1")

        await here.client()

        await until_synced(here, "client/c1")


async def test_a_worker_that_joins_gets_its_share(here: Line) -> None:
    """The one that owned every tenant gives back half of them, and each goes on having one owner."""
    for name in ("bolt", "cold", "dune"):
        await here.rows(
            "INSERT INTO tenant (id, name, time_zone, currency) VALUES (:t, '', 'UTC', 'USD') RETURNING 1", t=name
        )
        await here.rows(
            "INSERT INTO connection (tenant_id, realm, environment, refresh_token, session, state)"
            " VALUES (:t, :t, 'production', '', '', 'connected') RETURNING 1",
            t=name,
        )

    async def shared(count: int) -> bool:
        await due_now(here)
        found = list((await owners(here)).values())
        return (found.count("w2"), found.count("w3")) == (count, 4 - count)

    async with at_work(here, "w2"):
        await until(lambda: shared(4))
        async with at_work(here, "w3"):
            await until(lambda: shared(2))
        await until(lambda: shared(4))


async def test_a_restart_goes_on_at_once(here: Line) -> None:
    """A worker that was killed left its lease for ten minutes: a process of the same name does not wait for that."""
    await here.client()
    await here.turn()
    await here.rows("UPDATE lease SET owner = 'w2' RETURNING 1")
    before = await here.rows("SELECT fence FROM lease")
    await here.client(version=2, email="new@example.com")

    async with at_work(here, "w2"):
        await until_synced(here, "client/c1")

    assert await here.rows("SELECT fence FROM lease") > before
    assert sent_by(here.writes(), "w2") == here.writes()[1:]


async def test_two_owners_in_turn_write_everything_once(here: Line) -> None:
    """Two workers take the tenant from each other again and again: no record is made twice, none is left out."""
    ids = [f"c{number:02}" for number in range(12)]
    await here.turns()
    async with another(here, "w2") as second:
        for number, id_ in enumerate(ids):
            await here.client(id_)
            lease = await taken_from(here)
            former, next_one = (here.worker, second) if number % 2 == 0 else (second, here.worker)
            former.keeper.forget(lease)
            await here.turn(worker=next_one)
    names = sorted(row["DisplayName"] for row in here.books("Customer"))

    assert [name for name in names if name.startswith("Client ")] == [f"Client {id_}" for id_ in ids]
    assert {len(sent_by(here.writes(), name)) for name in ("w1", "w2")} == {6}


async def test_an_owner_whose_turn_fails_starts_again(here: Line) -> None:
    """A bug in one turn is told and costs that turn: the lease is given back, claimed anew, and the work is made."""
    stumbles = Stumbles()
    async with at_work(here, "w2", wrap=stumbles):
        await here.client()
        await until_synced(here, "client/c1")

    assert stumbles.left == 0
    here.one("Customer", DisplayName="Client c1")


class Stumbles:
    """The books' view fails a few times, as a bug would."""

    def __init__(self) -> None:
        self.left = 2

    def __call__(self, name: str, real: object) -> object:
        return _Stumbling(real, self) if name == "books" else real


class _Stumbling:
    def __init__(self, real: object, stumbles: Stumbles) -> None:
        self._real = real
        self._stumbles = stumbles

    def __getattr__(self, name: str) -> object:
        if name == "open_attempts" and self._stumbles.left:
            self._stumbles.left -= 1
            raise RuntimeError("a bug")
        return getattr(self._real, name)


async def test_owners_of_two_workers_never_act_at_once(here: Line) -> None:
    """While several workers run, and one after the other ends, no call of an older fence follows one of a newer."""
    await here.turns()
    await taken_from(here)
    for number in range(3):
        async with at_work(here, f"w{number}"), at_work(here, f"v{number}"):
            await here.client(f"c{number}")
            await until_synced(here, f"client/c{number}")
    fences = [int(entry.user_agent.rpartition("fence=")[2].rstrip(")")) for entry in here.calls()]

    assert fences == sorted(fences)
    assert len(set(fences)) >= 3
