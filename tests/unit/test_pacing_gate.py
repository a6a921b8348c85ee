"""The line before a company's windows: fair, and never stuck behind a call that was given up."""

import asyncio
from datetime import UTC, datetime

import pytest

from consumers.records import RealmId
from infra.clock import ManualClock
from infra.quickbooks.pacing import Pace
from infra.quickbooks.windows import Limit, Limits, PastCall

REALM = RealmId("9130")
OTHER = RealmId("9131")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 8, tzinfo=UTC))


def pace(clock: ManualClock, *limits: Limit) -> Pace:
    return Pace(clock=clock, limits=Limits(every_call=limits), timeout=120.0)


async def turns() -> None:
    """Let every task go as far as it can without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_calls_go_in_the_order_in_which_they_came(clock: ManualClock) -> None:
    """Fair: nobody overtakes, however many wait."""
    paces = pace(clock, Limit(calls=2, seconds=1.0))
    went: list[tuple[int, float]] = []

    async def call(number: int) -> None:
        async with paces.slot(REALM) as slot:
            slot.leaves()
            went.append((number, clock.boottime()))
            slot.answered = True

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(call(number))

    assert [number for number, _ in went] == [0, 1, 2, 3, 4, 5]
    assert [round(moment) for _, moment in went] == [0, 0, 1, 1, 2, 2]


async def test_a_call_waits_for_one_under_way_and_goes_as_soon_as_that_ends(clock: ManualClock) -> None:
    """At most so many in flight; an answer lets the next one go without any time passing."""
    paces = pace(clock, Limit(calls=1, seconds=0.0))
    answer = asyncio.Event()
    went: list[str] = []

    async def first() -> None:
        async with paces.slot(REALM) as slot:
            slot.leaves()
            await answer.wait()
            slot.answered = True

    async def second() -> None:
        async with paces.slot(REALM):
            went.append("second")

    tasks = [asyncio.create_task(first()), asyncio.create_task(second())]
    await turns()
    assert went == []
    answer.set()
    await asyncio.gather(*tasks)

    assert went == ["second"]
    assert clock.boottime() == 0.0


async def test_a_cancelled_call_counts_as_one_that_may_arrive(clock: ManualClock) -> None:
    """A worker that is stopped in the middle of a call has told QuickBooks something, and counts it."""
    paces = pace(clock, Limit(calls=1, seconds=1.0))

    async def call() -> None:
        async with paces.slot(REALM) as slot:
            slot.leaves()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await turns()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with paces.slot(REALM):
        assert clock.boottime() == pytest.approx(121.0, abs=0.1)


async def test_one_who_gives_up_waiting_does_not_hold_the_line(clock: ManualClock) -> None:
    """A lease lost while waiting for room costs the others nothing."""
    paces = pace(clock, Limit(calls=1, seconds=0.0))

    async def call() -> None:
        async with paces.slot(REALM):
            pass

    async with paces.slot(REALM) as held:
        held.leaves()
        waiting = asyncio.create_task(call())
        await turns()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        held.answered = True
    await asyncio.wait_for(call(), timeout=1)


async def test_companies_do_not_wait_for_each_other(clock: ManualClock) -> None:
    """Limits are per company: a busy one delays no other."""
    paces = pace(clock, Limit(calls=1, seconds=60.0))
    async with paces.slot(REALM) as slot:
        slot.leaves()
        slot.answered = True

    async with paces.slot(OTHER):
        assert clock.boottime() == 0.0


async def test_a_new_owner_waits_for_what_the_former_one_called(clock: ManualClock) -> None:
    """Rebuilt from stored calls: an unanswered one counts until its time-out and a window more."""
    paces = pace(clock, Limit(calls=2, seconds=60.0))
    paces.rebuild(REALM, [PastCall(left_ago=30.0, answered_ago=20.0), PastCall(left_ago=100.0, answered_ago=None)])

    async with paces.slot(REALM) as slot:
        first = clock.boottime()
        slot.leaves()
        slot.answered = True
    async with paces.slot(REALM):
        second = clock.boottime()

    assert first == pytest.approx(40.0, abs=0.2)
    assert second == pytest.approx(80.0, abs=0.2)
