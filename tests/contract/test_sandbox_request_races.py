"""A request id that comes again while the first call with it still runs, or after that was cut off."""

import asyncio

import aiohttp
import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.held_clock import HeldClock, arrived
from tests.contract.sandbox_company import Company, Told, company, sold

LIMITS_OFF = Switches(limits="off")


async def vendor(it: Company, name: str) -> Told:
    return await it.call("POST", "vendor", {"DisplayName": name}, requestid="r")


async def raced(it: Company, clock: HeldClock, kind: str) -> tuple[Told, Told]:
    """An invoice is created by a call that is delayed, and by a second one with its id that arrives meanwhile."""
    amy = await it.customer()
    body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")]}
    await it.control("DELETE", "journal")
    await it.control("POST", "faults", {"kind": kind, "seconds": 10, "count": 1})
    first = asyncio.create_task(it.call("POST", "invoice", body, requestid="r"))
    await clock.asleep()
    second = asyncio.create_task(it.call("POST", "invoice", body, requestid="r"))
    await arrived(it, 2)
    if it.running.sandbox.switches.while_running != "waits":
        await second
    assert (first.done(), second.done()) == (False, it.running.sandbox.switches.while_running != "waits")
    clock.wake()
    return await first, await second


async def invoices(it: Company) -> int:
    return int((await it.query("select count(*) from Invoice"))["QueryResponse"]["totalCount"])


DELAYS = ("delay", "delay_after")


@pytest.mark.parametrize("kind", DELAYS)
async def test_a_second_call_waits_for_the_first_and_is_answered_as_it(kind: str) -> None:
    """Whether the first was executed already or not."""
    clock = HeldClock()
    async with company(LIMITS_OFF, clock=clock) as it:
        first, second = await raced(it, clock, kind)
        made = await invoices(it)

    assert (first.status, second.text, made) == (200, first.text, 1)


@pytest.mark.parametrize("kind", DELAYS)
async def test_a_second_call_is_executed_too_if_the_switch_says_so(kind: str) -> None:
    """Then there are two, as two reports of real calls have it."""
    clock = HeldClock()
    async with company(LIMITS_OFF.changed({"while_running": "executes_twice"}), clock=clock) as it:
        first, second = await raced(it, clock, kind)
        made = await invoices(it)
        later = await it.call("GET", f"invoice/{second['Invoice']['Id']}")

    assert (first.status, second.status, made, later.status) == (200, 200, 2, 200)
    assert first["Invoice"]["Id"] != second["Invoice"]["Id"]


@pytest.mark.parametrize("kind", DELAYS)
async def test_a_second_call_is_refused_if_the_switch_says_so(kind: str) -> None:
    """600 while the first runs."""
    clock = HeldClock()
    async with company(LIMITS_OFF.changed({"while_running": "refused"}), clock=clock) as it:
        first, second = await raced(it, clock, kind)
        made = await invoices(it)

    assert (first.status, second.status, second.code, made) == (200, 400, "600", 1)


async def test_without_memory_nobody_waits() -> None:
    """Who forgets ids does not know that one is running."""
    clock = HeldClock()
    switches = LIMITS_OFF.changed({"request_ids": "none"})
    async with company(switches, clock=clock) as it:
        await it.control("POST", "faults", {"kind": "delay", "seconds": 10, "count": 1})
        first = asyncio.create_task(vendor(it, "Amy"))
        await clock.asleep()
        second = await vendor(it, "Amy")
        clock.wake()

        assert (second.status, (await first).code) == (200, "6240")


async def test_a_call_that_waits_is_executed_when_the_first_was_cut_off_before_it_was() -> None:
    """The first one left nothing to play back."""
    clock = HeldClock()
    async with company(LIMITS_OFF.changed({"longest_call_seconds": 5}), clock=clock) as it:
        await it.control("POST", "faults", {"kind": "delay", "seconds": 10, "count": 1})
        first = asyncio.create_task(vendor(it, "Amy"))
        await clock.asleep()
        second = asyncio.create_task(vendor(it, "Amy"))
        await arrived(it, 2)
        clock.wake()
        with pytest.raises(aiohttp.ClientConnectionError):
            await first

        assert (await second).status == 200


@pytest.mark.parametrize(("kind", "replayed"), [("delay_after", True), ("delay", False)])
async def test_a_call_that_was_cut_off_is_remembered_if_it_was_executed(kind: str, *, replayed: bool) -> None:
    """A client that comes back after two minutes of silence gets the answer that was made, or makes it now."""
    async with company(LIMITS_OFF.changed({"longest_call_seconds": 5})) as it:
        await it.control("POST", "faults", {"kind": kind, "seconds": 10, "count": 1})
        with pytest.raises(aiohttp.ClientConnectionError):
            await vendor(it, "Amy")
        again = await vendor(it, "Amy")
        entries = (await it.control("GET", "journal"))["entries"]

    assert again.status == 200
    assert [one["replayed"] for one in entries] == [False, replayed]
    assert [one["object_id"] for one in entries] == ["1" if replayed else None, again["Vendor"]["Id"]]


@pytest.mark.parametrize(
    ("while_running", "expected"), [("waits", "played_back"), ("executes_twice", "6240"), ("refused", "600")]
)
async def test_the_items_of_a_batch_that_runs_are_running_too(while_running: str, expected: str) -> None:
    """A second batch with its id meets the items with the same bId, and only those."""
    clock = HeldClock()
    one, other = ({"bId": bid, "operation": "create", "Customer": {"DisplayName": f"c{bid}"}} for bid in "12")
    async with company(LIMITS_OFF.changed({"while_running": while_running}), clock=clock) as it:
        await it.control("POST", "faults", {"kind": "delay_after", "seconds": 10, "count": 1})
        first = asyncio.create_task(it.call("POST", "batch", {"BatchItemRequest": [one]}, requestid="r"))
        await clock.asleep()
        second = asyncio.create_task(it.call("POST", "batch", {"BatchItemRequest": [one, other]}, requestid="r"))
        await arrived(it, 2)
        clock.wake()
        (made,) = (await first)["BatchItemResponse"]
        met, alone = (await second)["BatchItemResponse"]

    seen = "played_back" if met == made else met["Fault"]["Error"][0]["code"]
    assert (seen, alone["Customer"]["DisplayName"]) == (expected, "c2")
