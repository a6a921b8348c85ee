"""The sandbox's clock: set, moved, sped up and stopped; what waits inside wakes when its time has come."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from infra.clock import ManualClock
from infra.sandbox.quickbooks.moved_clock import MovedClock
from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import START, Company, company

LASTING = Switches(limits="off", access_token_seconds=100 * 86_400)  # tokens that outlive the moves


def moved() -> tuple[ManualClock, MovedClock]:
    base = ManualClock(START)
    return base, MovedClock(base)


async def now(it: Company) -> datetime:
    return datetime.fromisoformat((await it.control("GET", "clock"))["now"])


async def test_the_clock_tells_its_time_and_speed() -> None:
    """It starts at the machine's time, as fast."""
    async with company() as it:
        told = await it.control("GET", "clock")

    assert (told["now"], told["speed"]) == (START.isoformat(), 1)


async def test_the_clock_moves_by_seconds_and_to_a_moment() -> None:
    """Both add to what passes by itself; a moment without an offset is UTC, another offset is the same moment."""
    async with company() as it:
        advanced = await it.control("POST", "clock", {"advance_seconds": 90})
        it.clock.advance(5)
        since = await now(it)
        moment = await it.control("POST", "clock", {"set": "2026-07-01T00:00:00"})
        other = await it.control("POST", "clock", {"set": "2026-07-01T00:00:00-01:00", "advance_seconds": 1})

    assert advanced["now"] == "2026-03-02T17:01:30+00:00"
    assert since == START + timedelta(seconds=95)
    assert (moment["now"], other["now"]) == ("2026-07-01T00:00:00+00:00", "2026-07-01T01:00:01+00:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"set": "2026-03-02T16:59:59Z"},
        {"set": "tomorrow"},
        {"advance_seconds": -1},
        {"advance_seconds": "nan"},
        {"advance_seconds": 1e15},
        {"speed": -1},
        {"speed": "fast"},
        {"speed": 1e9},
        {"advance_seconds": 1, "speed": -1},
        {"speed": 2, "set": "2026-03-01T00:00:00Z"},
        {"back": 1},
        {},
    ],
)
async def test_a_wrong_move_is_refused_and_moves_nothing(wrong: dict[str, object]) -> None:
    """Never back: feeds and tokens only grow. What the clock does not know is said."""
    async with company() as it:
        told = await it.control("POST", "clock", wrong)
        after = await it.control("GET", "clock")

    assert (told.status, after["now"], after["speed"]) == (400, START.isoformat(), 1)
    assert told["error"]


async def test_a_move_back_names_the_time_it_is() -> None:
    """So that a reader of the error need not ask."""
    async with company() as it:
        told = await it.control("POST", "clock", {"set": "2026-03-02T16:00:00Z"})

    assert told["error"] == "ValueError: the clock only moves forward, and it is 2026-03-02T17:00:00+00:00 already"


async def test_an_accelerated_clock_counts_more_seconds() -> None:
    """A factor of 60 makes a minute of each second, from now on; slower again, nothing jumps."""
    async with company() as it:
        it.clock.advance(1)
        told = await it.control("POST", "clock", {"speed": 60})
        it.clock.advance(2)
        fast = await now(it)
        await it.control("POST", "clock", {"speed": 1})
        it.clock.advance(3)
        usual = await now(it)

    assert told["speed"] == 60
    assert (fast, usual) == (START + timedelta(seconds=121), START + timedelta(seconds=124))


@pytest.mark.parametrize("still", [0, "frozen"])
async def test_a_frozen_clock_stands_still_until_it_is_moved(still: object) -> None:
    """What passes outside does not count; moving it by hand does."""
    async with company() as it:
        await it.control("POST", "clock", {"speed": still})
        it.clock.advance(1000)
        standing = await now(it)
        told = await it.control("POST", "clock", {"advance_seconds": 7})

    assert standing == START
    assert (told["now"], told["speed"]) == ("2026-03-02T17:00:07+00:00", 0)


