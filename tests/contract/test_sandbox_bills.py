"""Bills: what vendors are owed, and what of it shows elsewhere."""

from decimal import Decimal

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.purchases import (
    billed,
    bought,
    by_check,
    check_books,
    expense,
    pump,
    ref,
    settling,
    vendor_of,
)
from tests.contract.sandbox_company import company


async def test_the_smallest_bill_answers_as_the_documentation_shows() -> None:
    """Due on its day without a term, owed on the company's A/P account, and without a number."""
    async with company() as it:
        vendor = await vendor_of(it)
        line = {
            "DetailType": "AccountBasedExpenseLineDetail",
            "Amount": 200.0,
            "Id": "1",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "7"}},
        }
        bill = await billed(it, vendor, line)

    assert list(bill) == [
        *("DueDate", "Balance", "domain", "sparse", "Id", "SyncToken", "MetaData", "TxnDate", "CurrencyRef"),
        *("LinkedTxn", "Line", "VendorRef", "APAccountRef", "TotalAmt"),
    ]
    assert (bill["TxnDate"], bill["DueDate"], bill["Balance"]) == ("2026-03-02", "2026-03-02", 200)
    assert bill["APAccountRef"] == {"value": "33", "name": "Accounts Payable (A/P)"}
    assert bill["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": 200,
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {
                "AccountRef": {"value": "7", "name": "Advertising"},
                "BillableStatus": "NotBillable",
                "TaxCodeRef": {"value": "NON"},
            },
        }
    ]


async def test_a_bill_moves_its_vendor_and_its_accounts_but_not_their_tokens() -> None:
    """What the vendor is owed grows, A/P shows it below zero; both times move."""
    async with company() as it:
        vendor = await vendor_of(it)
        it.clock.advance(60)
        bill = await billed(it, vendor, expense("103.55"), expense("6.45", "15"))
        owed, account = await it.read("Vendor", vendor["Id"]), await it.read("Account", "33")

        check_books(it)
    assert (owed["Balance"], owed["SyncToken"]) == (110, "0")
    assert (account["CurrentBalance"], account["SyncToken"]) == (-110, "0")
    assert owed["MetaData"]["LastUpdatedTime"] == bill["MetaData"]["CreateTime"]


async def test_an_inventory_item_that_is_bought_comes_into_stock() -> None:
    """Its quantity grows with a token; its value stands on the stock account; the bill's end takes both back."""
    async with company() as it:
        vendor = await vendor_of(it)
        stock = await it.make(
            "Item",
            Name="Fountain",
            Type="Inventory",
            TrackQtyOnHand=True,
            QtyOnHand=5,
            InvStartDate="2026-01-01",
            PurchaseCost=10,
            IncomeAccountRef=ref("79"),
            ExpenseAccountRef=ref("80"),
            AssetAccountRef=ref("81"),
        )
        before = await it.read("Account", "81")
        bill = await billed(it, vendor, bought(stock, 3, "10.00"))
        more, asset = await it.read("Item", stock["Id"]), await it.read("Account", "81")
        early = await it.call(
            "POST", "bill", {"VendorRef": ref(vendor), "TxnDate": "2025-12-31", "Line": [bought(stock, 1, "10.00")]}
        )
        await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
        less = await it.read("Item", stock["Id"])

        check_books(it)
    assert (more["QtyOnHand"], asset["CurrentBalance"] - before["CurrentBalance"]) == (8, 30)
    assert early.code == "6270"
    assert less["QtyOnHand"] == 5


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"VendorRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"VendorRef": ref("999")}, "2500"),
        ({"APAccountRef": ref("35")}, "6430"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"Line": [expense("1.00", "33")]}, "6430"),
        ({"Line": [expense("1.00", "84")]}, "6000"),
        ({"Line": [{"Amount": 1, "DetailType": "AccountBasedExpenseLineDetail"}]}, "6440"),
        ({"Line": [{"Amount": 1}]}, "2020"),
        ({"Line": [expense("-1.00")]}, "6000"),
        ({"CurrencyRef": ref("XXX")}, "500"),
        ({"ClassRef": ref("1")}, "500"),
        ({"Nonsense": 1}, "2010"),
    ],
)
async def test_a_bill_that_is_not_whole_is_refused(fields: dict[str, object], code: str) -> None:
    """By the documented code of what is wrong; nothing is recorded."""
    async with company() as it:
        vendor = await vendor_of(it)
        whole = {"VendorRef": ref(vendor), "Line": [expense("1.00")], **fields}
        told = await it.call("POST", "bill", {name: value for name, value in whole.items() if value is not None})
        count = await it.query("select count(*) from Bill")

        check_books(it)
    assert told.code == code
    assert count["QueryResponse"] == {"totalCount": 0}


