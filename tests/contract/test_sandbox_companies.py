"""Companies from seeds: those that come along, and one's own in YAML; and the books of each."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.quickbooks import seed_files
from infra.sandbox.quickbooks.seed_files import NAMES, SeedWrong, seed_of
from tests.contract.sandbox_company import Body, Company, Told, company, sold

ACME = """
name: Acme
time_zone: Europe/Paris
custom_fields: [Crew]
next: {Names: 50, DocNumber: 2001}
objects:
  Customer:
    - {Id: 7, DisplayName: Amy, SyncToken: 3, CreateTime: 2020-01-02T03:04:05Z, LastUpdatedTime: 2021-01-02T03:04:05Z}
    - {DisplayName: Twin Lane, Job: true, ParentRef: Amy}
  Invoice:
    - CustomerRef: Twin Lane
      DocNumber: 1999
      TxnDate: 2020-02-03
      Line: [{Amount: 10.50, DetailType: SalesItemLineDetail, SalesItemLineDetail: {ItemRef: Services}}]
"""


async def opened(it: Company, source: object, **fields: str) -> Told:
    """Another company in the test's sandbox, and from now on the test's own."""
    told = await it.control("POST", "companies", {"company": source, **fields})
    if told.status == 200:
        it.realm, it.access_token = told["realm"], told["access_token"]
    return told


async def summary(it: Company) -> Body:
    return dict((await it.control("GET", f"{it.realm}/books/summary")).json)


@pytest.mark.parametrize("name", NAMES)
async def test_every_company_that_comes_along_opens_with_its_books_in_balance(name: str) -> None:
    """Debits are credits, what is owed is what the ledger says, and the tokens that were told are good."""
    async with company() as it:
        told = await opened(it, name)
        read = await it.call("GET", f"companyinfo/{it.realm}")
        found = await summary(it)

    balance = found["trial_balance"]
    assert (told.status, read.status, told["income_account"]) == (200, 200, "1")
    assert balance["debit"] == balance["credit"] == sum(one["debit"] for one in balance["accounts"])
    for side in ("receivables", "payables"):
        assert found[side]["total"] == found[side]["ledger"] == sum(found[side]["ages"].values())


async def test_craigs_is_the_recorded_company_before_its_recordings() -> None:
    """Its names as they were then, and ids that go on as theirs did: names at 70, transactions at 266, number 1043."""
    async with company() as it:
        await opened(it, "craigs")
        counted = await it.query("select count(*) from Customer")
        vendors = await it.query("select count(*) from Vendor where Active in (true, false)")
        amy = await it.read("Customer", "1")
        paulsen, new = await it.read("Customer", "18"), await it.customer("New", BillAddr={"Line1": "1 Main St."})
        doe = await it.customer("Doe5, Jane")
        owed = await it.invoice(amy)
        receipt = await it.read("SalesReceipt", "17")

    assert (counted["QueryResponse"]["totalCount"], vendors["QueryResponse"]["totalCount"]) == (40, 27)
    assert (amy["BillAddr"]["Id"], amy["Balance"], amy["MetaData"]["CreateTime"]) == (
        "2",
        Decimal("239.00"),
        "2015-10-01T16:48:43-07:00",
    )
    assert [paulsen["BillAddr"]["Id"], paulsen["ShipAddr"]["Id"], new["BillAddr"]["Id"]] == ["18", "19", "120"]
    assert (new["Id"], doe["Id"], owed["Id"], owed["DocNumber"]) == ("70", "71", "266", "1043")
    assert owed["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}]
    assert (receipt["SyncToken"], receipt["TotalAmt"], receipt["Line"][0]["Id"]) == ("4", Decimal("337.5"), "5")


async def test_a_record_may_keep_a_name_that_another_has_too() -> None:
    """The recorded company has two Jack Does: a sub-customer can be edited, and nobody else may take the name."""
    async with company() as it:
        await opened(it, "craigs")
        edited = await it.call("POST", "customer", {"Id": "64", "SyncToken": "0", "sparse": True, "Notes": "the son"})
        refused = await it.call("POST", "vendor", {"DisplayName": "Jack Doe"})

    assert (edited.status, refused.code) == (200, "6240")


async def test_a_british_company_charges_vat() -> None:
    """Forms say how their tax is reckoned, lines have VAT codes, amounts are in pounds."""
    async with company() as it:
        await opened(it, "uk-vat")
        lines = [
            {**sold("100.00"), "SalesItemLineDetail": {"TaxCodeRef": {"value": "2"}}},
            {**sold("50.00"), "SalesItemLineDetail": {"TaxCodeRef": {"value": "4"}}},
        ]
        made = await it.make("Invoice", CustomerRef={"value": "1"}, Line=lines, GlobalTaxCalculation="TaxExcluded")
        codes = await it.query("select Name from TaxCode orderby Id")

    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (Decimal("170.00"), Decimal("20.00"))
    assert [one["Name"] for one in codes["QueryResponse"]["TaxCode"]] == [
        "20.0% S",
        "5.0% R",
        "0.0% Z",
        "Exempt",
        "No VAT",
    ]


async def test_a_company_of_several_currencies_sells_in_the_customers() -> None:
    """With the rate of the seed, and the amount at home; its books are in the home currency."""
    async with company() as it:
        await opened(it, "multi-currency")
        fields = {"CustomerRef": {"value": "3"}, "CurrencyRef": {"value": "EUR"}}
        made = await it.make("Invoice", Line=[sold("100.00")], **fields)
        owed = [one for one in (await summary(it))["receivables"]["documents"] if one["id"] == made["Id"]]

    assert (made["CurrencyRef"]["value"], made["ExchangeRate"], made["HomeTotalAmt"]) == (
        "EUR",
        Decimal("1.1"),
        Decimal("110.00"),
    )
    assert (owed[0]["balance"], owed[0]["home_balance"]) == (Decimal("100.00"), Decimal("110.00"))


async def test_a_company_with_numbers_of_its_own_is_warned_of_doubles() -> None:
    """What has no number gets none, and a number that is taken is refused with 6140."""
    async with company() as it:
        await opened(it, "custom-numbers")
        bare = await it.make("Invoice", CustomerRef={"value": "1"}, Line=[sold("1.00")])
        again = {"CustomerRef": {"value": "1"}, "Line": [sold("1.00")], "DocNumber": "A-100"}
        refused = await it.call("POST", "invoice", again)

    assert ("DocNumber" in bare, refused.code) == (False, "6140")


@pytest.mark.parametrize("as_text", [True, False], ids=["YAML", "JSON"])
async def test_a_seed_of_ones_own_says_ids_tokens_times_and_names(*, as_text: bool) -> None:
    """References by name, ids that are not told are given, and the feed tells what is old as old."""
    source: Any = ACME if as_text else seed_files.parsed(ACME, "Acme")
    if not as_text:
        source["objects"]["Invoice"][0]["Line"][0]["Amount"] = "10.50"
    async with company() as it:
        told = await opened(it, source, realm="77", time_zone="Europe/Berlin")
        assert told.status == 200, told.text
        amy, child = await it.read("Customer", "7"), await it.read("Customer", "8")
        invoices = (await it.query("select * from Invoice"))["QueryResponse"]["Invoice"]
        feed = await it.call("GET", "cdc", entities="Customer", changedSince="2026-03-01T00:00:00Z")
        later = await it.invoice(amy)

    assert (told["realm"], told["name"], told["time_zone"]) == ("77", "Acme", "Europe/Berlin")
    assert (amy["SyncToken"], amy["MetaData"]["CreateTime"]) == ("3", "2020-01-02T04:04:05+01:00")
    assert (child["ParentRef"], child["Balance"]) == ({"value": "7"}, Decimal("10.50"))
    assert [(one["DocNumber"], one["DueDate"]) for one in invoices] == [("1999", "2020-03-04")]
    assert [one["Id"] for one in feed["CDCResponse"][0]["QueryResponse"][0]["Customer"]] == ["8"]
    assert later["DocNumber"] == "2001"


WRONG = {
    "no such name": ("craig", "Did you mean craigs?"),
    "no file": ("there/is.yaml", "there is no such file"),
    "no YAML": ("a: [", "line 2: this is no YAML"),
    "no company": ("- 1", "lines of `name: value`"),
    "no such key": ("nme: Acme", "Did you mean name?"),
    "no zone": ("time_zone: Mars/Base", "time_zone: Mars/Base is no zone"),
    "no currency": ("currency: DOL", "currency: DOL is not known"),
    "no base": ("begins_with: craig", "Did you mean craigs?"),
    "no list": ("objects: {Customer: {DisplayName: Amy}}", "Customer: write a list"),
    "no object": ("objects: {Customer: [Amy]}", "Customer number 1: write `name: value`"),
    "no number": ("next: {Names: many}", "Names is a whole number"),
    "no entity": ("objects: {Custmer: [{DisplayName: Amy}]}", "no entity Custmer"),
    "no property": ("objects: {Customer: [{DisplayNam: Amy}]}", "number 1: QuickBooks would refuse it with 2010"),
    "no reference": (
        "objects: {Customer: [{DisplayName: Amy}], Invoice: [{DocNumber: 5, CustomerRef: Ami, Line: []}]}",
        "Invoice 5, CustomerRef: there is no Customer Ami. Did you mean Amy?",
    ),
    "no time": ("objects: {Customer: [{DisplayName: Amy, CreateTime: soon}]}", "CreateTime: soon is no time"),
    "no id": ("objects: {Customer: [{DisplayName: Amy, Id: A1}]}", "Id: A1 is no number"),
    "id twice": ("objects: {Vendor: [{DisplayName: A, Id: 1}, {DisplayName: B, Id: 1}]}", "Id: 1 is taken"),
    "no rate": ("exchange_rates: {EUR: cheap}", "EUR is worth a number above 0"),
}


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.replace(" ", "-"))
async def test_a_wrong_seed_says_where_and_what_to_write(case: str, tmp_path: Path) -> None:
    """In one sentence that names the file and the place; and no company is opened."""
    text, words = WRONG[case]
    file = tmp_path / "acme.yaml"
    file.write_text(text)
    source = text if case in ("no such name", "no file") else str(file)

    async with company() as it:
        with pytest.raises(SeedWrong) as raised:
            it.running.sandbox.open(seed_of(source))
        companies = (await it.control("GET", "companies"))["companies"]

    assert words in str(raised.value)
    assert str(raised.value).startswith(source)
    assert len(companies) == 1


async def test_the_control_api_reads_no_files() -> None:
    """A path is no company there: whoever asks may be on another machine."""
    async with company() as it:
        refused = await opened(it, "/etc/hostname.yaml")

    assert (refused.status, "a company is one of" in refused["error"]) == (400, True)


async def test_receivables_tell_each_open_document_by_its_age() -> None:
    """Invoices by their due date, money that is not applied yet against them; the sum is the ledger's."""
    async with company() as it:
        amy = await it.customer("Amy")
        old = await it.invoice(amy, "100.00", TxnDate="2025-12-01", DueDate="2025-12-31")
        await it.invoice(amy, "40.00")
        await it.paid(amy, "70", (old, "60"))
        found = (await summary(it))["receivables"]

    assert [(one["entity"], one["balance"], one["days_late"]) for one in found["documents"]] == [
        ("Invoice", Decimal("40.00"), 61),
        ("Payment", Decimal("-10.00"), 0),
        ("Invoice", Decimal("40.00"), 0),
    ]
    assert {age: amount for age, amount in found["ages"].items() if amount} == {
        "current": Decimal("30.00"),
        "61 to 90": Decimal("40.00"),
    }
    assert found["total"] == found["ledger"] == Decimal("70.00")
