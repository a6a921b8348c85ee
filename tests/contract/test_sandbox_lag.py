"""Queries and the change feed may lag behind writes; reads by id never do."""

from collections.abc import Sequence

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, Told, company

LIMITS_OFF = Switches(limits="off")
LAGGING = LIMITS_OFF.changed({"query_lag_seconds": 30})


async def names(it: Company, condition: str = "") -> list[str]:
    told = await it.query(f"select * from Customer {condition} orderby Id")  # noqa: S608 - not SQL
    return [row["DisplayName"] for row in told["QueryResponse"].get("Customer", [])]


async def rename(it: Company, amy: Body, name: str) -> None:
    body = {"Id": amy["Id"], "SyncToken": amy["SyncToken"], "sparse": True, "DisplayName": name}
    told = await it.call("POST", "customer", body)
    assert told.status == 200, told.text


async def feed(it: Company, entity: str = "Invoice", since: str = "2026-03-01T00:00:00Z") -> Told:
    return await it.call("GET", "cdc", entities=entity, changedSince=since)


async def test_a_new_object_is_found_when_the_lag_has_passed_and_read_at_once() -> None:
    """To the moment: a look-up just before finds nothing."""
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        read = await it.read("Customer", amy["Id"])
        it.clock.advance(29.999)
        before = await names(it, "where DisplayName = 'Amy'")
        it.clock.advance(0.001)
        after = await names(it, "where DisplayName = 'Amy'")

    assert (read["DisplayName"], before, after) == ("Amy", [], ["Amy"])


async def test_an_edit_is_seen_when_the_lag_has_passed() -> None:
    """Until then the old name is found and shown, with the old token, and the new one is not."""
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        it.clock.advance(60)
        await rename(it, amy, "Bea")
        it.clock.advance(29)
        old, new = await names(it, "where DisplayName = 'Amy'"), await names(it, "where DisplayName = 'Bea'")
        row = (await it.query("select * from Customer"))["QueryResponse"]["Customer"][0]
        it.clock.advance(1)
        later = await names(it, "where DisplayName = 'Amy'"), await names(it, "where DisplayName = 'Bea'")

    assert (old, new, row) == (["Amy"], [], amy)
    assert later == ([], ["Bea"])


async def test_each_of_several_edits_is_seen_in_its_time() -> None:
    """A query shows what stood there so many seconds ago, not merely the last version but one."""
    seen = []
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        it.clock.advance(40)
        await rename(it, amy, "Bea")
        it.clock.advance(10)
        await rename(it, {**amy, "SyncToken": "1"}, "Cy")
        for _ in range(4):
            it.clock.advance(10)
            seen.append(await names(it))

    assert seen == [["Amy"], ["Bea"], ["Cy"], ["Cy"]]


async def test_a_deleted_object_is_found_until_the_lag_has_passed() -> None:
    """Although a read by its id says 610 at once."""
    async with company(LAGGING) as it:
        owed = await it.invoice(await it.customer())
        it.clock.advance(60)
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "0"}, operation="delete")
        gone = await it.call("GET", f"invoice/{owed['Id']}")
        still = await it.query("select * from Invoice where DocNumber = '1001'")
        it.clock.advance(30)
        after = await it.query("select count(*) from Invoice")

    assert gone.code == "610"
    assert still["QueryResponse"]["Invoice"] == [owed]
    assert after["QueryResponse"]["totalCount"] == 0


async def test_what_was_made_and_deleted_within_the_lag_is_never_found() -> None:
    """Neither as an object nor as a stub."""
    async with company(LAGGING.changed({"feed_lag_seconds": 30})) as it:
        amy = await it.customer()
        it.clock.advance(60)
        owed = await it.invoice(amy)
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "0"}, operation="delete")
        found = await it.query("select count(*) from Invoice")
        told = await feed(it)

    assert found["QueryResponse"]["totalCount"] == 0
    assert told["CDCResponse"][0]["QueryResponse"] == [{}]


async def test_implicit_changes_lag_too() -> None:
    """A payment moves the invoice's balance: the query still shows what was owed, with all its names of then."""
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        owed = await it.invoice(amy, "100.00")
        it.clock.advance(60)
        await it.paid(amy, "40.00", (owed, "40.00"))
        await rename(it, amy, "Bea")
        row = (await it.query("select * from Invoice"))["QueryResponse"]["Invoice"][0]
        now = await it.read("Invoice", owed["Id"])
        it.clock.advance(30)
        later = (await it.query("select * from Invoice"))["QueryResponse"]["Invoice"][0]

    assert row == owed
    assert (now["Balance"], now["CustomerRef"]["name"]) == (60, "Bea")
    assert later == now


