"""Batches: items one after the other, each with its own answer or fault, played back one by one."""

import json
from typing import Any

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import START, Body, Company, Told, company

LIMITS_OFF = Switches(limits="off")


def customer(bid: str, name: str, **fields: object) -> Body:
    return {"bId": bid, "operation": "create", "Customer": {"DisplayName": name, **fields}}


def query(bid: str, text: str) -> Body:
    return {"bId": bid, "Query": text}


async def batch(it: Company, *items: Body, **parameters: str) -> Told:
    return await it.call("POST", "batch", {"BatchItemRequest": list(items)}, **parameters)


async def answers(it: Company, *items: Body, **parameters: str) -> list[Any]:
    told = await batch(it, *items, **parameters)
    assert told.status == 200, told.text
    return list(told["BatchItemResponse"])


def whole(found: Body) -> Body:
    """An object as it was told, to be sent back."""
    return dict(json.loads(json.dumps(found, default=str)))


def code(item: Body) -> str:
    return str(item["Fault"]["Error"][0]["code"])


async def test_a_batch_answers_200_with_each_items_own_outcome_in_the_order_of_the_request() -> None:
    """A create, a missing object, a stale update and a query: faults stand inside, with an element and no time."""
    async with company() as it:
        amy = await it.customer("Amy")
        renamed = {"Id": amy["Id"], "SyncToken": "7", "sparse": True, "DisplayName": "Bea"}
        told = await batch(
            it,
            customer("b1", "Cool Cars"),
            {"bId": "b2", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
            {"bId": "b3", "operation": "update", "Customer": renamed},
            query("b4", "select * from Customer where DisplayName = 'Cool Cars'"),
        )

    made, missing, stale, found = told["BatchItemResponse"]
    assert (told.status, told.headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    assert [item["bId"] for item in told["BatchItemResponse"]] == ["b1", "b2", "b3", "b4"]
    assert (made["Customer"]["DisplayName"], code(missing), code(stale)) == ("Cool Cars", "610", "5010")
    assert set(missing) == {"Fault", "bId"}
    assert missing["Fault"]["type"] == "ValidationFault"
    assert (missing["Fault"]["Error"][0]["element"], stale["Fault"]["Error"][0]["element"]) == ("", "")
    assert found["QueryResponse"]["Customer"] == [made["Customer"]]
    assert (found["QueryResponse"]["startPosition"], found["QueryResponse"]["maxResults"]) == (1, 1)


async def test_a_fault_inside_a_batch_has_an_element_even_where_a_single_one_has_none() -> None:
    """6240 alone has no element; in a batch it is empty."""
    async with company() as it:
        await it.customer("Amy")
        alone = await it.call("POST", "customer", {"DisplayName": "Amy"})
        (inside,) = await answers(it, customer("1", "Amy"))

    assert "element" not in alone["Fault"]["Error"][0]
    assert inside["Fault"]["Error"] == [{**alone["Fault"]["Error"][0], "element": ""}]


async def test_a_batch_tells_the_time_at_which_it_began() -> None:
    """Unlike a single call: what waits before it is executed shows that."""
    async with company() as it:
        await it.control("POST", "faults", {"kind": "delay", "seconds": 30})
        together = await batch(it, customer("1", "Amy"))
        alone = await it.call("POST", "customer", {"DisplayName": "Bea"})

    assert together["time"] == "2026-03-02T09:00:00.000-08:00"
    assert together["BatchItemResponse"][0]["Customer"]["MetaData"]["CreateTime"] == "2026-03-02T09:00:30-08:00"
    assert alone["time"] == "2026-03-02T09:01:00.000-08:00"
    assert START.hour == 17


async def test_a_batch_voids_and_deletes() -> None:
    """A void is an update whose optionsData says so; a deletion answers its stub."""
    async with company() as it:
        amy = await it.customer()
        first, second = await it.invoice(amy), await it.invoice(amy)
        paid = await it.paid(amy, "40.00")
        items = await answers(
            it,
            {
                "bId": "1",
                "operation": "update",
                "optionsData": "void",
                "Invoice": {"Id": first["Id"], "SyncToken": "0"},
            },
            {"bId": "2", "operation": "update", "optionsData": "void", "Payment": whole(paid)},
            {"bId": "3", "operation": "delete", "Invoice": {"Id": second["Id"], "SyncToken": "0"}},
        )

    assert (items[0]["Invoice"]["TotalAmt"], items[1]["Payment"]["TotalAmt"]) == (0, 0)
    assert items[2] == {"Invoice": {"domain": "QBO", "status": "Deleted", "Id": second["Id"]}, "bId": "3"}


async def test_thirty_items_are_taken_and_thirty_one_refused_unless_ten_is_the_most() -> None:
    """1040, and nothing of it is executed."""
    thirty_one = [customer(str(number), f"c{number}") for number in range(31)]
    async with company() as it:
        refused = await batch(it, *thirty_one)
        before = await it.query("select count(*) from Customer")
        taken = await answers(it, *thirty_one[:30])
    async with company(LIMITS_OFF.changed({"batch_size": 10})) as small:
        ten, eleven = await batch(small, *thirty_one[:10]), await batch(small, *thirty_one[10:21])

    assert (refused.status, refused.code, before["QueryResponse"]["totalCount"]) == (400, "1040", 0)
    assert len([one for one in taken if "Customer" in one]) == 30
    assert (ten.status, eleven.code) == (200, "1040")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"BatchItemRequest": []}, "400"),
        ({}, "400"),
        ({"BatchItemRequest": {}}, "400"),
        ({"BatchItemRequest": ["x"]}, "2010"),
        ({"Items": []}, "2010"),
        ({"BatchItemRequest": [{"operation": "create", "Customer": {"DisplayName": "Amy"}}]}, "2020"),
        ({"BatchItemRequest": [customer("1", "Amy"), customer("1", "Bea")]}, "2600"),
    ],
)
async def test_a_batch_that_is_empty_or_has_no_clear_bids_is_refused_as_a_whole(body: Body, wanted: str) -> None:
    """HTTP 400, and nothing of it is executed."""
    async with company() as it:
        refused = await it.call("POST", "batch", body)
        count = await it.query("select count(*) from Customer")

    assert (refused.status, refused.code, count["QueryResponse"]["totalCount"]) == (400, wanted, 0)


