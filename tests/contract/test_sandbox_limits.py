"""QuickBooks' limits: exact sliding windows per company, and per company and app."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.quickbooks.limits import LIMITS, Limiter
from infra.sandbox.quickbooks.switches import Switches
from tests.contract.held_clock import HeldClock
from tests.contract.sandbox_company import Company, Told, company

WIDE = Switches(calls_per_minute=10_000, calls_per_second=10_000, app_calls_per_minute=10_000)
NO_CUSTOMER = 400


async def read(it: Company) -> int:
    return (await it.call("GET", "customer/1")).status


async def batch(it: Company) -> Told:
    item = {"bId": "1", "Query": "select count(*) from Customer"}
    return await it.call("POST", "batch", {"BatchItemRequest": [item]})


def as_another_app(it: Company, app: str) -> None:
    """From now on the calls come from another app that the company consented to."""
    sandbox = it.running.sandbox
    it.access_token, _ = sandbox.tokens.grant(it.realm, sandbox.switches, app=app)


async def test_the_eleventh_call_is_let_in_exactly_a_second_after_the_first() -> None:
    """A microsecond earlier it is refused, and the refusal occupies nothing."""
    async with company(Switches()) as it:
        begun = [await read(it) for _ in range(10)]
        it.clock.advance(0.999999)
        early = [await read(it) for _ in range(20)]
        it.clock.advance(0.000001)
        later = [await read(it) for _ in range(10)]
        then = await read(it)

    assert (begun, early, later, then) == ([NO_CUSTOMER] * 10, [429] * 20, [NO_CUSTOMER] * 10, 429)


async def test_each_app_has_ten_calls_a_second_of_a_company_and_they_share_its_minute() -> None:
    """The rate is per company and app, the 500 a minute (here 25) per company."""
    async with company(Switches(calls_per_minute=25)) as it:
        statuses = {}
        for app in ("sandbox-client", "second", "third"):
            as_another_app(it, app)
            statuses[app] = [await read(it) for _ in range(11)]
        it.clock.advance(1)
        spent = await read(it)
        it.clock.advance(59)
        fresh = await read(it)

    assert statuses["sandbox-client"] == statuses["second"] == [NO_CUSTOMER] * 10 + [429]
    assert statuses["third"] == [NO_CUSTOMER] * 5 + [429] * 6
    assert (spent, fresh) == (429, NO_CUSTOMER)


async def test_companies_do_not_share_limits() -> None:
    """Another company of the same app has its own windows."""
    async with company(Switches()) as it:
        for _ in range(10):
            await read(it)
        other = (await it.control("POST", "companies", {"name": "Other"})).json
        refused = await read(it)
        it.realm, it.access_token = other["realm"], other["access_token"]

        assert (refused, await read(it)) == (429, NO_CUSTOMER)


async def test_an_app_has_forty_batches_a_minute_of_a_company_and_all_have_a_hundred_and_twenty() -> None:
    """A batch that is throttled fails as a whole, in the gateway's envelope; other calls go on."""
    async with company(WIDE) as it:
        per_app = {}
        for app in ("sandbox-client", "second", "third", "fourth"):
            as_another_app(it, app)
            per_app[app] = [(await batch(it)).status for _ in range(41)]
        refused, alone = await batch(it), await read(it)
        it.clock.advance(60)
        fresh = await batch(it)

    assert per_app["sandbox-client"] == per_app["second"] == per_app["third"] == [200] * 40 + [429]
    assert per_app["fourth"] == [429] * 41
    assert (refused.code, refused["batchItemResponse"], alone, fresh.status) == ("3001", [], NO_CUSTOMER, 200)


