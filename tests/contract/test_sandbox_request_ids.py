"""Request ids: what is remembered, for how long, and what a repeated one is answered, under each switch."""

import asyncio
from itertools import product
from typing import Any

import aiohttp
import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.held_clock import HeldClock, arrived
from tests.contract.sandbox_company import Company, Told, company, sold

LIMITS_OFF = Switches(limits="off")
HOUR = 3600


async def vendor(it: Company, name: str, request_id: str = "r") -> Told:
    return await it.call("POST", "vendor", {"DisplayName": name}, requestid=request_id)


def outcome(first: Told, again: Told) -> str:
    """Played back, refused, or executed: a played back answer is the first one, byte for byte."""
    if again.text == first.text:
        return "played_back"
    return "refused" if again.status == 400 and again.code == "600" else "executed"


LIVES: tuple[Any, ...] = ("forever", "24h", 30, "none")
AFTER_FAULTS, OTHER_BODIES = ("played_back", "forgotten", "refused"), ("played_back", "refused")
COMBINATIONS = list(product(LIVES, AFTER_FAULTS, OTHER_BODIES))


@pytest.mark.parametrize(("life", "after_fault", "other_body"), COMBINATIONS)
async def test_a_repeated_id_does_as_the_switches_say(life: str | int, after_fault: str, other_body: str) -> None:
    """All combinations: the same request and another one, after a success and after a fault."""
    switches = LIMITS_OFF.changed({"request_ids": life, "after_fault": after_fault, "other_body": other_body})
    seen = {}
    async with company(switches) as it:
        await it.customer("Taken")
        for place, (name, again_name) in enumerate(
            [("Amy", "Amy"), ("Bea", "Cy"), ("Taken", "Taken"), ("Taken", "Di")]
        ):
            first = await vendor(it, name, f"r{place}")
            it.clock.advance(10)
            seen[name, again_name] = outcome(first, await vendor(it, again_name, f"r{place}"))

    if life == "none":
        assert set(seen.values()) == {"executed"}
        return
    faulted = {"forgotten": "executed"}.get(after_fault, after_fault)
    assert seen["Amy", "Amy"] == "played_back"
    assert seen["Bea", "Cy"] == other_body
    assert seen["Taken", "Taken"] == faulted
    assert seen["Taken", "Di"] == (other_body if faulted == "played_back" else faulted)


@pytest.mark.parametrize(("life", "seconds"), [("24h", 24 * HOUR), (30, 30), (1, 1)])
async def test_an_id_is_remembered_for_exactly_its_life(life: str | int, seconds: int) -> None:
    """By the sandbox's clock, counted from the first answer: a moment before its end it is still played back."""
    async with company(LIMITS_OFF.changed({"request_ids": life, "access_token_seconds": 100 * HOUR})) as it:
        first = await vendor(it, "Amy")
        it.clock.advance(seconds - 0.001)
        before = outcome(first, await vendor(it, "Amy"))
        it.clock.advance(0.001)
        after = outcome(first, await vendor(it, "Amy"))

    assert (before, after) == ("played_back", "executed")


async def test_an_id_is_remembered_for_ever_if_the_switch_says_so() -> None:
    """A year later, and although the token had to be renewed."""
    async with company(LIMITS_OFF.changed({"access_token_seconds": 9000 * HOUR})) as it:
        first = await vendor(it, "Amy")
        it.clock.advance(8760 * HOUR)
        again = await vendor(it, "Amy")

    assert outcome(first, again) == "played_back"


async def test_the_answer_is_played_back_although_its_object_is_gone() -> None:
    """A create's replay names a deleted payment as if it were there; the journal shows that nothing was executed."""
    async with company() as it:
        amy = await it.customer()
        body = {"CustomerRef": {"value": amy["Id"]}, "TotalAmt": 40}
        first = await it.call("POST", "payment", body, requestid="r")
        await it.call("POST", "payment", {"Id": first["Payment"]["Id"], "SyncToken": "0"}, operation="delete")
        again = await it.call("POST", "payment", body, requestid="r")
        entries = (await it.control("GET", "journal"))["entries"]

    assert outcome(first, again) == "played_back"
    assert [one["replayed"] for one in entries if one["request_id"] == "r"] == [False, True]


@pytest.mark.parametrize("operation", ["update", "void", "delete"])
async def test_every_kind_of_write_is_remembered(operation: str) -> None:
    """An update, a void and a deletion sent twice with one id happen once, although their token is stale by then."""
    async with company() as it:
        owed = await it.invoice(await it.customer())
        parameters = {"requestid": "r", **({} if operation == "update" else {"operation": operation})}
        body = {"Id": owed["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "Hello"}
        first = await it.call("POST", "invoice", body, **parameters)
        again = await it.call("POST", "invoice", body, **parameters)

    assert (first.status, outcome(first, again)) == (200, "played_back")


async def test_reads_and_queries_are_never_played_back() -> None:
    """An id on them means nothing."""
    async with company() as it:
        amy = await it.customer("Amy")
        first = await it.call("GET", f"customer/{amy['Id']}", requestid="r")
        await it.call("POST", "customer", {"Id": amy["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Bea"})
        again = await it.call("GET", f"customer/{amy['Id']}", requestid="r")

    assert (first["Customer"]["DisplayName"], again["Customer"]["DisplayName"]) == ("Amy", "Bea")


async def test_an_empty_id_is_none() -> None:
    """Accepted, and not remembered."""
    async with company() as it:
        first = await vendor(it, "Amy", "")
        again = await vendor(it, "Amy", "")

    assert (first.status, again.code) == (200, "6240")


async def test_an_id_has_fifty_characters_at_most() -> None:
    """2130 beyond, and nothing is executed."""
    async with company() as it:
        refused = await vendor(it, "Amy", "r" * 51)
        taken = await vendor(it, "Amy", "r" * 50)

    assert (refused.status, refused.code, taken.status) == (400, "2130", 200)


async def test_an_id_belongs_to_one_company() -> None:
    """Two companies of one sandbox may use the same."""
    async with company() as it:
        first = await vendor(it, "Amy")
        other = (await it.control("POST", "companies", {"name": "Other"})).json
        it.realm, it.access_token = other["realm"], other["access_token"]
        second = await vendor(it, "Bea")

    assert (first["Vendor"]["DisplayName"], second["Vendor"]["DisplayName"]) == ("Amy", "Bea")


async def test_what_is_not_modelled_is_not_remembered() -> None:
    """The sandbox's own refusal is no answer of QuickBooks."""
    async with company() as it:
        first = await it.call("POST", "companyinfo", {"CompanyName": "Other"}, requestid="r")
        again = await vendor(it, "Amy")

    assert (first.status, again.status) == (501, 200)


# While the first call still runs


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

    assert (first.status, outcome(first, second), made) == (200, "played_back", 1)


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