async def test_an_empty_batch_is_refused_in_the_known_words() -> None:
    """The wording that clients saw."""
    async with company() as it:
        refused = await batch(it)

    error = refused["Fault"]["Error"][0]
    assert (error["Message"], error["Detail"]) == ("MalformedRequest", "Batch Request is Empty")


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ({"operation": "create"}, "2020"),
        ({"Customer": {"DisplayName": "Bea"}}, "2020"),
        ({"operation": "update", "Customer": {"DisplayName": "Bea"}}, "2020"),
        ({"operation": "merge", "Customer": {"DisplayName": "Bea"}}, "500"),
        ({"operation": ["create"], "Customer": {"DisplayName": "Bea"}}, "500"),
        ({"operation": "create", "Customer": {"DisplayName": "Bea"}, "Vendor": {"DisplayName": "Cy"}}, "2600"),
        ({"operation": "create", "Customer": {"Nonsense": True}}, "2010"),
        ({"operation": "create", "Customer": "Bea"}, "2010"),
        ({"operation": "create", "Nonsense": {}}, "2010"),
        ({"operation": "create", "Deposit": {}}, "500"),
        ({"operation": "create", "optionsData": "void", "Customer": {"DisplayName": "Bea"}}, "500"),
        ({"CDCQuery": {"Entities": "Customer"}}, "500"),
        ({"ReportQuery": {"ReportType": "BalanceSheet"}}, "500"),
        ({"Query": "select nonsense"}, "4000"),
    ],
)
async def test_an_item_that_cannot_be_spoils_only_itself(item: Body, wanted: str) -> None:
    """Its neighbours are executed: a batch is no transaction."""
    async with company() as it:
        before, spoilt, after = await answers(it, customer("1", "Amy"), {"bId": "2", **item}, customer("3", "Zoe"))

    assert (code(spoilt), spoilt["bId"]) == (wanted, "2")
    assert ("Customer" in before, "Customer" in after) == (True, True)


async def test_a_shuffled_batch_is_mixed_twice_and_each_run_alike() -> None:
    """Execution and answer have orders of their own; who relies on either learns it here, and can repeat the run."""

    async def run() -> tuple[list[str], list[str]]:
        async with company(LIMITS_OFF.changed({"batch_order": "shuffled"})) as it:
            items = await answers(it, *(customer(str(number), f"c{number}") for number in range(30)))
            (entry,) = [one for one in (await it.control("GET", "journal"))["entries"] if one["operation"] == "batch"]
            assert [one["Customer"]["DisplayName"] for one in items] == [f"c{one['bId']}" for one in items]
            return [one["bId"] for one in items], [one["bId"] for one in entry["items"]]

    answered, executed = await run()
    again = await run()

    in_order = [str(number) for number in range(30)]
    assert sorted(answered, key=int) == sorted(executed, key=int) == in_order
    assert len({tuple(answered), tuple(executed), tuple(in_order)}) == 3
    assert again == (answered, executed)


