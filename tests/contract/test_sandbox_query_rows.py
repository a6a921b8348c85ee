"""Queries over HTTP: which rows, which columns, in which order, and how a page looks."""

import pytest

from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Company, company


async def names(it: Company, where: str) -> list[str]:
    told = await it.query("select * from Customer " + where)  # noqa: S608 - a query of ours, to our own sandbox
    assert told.status == 200, told.text
    return [row["DisplayName"] for row in told["QueryResponse"].get("Customer", [])]


async def ids(it: Company, entity: str, where: str = "") -> list[str]:
    told = await it.query(f"select * from {entity} {where}")  # noqa: S608
    assert told.status == 200, told.text
    return [row["Id"] for row in told["QueryResponse"].get(entity, [])]


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
        assert await names(it, "where displayname LIKE '%E%' and active = TRUE") == ["Bea"]
        assert await names(it, "where Balance > '0.00' and Job = false") == ["Cid"]
        assert await names(it, "where Balance = 100") == ["Cid"]
        assert await names(it, "where Id in ('1', '3')") == ["Amy's", "bob"]
        assert await names(it, "where DisplayName > 'b' and DisplayName <= 'bob'") == ["Bea", "bob"]


async def test_words_and_names_in_any_case() -> None:
    """Key words, entity and properties; the answer names the entity as it is written."""
    async with company() as it:
        await it.customer()
        told = await it.query("SELECT * fRoM cUSTOMER WHERE dISPLAYnAME = 'AMY' ORDER by METADATA.createtime DESC")

    assert list(told["QueryResponse"]) == ["Customer", "startPosition", "maxResults"]


async def test_a_blank_stands_for_no_value() -> None:
    """Null is written ' '; also for who is looked up by an index."""
    async with company() as it:
        bare, named = await it.customer("Bare"), await it.customer("Named", CompanyName="Acme")
        child = await it.customer("Child", Job=True, ParentRef={"value": bare["Id"]})

        assert await ids(it, "Customer", "where CompanyName = ' '") == [bare["Id"], child["Id"]]
        assert await ids(it, "Customer", "where CompanyName in (' ', 'ACME') and Job = false") == [
            bare["Id"],
            named["Id"],
        ]
        assert await ids(it, "Customer", "where ParentRef = ' '") == [bare["Id"], named["Id"]]
        assert await ids(it, "Customer", f"where ParentRef = '{bare['Id']}'") == [child["Id"]]


async def test_days_and_times() -> None:
    """Days, today, times with an offset, Metadata in either spelling; a time without offset is the company's."""
    async with company() as it:
        amy = await it.customer()
        old = await it.invoice(amy, TxnDate="2026-02-01")
        it.clock.advance(1800)
        new = await it.invoice(amy)

        assert await ids(it, "Invoice", "where TxnDate = CURRENT_DATE") == [new["Id"]]
        assert await ids(it, "Invoice", "where TxnDate < '2026-03-01'") == [old["Id"]]
        assert await ids(it, "Invoice", "where TxnDate = '2026-02-01T00:00:00-08:00'") == [old["Id"]]
        assert await ids(it, "Invoice", "where TxnDate >= 2026-03-01") == [new["Id"]]
        for moment in ("2026-03-02T17:30:00Z", "2026-03-02T09:30:00-0800", "2026-03-02T09:30:00"):
            assert await ids(it, "Invoice", f"where Metadata.CreateTime >= '{moment}'") == [new["Id"]]
            assert await ids(it, "Invoice", f"where MetaData.LastUpdatedTime < '{moment}'") == [old["Id"]]
        assert await ids(it, "Invoice", "where MetaData.LastUpdatedTime > '2026-03-02T17:30:00Z'") == []


async def test_pages_and_orders() -> None:
    """Byte order by default, upper case first; STARTPOSITION counts from one and may follow MAXRESULTS."""
    async with company() as it:
        for name in ("b", "C", "a", "D"):
            await it.customer(name)

        assert await names(it, "") == ["C", "D", "a", "b"]
        assert await names(it, "orderby Id desc") == ["D", "a", "C", "b"]
        assert await names(it, "order by Taxable, Id") == ["b", "C", "a", "D"]
        assert await names(it, "MAXRESULTS 2 STARTPOSITION 2") == ["D", "a"]
        assert (await it.query("select * from Customer startposition 9"))["QueryResponse"] == {}