async def test_a_batch_is_one_call() -> None:
    """Whatever it holds: the other limits count it once."""
    async with company(Switches(calls_per_second=3)) as it:
        items = [{"bId": str(number), "Query": "select count(*) from Customer"} for number in range(30)]
        statuses = [(await it.call("POST", "batch", {"BatchItemRequest": items})).status for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


async def test_an_apps_calls_over_all_apis_have_a_limit_of_their_own() -> None:
    """800 a minute (here 5) per company and app."""
    async with company(WIDE.changed({"app_calls_per_minute": 5})) as it:
        first = [await read(it) for _ in range(6)]
        as_another_app(it, "second")
        second = [await read(it) for _ in range(6)]

    assert first == second == [NO_CUSTOMER] * 5 + [429]


async def test_a_company_sends_forty_mails_a_day() -> None:
    """Here two. What was not sent, because it had no address or did not exist, does not count."""
    async with company(Switches(mails_per_day=2, access_token_seconds=1_000_000)) as it:
        owed = await it.invoice(await it.customer())
        send = f"invoice/{owed['Id']}/send"
        not_sent = [await it.call("POST", send), await it.call("POST", "invoice/999/send")]
        sent = [await it.call("POST", send, sendTo="amy@example.com") for _ in range(3)]
        it.clock.advance(86_399)
        early = await it.call("POST", send, sendTo="amy@example.com")
        it.clock.advance(1)
        later = await it.call("POST", send, sendTo="amy@example.com")

    assert [one.code for one in not_sent] == ["6420", "610"]
    assert [one.status for one in sent] == [200, 200, 429]
    assert (early.status, later.status) == (429, 200)


async def test_a_throttled_call_is_answered_as_the_switch_says() -> None:
    """429 in the gateway's envelope, or 400 in the ordinary one; the code is the same."""
    async with company(Switches(calls_per_second=1)) as it:
        await read(it)
        gateway = await it.call("GET", "customer/1")
    async with company(Switches(calls_per_second=1, throttle_as="400")) as it:
        await read(it)
        ordinary = await it.call("GET", "customer/1")

    error = gateway["fault"]["error"][0]
    assert (gateway.status, error["code"], gateway["fault"]["type"]) == (429, "3001", "SERVICE")
    assert error["message"] == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert isinstance(gateway["time"], int)
    assert (ordinary.status, ordinary.code, ordinary["Fault"]["type"]) == (400, "3001", "ThrottleExceeded")
    assert ordinary["time"] == "2026-03-02T09:00:00.000-08:00"


async def test_in_the_older_form_ten_calls_run_at_once() -> None:
    """Here two: a third is refused while both run, and let in when one has ended. No second has a limit then."""
    clock = HeldClock()
    switches = Switches(rate_form="concurrent", concurrent_calls=2, calls_per_second=1)
    async with company(switches, clock=clock) as it:
        one_by_one = [await read(it) for _ in range(5)]
        await it.control("POST", "faults", {"kind": "delay", "seconds": 5, "count": 2})
        running = [asyncio.create_task(read(it)) for _ in range(2)]
        await clock.asleep(2)
        third = await read(it)
        as_another_app(it, "second")
        other_app = await read(it)
        clock.wake()
        ended = await asyncio.gather(*running)
        as_another_app(it, "sandbox-client")
        then = [await read(it) for _ in range(5)]

    assert (one_by_one, third, other_app) == ([NO_CUSTOMER] * 5, 429, NO_CUSTOMER)
    assert (ended, then) == ([NO_CUSTOMER] * 2, [NO_CUSTOMER] * 5)


async def test_a_call_without_rights_occupies_nothing() -> None:
    """401 and 403 come before the limits."""
    async with company(Switches(calls_per_second=1)) as it:
        token, it.access_token = it.access_token, "wrong"
        unknown = [await read(it) for _ in range(3)]
        it.access_token = token

        assert (unknown, await read(it)) == ([401] * 3, NO_CUSTOMER)


@pytest.mark.parametrize("operation", ["read", "batch", "send"])
def test_limits_that_are_off_count_nothing(operation: str) -> None:
    """So that a load test measures something else."""
    limiter, off = Limiter(), Switches(limits="off")
    for _ in range(2000):
        assert limiter.admits(realm="1", app="a", operation=operation, at=0.0, switches=off)

    assert limiter.admits(realm="1", app="a", operation=operation, at=0.0, switches=Switches())


Arrival = tuple[str, str, str, int]  # realm, app, operation, milliseconds since the one before
ARRIVALS: Any = st.lists(
    st.tuples(st.sampled_from("12"), st.sampled_from("ab"), st.sampled_from(["read", "batch"]), st.integers(0, 700)),
    max_size=150,
)


@given(ARRIVALS)
def test_a_call_is_let_in_exactly_when_every_window_has_room(arrivals: list[Arrival]) -> None:
    """Against a model that counts, for each limit, what was let in less than its window ago."""
    switches = Switches(
        calls_per_minute=30,
        app_calls_per_minute=20,
        calls_per_second=3,
        batches_per_minute=12,
        app_batches_per_minute=8,
    )
    limiter, let_in, milliseconds = Limiter(), list[tuple[str, str, str, int]](), 0
    for realm, app, operation, pause in arrivals:
        milliseconds += pause
        counted = _counter(let_in, realm, app, milliseconds)
        room = all(
            counted(limit.per_app, limit.operation, limit.seconds) < getattr(switches, limit.switch)
            for limit in LIMITS
            if limit.operation in (None, operation)
        )
        admitted = limiter.admits(
            realm=realm, app=app, operation=operation, at=1_772_470_800 + milliseconds / 1000, switches=switches
        )
        assert admitted is room
        if admitted:
            let_in.append((realm, app, operation, milliseconds))


def _counter(let_in: list[Arrival], realm: str, app: str, now: int) -> Callable[[bool, str | None, float], int]:
    def counted(per_app: bool, operation: str | None, seconds: float) -> int:  # noqa: FBT001 - a limit's own fields
        return sum(
            1
            for one in let_in
            if one[0] == realm
            and (not per_app or one[1] == app)
            and operation in (None, one[2])
            and one[3] > now - seconds * 1000
        )

    return counted