async def test_a_rename_lags_in_what_refers_to_it_and_reads_are_not_disturbed() -> None:
    """The invoice itself did not change: a query shows it with the old name, a read before and after with the new."""
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        owed = await it.invoice(amy)
        it.clock.advance(60)
        await rename(it, amy, "Bea")
        shown = []
        for _ in range(2):
            shown.append((await it.read("Invoice", owed["Id"]))["CustomerRef"]["name"])
            found = (await it.query("select * from Invoice"))["QueryResponse"]["Invoice"][0]
            shown.append(found["CustomerRef"]["name"])

    assert shown == ["Bea", "Amy", "Bea", "Amy"]


async def test_the_feed_lags_by_a_switch_of_its_own() -> None:
    """A look-up finds what the feed does not tell yet, and the other way round."""
    async with company(LIMITS_OFF.changed({"feed_lag_seconds": 20})) as it:
        amy = await it.customer("Amy")
        found, told = await names(it), await feed(it, "Customer")
        it.clock.advance(30)
        it.running.sandbox.switch(LIMITS_OFF.changed({"query_lag_seconds": 20}))
        await rename(it, amy, "Bea")
        found_then, told_then = await names(it), await feed(it, "Customer")

    assert (found, told["CDCResponse"][0]["QueryResponse"]) == (["Amy"], [{}])
    (block,) = told_then["CDCResponse"][0]["QueryResponse"]
    assert (found_then, [row["DisplayName"] for row in block["Customer"]]) == (["Amy"], ["Bea"])


async def test_a_lagging_feed_tells_a_deleted_object_as_living_until_the_lag_has_passed() -> None:
    """In the order of changes as they were."""

    def told_by(found: Told) -> Sequence[tuple[str, str]]:
        (block,) = found["CDCResponse"][0]["QueryResponse"]
        return [(row["Id"], row.get("status", "there")) for row in block["Invoice"]]

    async with company(LIMITS_OFF.changed({"feed_lag_seconds": 20})) as it:
        amy = await it.customer()
        first = await it.invoice(amy)
        it.clock.advance(5)
        second = await it.invoice(amy)
        it.clock.advance(30)
        await it.call("POST", "invoice", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
        before = told_by(await feed(it))
        it.clock.advance(20)
        after = told_by(await feed(it))

    assert before == [(first["Id"], "there"), (second["Id"], "there")]
    assert after == [(second["Id"], "there"), (first["Id"], "Deleted")]


async def test_a_query_by_time_sees_the_times_of_then() -> None:
    """An object that changed within the lag has its older LastUpdatedTime."""
    async with company(LAGGING) as it:
        amy = await it.customer("Amy")
        it.clock.advance(60)
        await rename(it, amy, "Bea")
        since_first = await names(it, "where MetaData.LastUpdatedTime >= '2026-03-02T17:00:00Z'")
        since_edit = await names(it, "where MetaData.LastUpdatedTime >= '2026-03-02T17:01:00Z'")

    assert (since_first, since_edit) == (["Amy"], [])


async def test_a_batchs_queries_lag_as_others_do() -> None:
    """Its own writes are not found by it."""
    create = {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Amy"}}
    query = {"bId": "2", "Query": "select count(*) from Customer"}
    async with company(LAGGING) as it:
        told = await it.call("POST", "batch", {"BatchItemRequest": [create, query]})

    assert told["BatchItemResponse"][1]["QueryResponse"]["totalCount"] == 0


async def test_what_a_company_begins_with_is_found_at_once() -> None:
    """Its accounts and items were always there."""
    async with company(LAGGING) as it:
        accounts = await it.query("select count(*) from Account")

    assert accounts["QueryResponse"]["totalCount"] > 0


async def test_what_a_snapshot_brings_back_is_found_at_once() -> None:
    """It was there before, even where the clock stands at the moment of the restore."""
    async with company(LAGGING) as it:
        await it.customer("Amy")
        await it.control("POST", "snapshots/before")
        await it.customer("Bea")
        restored = await it.control("POST", "snapshots/before/restore")

        assert (restored.status, await names(it)) == (200, ["Amy"])


async def test_nothing_is_kept_when_nothing_lags() -> None:
    """Versions cost memory; when the lag ends, those that were kept go too."""
    async with company(LAGGING) as it:
        versions = it.running.sandbox.realms[it.realm].versions
        await it.customer("Amy")
        kept = len(versions)
        it.running.sandbox.switch(LIMITS_OFF)
        await it.customer("Bea")

        assert (kept > 0, len(versions), await names(it)) == (True, 0, ["Amy", "Bea"])


@pytest.mark.parametrize("seconds", [1, 60])
async def test_versions_are_kept_no_longer_than_the_lag(seconds: int) -> None:
    """Else a long run would keep its whole history."""
    async with company(LIMITS_OFF.changed({"query_lag_seconds": seconds})) as it:
        amy = await it.customer("Amy")
        for number in range(10):
            it.clock.advance(seconds)
            await rename(it, {**amy, "SyncToken": str(number)}, f"Amy {number}")
        versions = it.running.sandbox.realms[it.realm].versions

        assert len(versions) <= 4