async def test_a_page_is_a_hundred_rows_unless_told_otherwise() -> None:
    """`maxResults` is the number of rows on this page; a count is of all."""
    async with company() as it:
        for number in range(101):
            await it.customer(f"C{number:03}")
        first, rest = (
            await it.query("select * from Customer"),
            await it.query("select * from Customer startposition 101"),
        )
        all_of_them = await it.query("select * from Customer maxresults 1000")
        count = await it.query("select count(*) from Customer where DisplayName like 'C0%'")

    pages = [told["QueryResponse"] for told in (first, rest, all_of_them)]
    assert [(page["startPosition"], page["maxResults"]) for page in pages] == [(1, 100), (101, 1), (1, 101)]
    assert count["QueryResponse"] == {"totalCount": 100}


async def test_transactions_come_newest_change_first() -> None:
    """Unless another order is asked for."""
    async with company() as it:
        amy = await it.customer()
        made = []
        for day in ("2026-02-03", "2026-02-01", "2026-02-02"):
            made.append((await it.invoice(amy, TxnDate=day))["Id"])
            it.clock.advance(1)

        assert await ids(it, "Invoice") == made[::-1]
        assert await ids(it, "Invoice", "orderby TxnDate") == [made[1], made[2], made[0]]


async def test_inactive_ones_are_left_out_unless_asked_for() -> None:
    """Of lists; with the suffix that their name has from then on."""
    async with company() as it:
        kept, gone = await it.customer("Kept"), await it.customer("Gone")
        await it.call("POST", "customer", {"Id": gone["Id"], "SyncToken": "0", "sparse": True, "Active": False})

        assert await names(it, "") == ["Kept"]
        assert await names(it, "where Active = false") == ["Gone (deleted)"]
        assert await names(it, "where Active in (true, false)") == ["Gone (deleted)", "Kept"]
        assert await ids(it, "Customer", f"where Id in ('{gone['Id']}', '{kept['Id']}')") == [kept["Id"]]


