"""Request ids: what is remembered, for how long, and what a repeated one is answered, under each switch."""

from itertools import product
from random import Random
from typing import Any

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, Told, company, sold

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
        amy = await it.customer()
        first = await it.call("POST", f"customer/{amy['Id']}/send", requestid="r")
        again = await vendor(it, "Bea")

    assert (first.status, again.status) == (501, 200)


# Whatever was sent


def sent_at_random(random: Random) -> tuple[str, Body, dict[str, str]]:
    """A write that a client might send: a create, an edit or a deletion, some of them wrong, of a few objects."""
    some_id, token = str(random.randint(1, 4)), str(random.randint(0, 2))
    head = {"Id": some_id, "SyncToken": token}
    owner = {"CustomerRef": {"value": some_id}}
    choices: list[tuple[str, Body, dict[str, str]]] = [
        ("customer", {"DisplayName": f"c{random.randint(1, 6)}"}, {}),
        ("customer", {**head, "sparse": True, "DisplayName": f"c{random.randint(1, 6)}"}, {}),
        ("invoice", {**owner, "Line": [sold("10.00")]}, {}),
        ("invoice", head, {"operation": "void"}),
        ("invoice", head, {"operation": "delete"}),
        ("payment", {**owner, "TotalAmt": 5}, {}),
        ("payment", {**head, "sparse": True}, {"operation": "update", "include": "void"}),
    ]
    return random.choice(choices)


@pytest.mark.parametrize("seed", range(5))
async def test_replayed_ids_change_nothing(seed: int) -> None:
    """Sixty writes, alone and in batches; then all of them again, in another order: the books stay as they are."""
    random = Random(seed)
    async with company() as it:
        sent = [sent_at_random(random) for _ in range(40)]
        first = [await it.call("POST", *one[:2], **one[2], requestid=f"r{place}") for place, one in enumerate(sent)]
        items = [
            {"bId": str(place), "operation": "create", "Customer": {"DisplayName": f"c{random.randint(1, 20)}"}}
            for place in range(20)
        ]
        together = await it.call("POST", "batch", {"BatchItemRequest": items}, requestid="b")
        books = (await it.control("GET", f"{it.realm}/books")).text
        it.clock.advance(60)
        again = list(enumerate(sent))
        random.shuffle(again)
        replies = {place: await it.call("POST", *one[:2], **one[2], requestid=f"r{place}") for place, one in again}
        mixed = await it.call("POST", "batch", {"BatchItemRequest": items[::-1]}, requestid="b")
        after = (await it.control("GET", f"{it.realm}/books")).text

    assert [replies[place].text for place in range(40)] == [one.text for one in first]
    assert mixed["BatchItemResponse"] == together["BatchItemResponse"][::-1]
    assert after == books
    assert {one.status for one in first} == {200, 400}
