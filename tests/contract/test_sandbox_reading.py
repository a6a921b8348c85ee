"""Queries and the change feed."""

from tests.contract.sandbox_company import Company, company


async def names(it: Company, where: str) -> list[str]:
    told = await it.query("select * from Customer " + where)  # noqa: S608 - a query of ours, to our own sandbox
    assert told.status == 200, told.text
    return [row["DisplayName"] for row in told["QueryResponse"].get("Customer", [])]


async def test_conditions_choose_rows() -> None:
    """=, IN, LIKE and comparisons, texts without regard to case, an apostrophe escaped."""
    async with company() as it:
        for name in ("Amy's", "Bea", "bob", "Cid"):
            await it.customer(name)
        await it.invoice(
            (await it.query("select * from Customer where DisplayName = 'Cid'"))["QueryResponse"]["Customer"][0]
        )

        assert await names(it, r"where DisplayName = 'amy\'s'") == ["Amy's"]
        assert await names(it, "WHERE DisplayName IN ('Bea', 'BOB', 'Zed')") == ["Bea", "bob"]
        assert await names(it, "where DisplayName like 'b%'") == ["Bea", "bob"]
        assert await names(it, "where Balance > '0.00' and Job = false") == ["Cid"]
        assert await names(it, "where Id in ('1', '3')") == ["Amy's", "bob"]


async def test_pages_and_orders() -> None:
    """Byte order by default, upper case first; STARTPOSITION counts from one and may follow MAXRESULTS."""
    async with company() as it:
        for name in ("b", "C", "a", "D"):
            await it.customer(name)

        assert await names(it, "") == ["C", "D", "a", "b"]
        assert await names(it, "orderby Id desc") == ["D", "a", "C", "b"]
        assert await names(it, "MAXRESULTS 2 STARTPOSITION 2") == ["D", "a"]
        assert (await it.query("select * from Customer startposition 9"))["QueryResponse"] == {}


async def test_query_faults_have_the_recorded_words() -> None:
    """4000 tells what was met and expected, 4001 what is not there."""
    async with company() as it:
        syntax = await it.query(r"select * from Vendor where DisplayName = 'Cutlery 'R Us'")
        entity = await it.query("select * from Custmoer")
        column = await it.query("select * from Customer where NoSuchField = 'x'")
        small = await it.query("select * from Customer startposition 0")

    assert (syntax.code, entity.code, column.code, small.code) == ("4000", "4001", "4001", "4001")
    assert syntax.detail == (
        'QueryParserError: Encountered " <IDENTIFIER> "R "" at line 1, column 52.\nWas expecting one of:\n    <EOF> \n'
        '    <AND> ...\n    "iterator" ...\n    "maxresults" ...\n    <OR> ...\n    "order" ...\n    "orderby" ...\n'
        '    "startposition" ...\n    '
    )
    assert entity.detail == "QueryValidationError: invalid context declaration: Custmoer"
    assert column.detail == "QueryValidationError: Property NoSuchField not found for Entity Customer"
    assert small.detail == "QueryValidationError: value 0 is too small. Min allowed value is 1"


async def test_a_column_list_thins_references_and_lines() -> None:
    """No names, no lines, no error."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy)
        told = await it.query("select Id, CustomerRef, Line from Invoice")

    assert told["QueryResponse"]["Invoice"] == [{"Id": made["Id"], "Line": [], "CustomerRef": {"value": amy["Id"]}}]


async def test_the_feed_tells_what_changed_deleted_stubs_last() -> None:
    """One block per entity in the order asked for; an entity without change is an empty block."""
    async with company() as it:
        amy = await it.customer()
        gone, kept = await it.invoice(amy), await it.invoice(amy)
        it.clock.advance(60)
        since = "2026-03-02T09:01:00-08:00"
        await it.call("POST", "invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
        await it.call("POST", "invoice", {"Id": kept["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
        told = await it.call("GET", "cdc", entities="invoice,Customer,Vendor", changedSince=since)

    invoices, customers, vendors = told["CDCResponse"][0]["QueryResponse"]
    assert [row["Id"] for row in invoices["Invoice"]] == [kept["Id"], gone["Id"]]
    assert invoices["Invoice"][1]["status"] == "Deleted"
    assert (invoices["startPosition"], invoices["maxResults"]) == (1, 2)
    assert [row["Id"] for row in customers["Customer"]] == [amy["Id"]]
    assert vendors == {}


async def test_a_block_of_stubs_alone_has_a_total_and_no_start() -> None:
    """As it was seen live."""
    async with company() as it:
        gone = await it.invoice(await it.customer())
        await it.call("POST", "invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
        told = await it.call("GET", "cdc", entities="Invoice", changedSince="2026-03-01T00:00:00Z")

    block = told["CDCResponse"][0]["QueryResponse"][0]
    assert (block["maxResults"], block["totalCount"], "startPosition" in block) == (1, 1, False)


async def test_the_feed_reaches_back_thirty_days() -> None:
    """Older is refused as an unsupported operation."""
    async with company() as it:
        told = await it.call("GET", "cdc", entities="Invoice", changedSince="2026-01-01T00:00:00Z")

    assert (told.status, told.code) == (400, "500")
    assert "older than fixed days is not supported" in told.detail


async def test_the_books_hold_inactive_and_deleted_records() -> None:
    """For who compares: everything, the deleted ones apart."""
    async with company() as it:
        amy, gone = await it.customer(), await it.customer("Gone")
        await it.call("POST", "customer", {"Id": gone["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        owed = await it.invoice(amy)
        await it.control("POST", f"{it.realm}/delete", {"entity": "Invoice", "id": owed["Id"]})
        told = await it.control("GET", f"{it.realm}/books")

    assert [row["Active"] for row in told["Customer"]] == [True, False]
    assert (told["Invoice"], [row["Id"] for row in told["deleted"]["Invoice"]]) == ([], [owed["Id"]])
