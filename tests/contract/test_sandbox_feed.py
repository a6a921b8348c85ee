"""The change feed over HTTP."""

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, Told, company

SINCE = "2026-03-02T00:00:00-08:00"


async def feed(it: Company, entities: str, since: str = SINCE) -> Told:
    return await it.call("GET", "cdc", entities=entities, changedSince=since)


async def blocks(it: Company, entities: str, since: str = SINCE) -> list[Body]:
    told = await feed(it, entities, since)
    assert told.status == 200, told.text
    return list(told["CDCResponse"][0]["QueryResponse"])


async def delete(it: Company, entity: str, record: Body) -> None:
    told = await it.call("POST", entity.lower(), {"Id": record["Id"], "SyncToken": "0"}, operation="delete")
    assert told.status == 200, told.text


async def test_the_feed_tells_what_changed_deleted_stubs_last() -> None:
    """One block per entity in the order asked for; an entity without change is an empty block."""
    async with company() as it:
        amy = await it.customer()
        gone, kept = await it.invoice(amy), await it.invoice(amy)
        it.clock.advance(60)
        since = "2026-03-02T09:01:00-08:00"
        await delete(it, "Invoice", gone)
        await it.call("POST", "invoice", {"Id": kept["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
        invoices, customers, vendors = await blocks(it, "invoice,Customer,Vendor", since)

    assert [row["Id"] for row in invoices["Invoice"]] == [kept["Id"], gone["Id"]]
    assert list(invoices) == ["Invoice", "startPosition", "maxResults"]
    assert (invoices["startPosition"], invoices["maxResults"]) == (1, 2)
    assert invoices["Invoice"][1] == {
        "domain": "QBO",
        "status": "Deleted",
        "Id": gone["Id"],
        "MetaData": {"LastUpdatedTime": "2026-03-02T09:01:00-08:00"},
    }
    assert [row["Id"] for row in customers["Customer"]] == [amy["Id"]]
    assert vendors == {}


async def test_rows_come_in_the_order_of_their_last_change() -> None:
    """Whole objects, inactive ones among them; what was touched last is last."""
    async with company() as it:
        made = []
        for name in ("Amy", "Bea", "Cid"):
            made.append(await it.customer(name))
            it.clock.advance(1)
        await it.invoice(made[0])
        it.clock.advance(1)
        await it.call("POST", "customer", {"Id": made[1]["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        (block,) = await blocks(it, "Customer")
        read = await it.read("Customer", made[0]["Id"])

    assert [row["DisplayName"] for row in block["Customer"]] == ["Cid", "Amy", "Bea (deleted)"]
    assert block["Customer"][1] == read


async def test_a_block_of_stubs_alone_has_a_total_and_no_start() -> None:
    """As it was seen live."""
    async with company() as it:
        await delete(it, "Invoice", await it.invoice(await it.customer()))
        (block,) = await blocks(it, "Invoice")

    assert (block["maxResults"], block["totalCount"], "startPosition" in block) == (1, 1, False)


async def test_names_are_read_leniently() -> None:
    """In any case, with blanks around them, an empty one ignored, a repeated one told once."""
    async with company() as it:
        await it.customer()
        found = await blocks(it, " CUSTOMER , item,,customer")

    assert [list(block) for block in found] == [["Customer", "startPosition", "maxResults"], ["Item", *PAGE]]


PAGE = ("startPosition", "maxResults")


async def test_what_changed_at_the_very_moment_is_told() -> None:
    """And nothing that changed before it; a date alone is the day's first moment in the company's time."""
    async with company() as it:
        await it.customer()

        assert len((await blocks(it, "Customer", "2026-03-02T17:00:00Z"))[0]["Customer"]) == 1
        assert await blocks(it, "Customer", "2026-03-02T17:00:01Z") == [{}]
        assert len((await blocks(it, "Customer", "2026-03-02"))[0]["Customer"]) == 1


async def test_an_answer_holds_a_thousand_objects_over_all_entities() -> None:
    """The first of each block; who sees a thousand asks another way."""
    async with company() as it:
        books = it.running.sandbox.realms[it.realm]
        for number in range(998):
            books.add("Customer", {"DisplayName": f"C{number}", "FullyQualifiedName": f"C{number}"})
        amy = await it.customer()
        for _ in range(3):
            await it.invoice(amy)
        found = await blocks(it, "Customer,Invoice,Item")

    assert [len(block.get(name, ())) for block, name in zip(found, ("Customer", "Invoice", "Item"), strict=True)] == [
        999,
        1,
        0,
    ]
    assert found[0]["maxResults"] == 999


async def test_the_feed_reaches_back_thirty_days() -> None:
    """Older is refused as an unsupported operation, in the words that were seen; with a switch it goes to the start."""
    async with company() as it:
        within = await feed(it, "Invoice", "2026-01-31T17:00:00Z")
        told = await feed(it, "Invoice", "2026-01-31T16:59:59Z")
        await it.control("POST", "switches", {"feed_reach": "any"})
        lenient = await feed(it, "Invoice", "2011-10-10T09:00:00-07:00")

    assert (within.status, lenient.status) == (200, 200)
    assert (told.status, told.code, told["Fault"]["Error"][0]["Message"]) == (400, "500", "Unsupported Operation")
    assert told.detail == (
        "Operation cdc with changedSince date 2026-01-31T16:59:59Z which is older than fixed days is not supported."
    )


@pytest.mark.parametrize(
    ("entities", "since", "status", "code"),
    [
        ("", SINCE, 400, "2020"),
        (" , ", SINCE, 400, "2020"),
        ("Customer", "", 400, "2020"),
        ("Customer", "lately", 400, "2060"),
        ("Customer,Custmoer", SINCE, 400, "4001"),
        ("TaxCode", SINCE, 400, "500"),
        ("taxrate", SINCE, 400, "500"),
        ("TaxAgency", SINCE, 400, "500"),
        ("JournalCode", SINCE, 400, "500"),
        ("JournalEntry", SINCE, 501, "500"),
    ],
)
async def test_what_the_feed_cannot_tell_is_refused(entities: str, since: str, status: int, code: str) -> None:
    """What is missing, what is no time or no entity, what the feed does not cover, what the sandbox does not model."""
    async with company() as it:
        told = await feed(it, entities, since)

    assert (told.status, told.code) == (status, code), told.text


async def test_a_switch_makes_a_lenient_feed_of_a_running_company() -> None:
    """From the start on, too."""
    async with company(Switches(limits="off", feed_reach="any")) as it:
        assert (await feed(it, "Customer", "1999-01-01")).status == 200