async def test_a_column_list_thins_references_and_lines() -> None:
    """No names, no lines, no error; of the times only the one that was named."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy)
        told = await it.query("select Id, CustomerRef, Line from Invoice")
        timed = await it.query("select metadata.createtime, TotalAmt from Invoice")

    assert told["QueryResponse"]["Invoice"] == [{"Id": made["Id"], "Line": [], "CustomerRef": {"value": amy["Id"]}}]
    assert '"TotalAmt":100.00' in timed.text
    assert timed["QueryResponse"]["Invoice"][0]["MetaData"] == {"CreateTime": made["MetaData"]["CreateTime"]}


async def test_a_star_with_a_column_is_everything() -> None:
    """As python-quickbooks asks for items."""
    async with company() as it:
        told = await it.query("SELECT *, Sku FROM Item ORDER BY Name STARTPOSITION 1 MAXRESULTS 100")

    assert told["QueryResponse"]["Item"][0]["Name"] == "Hours"
    assert "IncomeAccountRef" in told["QueryResponse"]["Item"][0]


@pytest.mark.parametrize("entity", sorted(ENTITIES))
async def test_every_entity_can_be_queried_and_counted(entity: str) -> None:
    """By its name in any case; a page holds as many as were counted."""
    async with company() as it:
        told = await it.query(f"select * from {entity.upper()} maxresults 1000")  # noqa: S608
        newest = await it.query(f"select Id from {entity} orderby MetaData.LastUpdatedTime desc, Id")  # noqa: S608
        count = await it.query(f"select count(*) from {entity}")  # noqa: S608

    assert (told.status, newest.status, count.status) == (200, 200, 200)
    assert len(told["QueryResponse"].get(entity, ())) == count["QueryResponse"]["totalCount"]


async def test_people_stand_by_their_display_name() -> None:
    """Vendors and employees, upper case before lower."""
    async with company() as it:
        for name in ("bob", "Zed", "Amy"):
            await it.make("Vendor", DisplayName=name)
            await it.make("Employee", GivenName=name, FamilyName="E")
        vendors = (await it.query("select * from Vendor"))["QueryResponse"]["Vendor"]
        employees = (await it.query("select * from Employee maxresults 2"))["QueryResponse"]["Employee"]

    assert [row["DisplayName"] for row in vendors] == ["Amy", "Zed", "bob"]
    assert [row["DisplayName"] for row in employees] == ["Amy E", "Zed E"]


async def test_a_query_may_be_posted() -> None:
    """As text in the body; the same rows as by GET."""
    async with company() as it:
        await it.customer()
        url = f"{it.running.base_url}/v3/company/{it.realm}/query"
        headers = {
            "Authorization": f"Bearer {it.access_token}",
            "Accept": "application/json",
            "Content-Type": "application/text",
        }
        async with it.session.post(url, data="select * from Customer", headers=headers) as answer:
            posted = await answer.json()
        told = await it.query("select * from Customer")

    assert posted["QueryResponse"]["Customer"][0]["Id"] == told["QueryResponse"]["Customer"][0]["Id"]


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("select * from Custmoer", "4001", "QueryValidationError: invalid context declaration: Custmoer"),
        ("select * from Batch", "4001", "QueryValidationError: invalid context declaration: Batch"),
        (
            "select * from customer where NoSuchField = 'x'",
            "4001",
            "QueryValidationError: Property NoSuchField not found for Entity Customer",
        ),
        ("select Id, Foo from Item", "4001", "QueryValidationError: Property Foo not found for Entity Item"),
        ("select * from Item orderby Foo", "4001", "QueryValidationError: Property Foo not found for Entity Item"),
        (
            "select * from Item where MetaData.Foo = 'x'",
            "4001",
            "QueryValidationError: Property MetaData.Foo not found for Entity Item",
        ),
        (
            "select * from Invoice where DepartmentRef = '1'",
            "4001",
            "QueryValidationError: property 'DepartmentRef' is not queryable",
        ),
        (
            "select * from Invoice where line.Amount = '1'",
            "4001",
            "QueryValidationError: property 'line.Amount' is not queryable",
        ),
        (
            "select * from Invoice orderby privatenote",
            "4001",
            "QueryValidationError: property 'PrivateNote' is not queryable",
        ),
        (
            "select * from Customer startposition 0",
            "4001",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        (
            "select * from Customer where Id > '5'",
            "4001",
            "QueryValidationError: operator > is not supported for Property Id",
        ),
        (
            "select * from Customer where Active = 'maybe'",
            "4001",
            "QueryValidationError: value maybe is not valid for Property Active",
        ),
        (
            "select * from Invoice where MetaData.CreateTime > 'yesterday'",
            "4001",
            "QueryValidationError: value yesterday is not valid for Property MetaData.CreateTime",
        ),
    ],
)
async def test_what_cannot_be_asked_is_refused(text: str, code: str, detail: str) -> None:
    """As an ordinary fault, without a time and without an element."""
    async with company() as it:
        told = await it.query(text)

    assert told.status == 400
    assert told.json == {
        "Fault": {"Error": [{"Message": "Invalid query", "Detail": detail, "code": code}], "type": "ValidationFault"}
    }


async def test_what_is_not_modelled_is_named() -> None:
    """An entity, or a property that QuickBooks knows and the sandbox does not: never an empty page."""
    async with company() as it:
        entity = await it.query("select * from JournalEntry")
        told = await it.query("select * from Customer where GSTIN = '1'")

    assert (entity.status, told.status) == (501, 501)
    assert "query of JournalEntry" in entity.detail
    assert "query by Customer.GSTIN" in told.detail


async def test_numbers_without_quotes_can_be_refused() -> None:
    """Some have met a parser that wants them quoted: a switch."""
    async with company(Switches(limits="off", bare_numbers="refused")) as it:
        bare = await it.query("select * from Customer where Balance > 10")
        quoted = await it.query("select * from Customer where Balance > '10' maxresults 5")

    assert (bare.status, bare.code, quoted.status) == (400, "4000", 200)
    assert 'Encountered " <NUMBER> "10 "" at line 1, column 40.' in bare.detail