async def test_a_batch_returns_a_thousand_objects_at_most() -> None:
    """What does not fit any more is refused; what was written is told."""
    async with company() as it:
        for start in range(0, 600, 30):
            await answers(it, *(customer(str(number), f"c{start + number}") for number in range(30)))
        text = "select * from Customer maxresults 600"
        first, second, made, third = await answers(
            it,
            query("1", text),
            query("2", text),
            customer("3", "Zoe"),
            query("4", "select * from Customer maxresults 9"),
        )

    assert (first["QueryResponse"]["maxResults"], code(second)) == (600, "1040")
    assert (made["Customer"]["DisplayName"], third["QueryResponse"]["maxResults"]) == ("Zoe", 9)


async def test_a_batch_with_a_request_id_plays_back_each_item_with_the_same_bid() -> None:
    """Same id and same bId: the answer of then, even for what was deleted since. Another bId is executed."""
    async with company() as it:
        amy = await it.customer()
        line = {"Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        invoice = {"operation": "create", "Invoice": {"CustomerRef": {"value": amy["Id"]}, "Line": [line]}}
        (first,) = await answers(it, {"bId": "1", **invoice}, requestid="r")
        gone = {"Id": first["Invoice"]["Id"], "SyncToken": "0"}
        await it.call("POST", "invoice", gone, operation="delete")
        again, other, count = await answers(
            it,
            {"bId": "1", **invoice},
            {"bId": "2", **invoice},
            query("3", "select count(*) from Invoice"),
            requestid="r",
        )
        noted = (await it.control("GET", "journal"))["entries"][-1]["items"]

    assert again == first
    assert other["Invoice"]["Id"] != first["Invoice"]["Id"]
    assert count["QueryResponse"]["totalCount"] == 1
    assert [one["replayed"] for one in noted] == [True, False, False]


async def test_a_batch_without_a_request_id_is_executed_again() -> None:
    """Equal bIds alone say nothing."""
    async with company() as it:
        await answers(it, customer("1", "Amy"))
        (again,) = await answers(it, customer("1", "Amy"))

    assert code(again) == "6240"


async def test_a_call_and_a_batch_do_not_share_an_id() -> None:
    """The batch's id stands for its items only."""
    async with company() as it:
        await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r")
        (made,) = await answers(it, customer("1", "Bea"), requestid="r")

    assert made["Customer"]["DisplayName"] == "Bea"


@pytest.mark.parametrize(
    ("request_id", "bid", "fits"),
    [("r" * 36, "b" * 10, True), ("r" * 40, "b" * 10, True), ("r" * 32, "b" * 36, False), ("", "b" * 60, True)],
)
async def test_request_id_and_bid_together_have_fifty_characters(request_id: str, bid: str, *, fits: bool) -> None:
    """6000 on the item, naming the limit and the length; without a request id any bId will do."""
    parameters = {"requestid": request_id} if request_id else {}
    async with company() as it:
        (told,) = await answers(it, customer(bid, "Amy"), **parameters)

    assert told["bId"] == bid
    assert ("Customer" in told) is fits
    if not fits:
        detail = told["Fault"]["Error"][0]["Detail"]
        assert code(told) == "6000"
        assert "more than 50 characters in the request_id field" in detail
        assert "rrrrrrrrrr..., which is 68 characters" in detail


async def test_an_unauthorised_batch_fails_as_a_whole() -> None:
    """The gateway's envelope, and no item is executed."""
    async with company() as it:
        token, it.access_token = it.access_token, "wrong"
        refused = await batch(it, customer("1", "Amy"))
        it.access_token = token
        count = await it.query("select count(*) from Customer")

    assert (refused.status, refused.code, refused["batchItemResponse"]) == (401, "3200", [])
    assert count["QueryResponse"]["totalCount"] == 0


async def test_the_journal_tells_a_batchs_items() -> None:
    """What each asked for, what it made, and its fault."""
    async with company() as it:
        (made, _) = await answers(it, customer("1", "Amy"), query("2", "select nonsense"))
        entry = (await it.control("GET", "journal"))["entries"][-1]

    assert (entry["operation"], entry["status"]) == ("batch", 200)
    first, second = entry["items"]
    assert (first["operation"], first["entity"], first["object_id"]) == ("create", "Customer", made["Customer"]["Id"])
    assert (second["operation"], second["fault_code"]) == ("query", "4000")