async def test_tokens_expire_by_the_sandboxs_clock() -> None:
    """An access token lives for an hour, a refresh token for a hundred days, moved or not."""
    async with company() as it:
        await it.control("POST", "clock", {"advance_seconds": 3599})
        alive = await it.call("GET", "companyinfo/1")
        await it.control("POST", "clock", {"advance_seconds": 1})
        expired = await it.call("GET", "companyinfo/1")
        await it.control("POST", "clock", {"advance_seconds": 99 * 86_400})
        refreshed = await it.refresh(it.refresh_token)
        await it.control("POST", "clock", {"advance_seconds": 101 * 86_400})
        dead = await it.refresh(refreshed["refresh_token"])

    assert (alive.status, expired.status, refreshed.status, dead.status) == (200, 401, 200, 400)


async def test_windows_slide_by_the_sandboxs_clock() -> None:
    """Whoever has used up a minute's calls may call again when the clock was moved past it."""
    async with company(Switches(calls_per_minute=2, calls_per_second=10)) as it:
        statuses = [(await it.call("GET", "companyinfo/1")).status for _ in range(3)]
        await it.control("POST", "clock", {"speed": 60})
        it.clock.advance(1)
        again = (await it.call("GET", "companyinfo/1")).status

    assert (statuses, again) == ([200, 200, 429], 200)


async def test_today_is_the_companys_own() -> None:
    """A document without a date gets the date it is where the company is: yesterday in Los Angeles, here."""
    async with company(LASTING) as it:
        amy = await it.customer()
        await it.control("POST", "clock", {"set": "2026-03-03T07:59:59Z"})
        evening = await it.invoice(amy)
        await it.control("POST", "clock", {"set": "2026-03-03T08:00:00Z"})
        midnight = await it.invoice(amy)

    assert (evening["TxnDate"], midnight["TxnDate"]) == ("2026-03-02", "2026-03-03")
    assert midnight["MetaData"]["CreateTime"] == "2026-03-03T00:00:00-08:00"


async def test_the_feed_follows_the_clock() -> None:
    """What is older than thirty days can no longer be asked for."""
    async with company(LASTING) as it:
        await it.customer()
        since = "2026-03-02T16:00:00Z"
        told = await it.call("GET", "cdc", entities="Customer", changedSince=since)
        await it.control("POST", "clock", {"advance_seconds": 31 * 86_400})
        late = await it.call("GET", "cdc", entities="Customer", changedSince=since)

    assert (told.status, late.status) == (200, 400)


async def test_a_sleeper_wakes_when_the_clock_is_moved() -> None:
    """Six hours pass at once where somebody says so, and not a second earlier."""
    _, clock = moved()
    sleeping = asyncio.create_task(clock.sleep(6 * 3600))
    await asyncio.sleep(0)
    clock.advance(6 * 3600 - 1)
    for _ in range(5):
        await asyncio.sleep(0)
    early = sleeping.done()
    clock.set(START + timedelta(hours=6))
    for _ in range(5):
        await asyncio.sleep(0)
    in_time = sleeping.done()
    await sleeping

    assert (early, in_time, clock.now()) == (False, True, START + timedelta(hours=6))


async def test_a_sleeper_wakes_when_the_base_clock_has_moved() -> None:
    """As when the machine was suspended: nobody tells, and it is seen all the same."""
    base, clock = moved()
    sleeping = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    base.advance(60)
    await sleeping

    assert clock.boottime() == 60


async def test_a_sleeper_of_a_fast_clock_waits_less() -> None:
    """At 600 sandbox seconds in a real one, a minute's sleep ends with a tenth of a second."""
    base, clock = moved()
    clock.run_at(600)
    sleeping = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    base.advance(0.1)
    await sleeping

    assert clock.now() == START + timedelta(seconds=60)


async def test_what_a_client_must_feel_takes_real_seconds() -> None:
    """A pause in real time is neither shortened by a fast clock nor endless under a frozen one."""
    base, clock = moved()
    clock.run_at(0)
    await clock.rest(2)

    assert (base.now(), clock.now()) == (START + timedelta(seconds=2), START)


def test_the_clock_never_falls_and_counts_from_the_start() -> None:
    """Seconds and time of day move together, through every change of speed."""
    base, clock = moved()
    seen = []
    for speed in (1, 0, 1000, 0.5, 1):
        clock.run_at(speed)
        base.advance(1.5)
        seen.append((clock.now(), clock.boottime()))

    assert seen == sorted(seen)
    assert [moment - START for moment, _ in seen] == [timedelta(seconds=seconds) for _, seconds in seen]
    assert seen[-1][0] == datetime(2026, 3, 2, 17, 25, 3, 750_000, tzinfo=UTC)