async def test_a_line_of_an_item_has_its_rules() -> None:
    """It must be able to be bought, its amount must add up, and US lines are TAX or NON; each is told of."""
    async with company() as it:
        vendor, item = await vendor_of(it), await pump(it)
        unbuyable = {"Id": "1"}  # Services has no expense account
        wrong = bought(item, 2, "10.00", Amount="58")
        taxed = bought(item, 1, "10.00")
        taxed["ItemBasedExpenseLineDetail"]["TaxCodeRef"] = ref("5")
        tellings = [
            await it.call("POST", "bill", {"VendorRef": ref(vendor), "Line": lines})
            for lines in ([bought(unbuyable, 1, "1.00")], [wrong, wrong], [taxed])
        ]

    assert [told.code for told in tellings] == ["6000", "6070", "6100"]
    assert [one["element"] for one in tellings[1]["Fault"]["Error"]] == ["Line.Amount"] * 2
    assert tellings[1].detail == "Amount is not equal to UnitPrice * Qty. Supplied value:58"


async def test_an_edited_bill_keeps_what_was_paid() -> None:
    """A sparse update replaces the lines whole and keeps the rest; ids of lines are never given twice."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("100.00"), expense("50.00"), PrivateNote="first")
        await it.make("BillPayment", **by_check(vendor, "60.00", settling(bill, "60.00")))
        body = {
            "Id": bill["Id"],
            "SyncToken": "1",
            "sparse": True,
            "Line": [{**expense("100.00"), "Id": "2"}, expense("20")],
        }
        after = (await it.call("POST", "bill", body))["Bill"]

        check_books(it)
    assert (after["TotalAmt"], after["Balance"], after["SyncToken"]) == (120, 60, "2")
    assert [(line["Id"], line["LineNum"]) for line in after["Line"]] == [("2", 1), ("3", 2)]
    assert after["PrivateNote"] == "first"
    assert len(after["LinkedTxn"]) == 1


async def test_a_full_update_with_what_was_read_changes_only_what_it_says() -> None:
    """What was left out is cleared; the links of payments are the server's, sent back or not."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("100.00"), PrivateNote="first", DocNumber="A-1")
        await it.make("BillPayment", **by_check(vendor, "60.00", settling(bill, "60.00")))
        read = await it.read("Bill", bill["Id"])
        read["Line"][0]["Amount"], read["TotalAmt"], read["Balance"] = "100.00", "1", "1"
        body = {name: value for name, value in read.items() if name not in ("PrivateNote", "LinkedTxn")}
        after = (await it.call("POST", "bill", body))["Bill"]

        check_books(it)
    assert (after["Balance"], after["DocNumber"], after["LinkedTxn"]) == (40, "A-1", read["LinkedTxn"])
    assert "PrivateNote" not in after


async def test_a_bill_that_shrinks_gives_the_rest_back() -> None:
    """The payment's line becomes smaller; the vendor has a credit."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("100.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "80.00", settling(bill, "80.00")))
        body = {"Id": bill["Id"], "SyncToken": "1", "sparse": True, "Line": [expense("50.00")]}
        after = (await it.call("POST", "bill", body))["Bill"]
        payment, owed = await it.read("BillPayment", paid["Id"]), await it.read("Vendor", vendor["Id"])

        check_books(it)
    assert (after["Balance"], payment["Line"][0]["Amount"], payment["TotalAmt"]) == (0, 50, 80)
    assert owed["Balance"] == Decimal("-30.00")


@pytest.mark.parametrize(("wanted", "status", "left"), [("unlinks", 200, []), ("refused", 400, ["50"])])
async def test_deleting_a_paid_bill_follows_the_switch(wanted: str, status: int, left: list[str]) -> None:
    """It sets the payment free, or is refused; there is no void of a bill."""
    async with company(Switches(limits="off").changed({"paid_invoice_delete": wanted})) as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("100.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "50.00", settling(bill, "50.00")))
        voided = await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="void")
        told = await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="delete")
        payment = await it.read("BillPayment", paid["Id"])

        check_books(it)
    assert (voided.status, voided.code) == (400, "500")
    assert told.status == status
    assert [str(line["Amount"].to_integral_value()) for line in payment["Line"]] == left


async def test_a_number_that_another_bill_has_is_refused_where_the_company_warns_of_it() -> None:
    """6140 names the bill; a company that does not warn accepts it."""
    async with company() as it:
        vendor = await vendor_of(it)
        first = await billed(it, vendor, expense("1.00"), DocNumber="A-1")
        second = await billed(it, vendor, expense("1.00"), DocNumber="A-1")
        warning = {"NameValue": [{"Name": "WarnDuplicateBillNumber", "Value": "true"}]}
        await it.call("POST", "preferences", {"Id": "1", "SyncToken": "0", "sparse": True, "OtherPrefs": warning})
        told = await it.call("POST", "bill", {"VendorRef": ref(vendor), "Line": [expense("1.00")], "DocNumber": "A-1"})
        edit = await it.call("POST", "bill", {"Id": second["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})

    assert (told.code, edit.status) == ("6140", 200)
    assert f"DocNumber=A-1 is assigned to TxnType=Bill with TxnId={first['Id']}" in told.detail


async def test_a_vendor_that_is_owed_something_cannot_be_made_inactive() -> None:
    """6220 until the bill is paid."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("10.00"))
        body = {"Id": vendor["Id"], "SyncToken": "0", "sparse": True, "Active": False}
        early = await it.call("POST", "vendor", body)
        await it.make("BillPayment", **by_check(vendor, "10.00", settling(bill, "10.00")))
        late = await it.call("POST", "vendor", body)
        unused = await it.call("POST", "bill", {"VendorRef": ref(vendor), "Line": [expense("1.00")]})

    assert (early.code, late["Vendor"]["DisplayName"]) == ("6220", "Bob's Burger Joint (deleted)")
    assert "This vendor cannot be deleted" in early.detail
    assert unused.code == "610"


async def test_a_customer_with_an_expense_to_be_billed_cannot_be_made_inactive() -> None:
    """6280 until the expense is somebody else's; one to be billed needs a customer."""
    async with company() as it:
        vendor, amy = await vendor_of(it), await it.customer()
        line = expense("10.00")
        line["AccountBasedExpenseLineDetail"] |= {"BillableStatus": "Billable"}
        nobodys = await it.call("POST", "bill", {"VendorRef": ref(vendor), "Line": [line]})
        line["AccountBasedExpenseLineDetail"] |= {"CustomerRef": ref(amy)}
        bill = await billed(it, vendor, line)
        body = {"Id": amy["Id"], "SyncToken": "0", "sparse": True, "Active": False}
        early = await it.call("POST", "customer", body)
        await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
        late = await it.call("POST", "customer", body)

    assert list(bill["Line"][0]["AccountBasedExpenseLineDetail"]) == [
        *("CustomerRef", "AccountRef", "BillableStatus", "TaxCodeRef"),
    ]
    assert (nobodys.code, early.code, late.status) == ("6000", "6280", 200)


async def test_all_that_is_wrong_with_a_bill_is_told_at_once() -> None:
    """Its number first, then what it lacks, then its lines, one fault for each."""
    async with company() as it:
        vendor, item = await vendor_of(it), await pump(it)
        await billed(it, vendor, expense("1.00"), DocNumber="A-1")
        warning = {"NameValue": [{"Name": "WarnDuplicateBillNumber", "Value": "true"}]}
        await it.call("POST", "preferences", {"Id": "1", "SyncToken": "0", "sparse": True, "OtherPrefs": warning})
        nothing: dict[str, object] = {"DetailType": "AccountBasedExpenseLineDetail"}
        lines = [nothing, bought(item, 2, "10.00", Amount="58"), {"Amount": 1}]
        told = await it.call("POST", "bill", {"DocNumber": "A-1", "Line": lines})

        check_books(it)
    found = [(one["code"], one.get("element")) for one in told["Fault"]["Error"]]
    assert found == [
        ("6140", ""),
        ("2020", "VendorRef"),
        ("6440", None),
        ("2020", "Line.Amount"),
        ("6070", "Line.Amount"),
        ("2020", "Line.DetailType"),
    ]
