"""Purchase orders: what was asked of a vendor, and the bill that comes of it."""

import json

import pytest

from tests.contract.purchases import Body, bought, check_books, expense, pump, ref, vendor_of
from tests.contract.sandbox_company import Company, company

HOME = {"Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA", "PostalCode": "87999"}
MAIN = {"Line1": "42 Main St.", "City": "Middlefield", "CountrySubDivisionCode": "CA", "PostalCode": "94303"}


async def ordered(it: Company, vendor: Body, *lines: Body, **fields: object) -> Body:
    """A new order."""
    return await it.make("PurchaseOrder", VendorRef=ref(vendor), APAccountRef=ref("33"), Line=list(lines), **fields)


def come_of(order: Body, line: str = "1") -> list[Body]:
    """The links of a bill's line to an order's."""
    return [{"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": line}]


def bill_of(vendor: Body, order: Body, *lines: Body) -> Body:
    """A bill that comes of an order."""
    head = [{"TxnId": order["Id"], "TxnType": "PurchaseOrder"}]
    return {"VendorRef": ref(vendor), "LinkedTxn": head, "Line": list(lines)}


async def test_an_order_has_a_number_both_addresses_and_the_companys_own_fields() -> None:
    """The vendor's address and, for the goods, the company's; it is open, linked to nothing, and posts nothing."""
    async with company(custom_fields=["Crew #", "Sales Rep"]) as it:
        body = {"Id": "1", "SyncToken": "0", "sparse": True, "CompanyName": "Craig's", "CompanyAddr": HOME}
        home = (await it.call("POST", "companyinfo", body))["CompanyInfo"]["CompanyAddr"]
        vendor, item = await vendor_of(it, BillAddr=MAIN), await pump(it)
        first = await ordered(it, vendor, bought(item, 1, "25"), Memo="please", PrivateNote="mine")
        second = await ordered(it, vendor, bought(item, 1, "25"), DocNumber="1007")
        third = await ordered(it, vendor, bought(item, 1, "25"))

        check_books(it)
        assert not it.running.sandbox.realms[it.realm].ledger
    assert list(first) == [
        *("VendorAddr", "ShipAddr", "EmailStatus", "POStatus", "domain", "sparse", "Id", "SyncToken", "MetaData"),
        *("CustomField", "DocNumber", "TxnDate", "CurrencyRef", "PrivateNote", "LinkedTxn", "Line", "VendorRef"),
        *("APAccountRef", "TotalAmt", "Memo"),
    ]
    assert (first["VendorAddr"], first["ShipAddr"]) == (vendor["BillAddr"], home)
    assert (first["POStatus"], first["LinkedTxn"], first["TotalAmt"]) == ("Open", [], 25)
    assert [one["Name"] for one in first["CustomField"]] == ["Crew #", "Sales Rep"]
    assert [one["DocNumber"] for one in (first, second, third)] == ["1001", "1007", "1008"]
    assert list(first["Line"][0]["ItemBasedExpenseLineDetail"]) == [
        *("BillableStatus", "ItemRef", "UnitPrice", "Qty", "TaxCodeRef"),
    ]


async def test_a_bill_closes_its_order_and_its_end_opens_it_again() -> None:
    """The order names the bill, with a token more and the bill's time; each line of both names its counterpart."""
    async with company() as it:
        vendor, item = await vendor_of(it), await pump(it)
        order = await ordered(it, vendor, bought(item, 2, "25"), expense("10.00"))
        it.clock.advance(60)
        lines = (bought(item, 2, "25", LinkedTxn=come_of(order)), expense("10.00", LinkedTxn=come_of(order, "2")))
        bill = await it.make("Bill", **bill_of(vendor, order, *lines))
        closed = await it.read("PurchaseOrder", order["Id"])
        taken = await it.call("POST", "bill", bill_of(vendor, order, *lines))
        gone = await it.call("POST", "purchaseorder", {"Id": order["Id"], "SyncToken": "1"}, operation="delete")
        check_books(it)
        await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
        opened = await it.read("PurchaseOrder", order["Id"])

        check_books(it)
    assert bill["LinkedTxn"] == [{"TxnId": order["Id"], "TxnType": "PurchaseOrder"}]
    assert [line["LinkedTxn"] for line in bill["Line"]] == [come_of(order), come_of(order, "2")]
    assert (closed["POStatus"], closed["SyncToken"]) == ("Closed", "1")
    assert closed["LinkedTxn"] == [{"TxnId": bill["Id"], "TxnType": "Bill"}]
    assert closed["MetaData"]["LastUpdatedTime"] == bill["MetaData"]["CreateTime"]
    assert (taken.code, gone.code) == ("620", "6000")
    assert (opened["POStatus"], opened["LinkedTxn"], opened["SyncToken"]) == ("Open", [], "2")


async def test_a_bill_read_and_sent_back_stays_linked_and_one_without_the_link_lets_go() -> None:
    """Lines that were answered carry ids and links together, and may be sent so."""
    async with company() as it:
        vendor, item = await vendor_of(it), await pump(it)
        order = await ordered(it, vendor, bought(item, 1, "25"))
        bill = await it.make("Bill", **bill_of(vendor, order, bought(item, 1, "25", LinkedTxn=come_of(order))))
        plain = json.loads(json.dumps(bill, default=str))
        same = (await it.call("POST", "bill", {**plain, "PrivateNote": "x"}))["Bill"]
        held = await it.read("PurchaseOrder", order["Id"])
        line = {name: value for name, value in plain["Line"][0].items() if name != "LinkedTxn"}
        body = {"Id": bill["Id"], "SyncToken": "1", "sparse": True, "Line": [line]}
        freed = (await it.call("POST", "bill", body))["Bill"]
        opened = await it.read("PurchaseOrder", order["Id"])

        check_books(it)
    assert (same["LinkedTxn"], held["SyncToken"]) == (bill["LinkedTxn"], "1")
    assert (freed["LinkedTxn"], opened["POStatus"], opened["SyncToken"]) == ([], "Open", "2")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LinkedTxn": [{"TxnId": "ORDER", "TxnType": "PurchaseOrder"}]}, "2020"),
        ({"LinkedTxn": [{"TxnId": "999", "TxnType": "PurchaseOrder", "TxnLineId": "1"}]}, "500"),
        ({"LinkedTxn": [{"TxnId": "ORDER", "TxnType": "PurchaseOrder", "TxnLineId": "7"}]}, "620"),
        ({"LinkedTxn": [{"TxnId": "ORDER", "TxnType": "Estimate", "TxnLineId": "1"}]}, "500"),
        ({"LinkedTxn": [{"TxnType": "PurchaseOrder", "TxnLineId": "1"}]}, "2020"),
        ({"Id": "1"}, "500"),
    ],
)
async def test_a_link_to_an_order_that_is_not_whole_is_refused(change: Body, code: str) -> None:
    """TxnLineId is needed, and the line has no id of its own yet; the order stays open."""
    async with company() as it:
        vendor, item = await vendor_of(it), await pump(it)
        order = await ordered(it, vendor, bought(item, 1, "25"))
        told_of = json.loads(json.dumps(change).replace("ORDER", order["Id"]))
        line = {**bought(item, 1, "25", LinkedTxn=come_of(order)), **told_of}
        told = await it.call("POST", "bill", bill_of(vendor, order, line))
        after = await it.read("PurchaseOrder", order["Id"])

        check_books(it)
    assert told.code == code
    assert after == order


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"VendorRef": None}, "2020"),
        ({"Line": None}, "2020"),
        ({"APAccountRef": ref("35")}, "6430"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"Memo": "x" * 4001}, "2050"),
        ({"POStatus": "Lost"}, "2170"),
        ({"EmailStatus": "NeedToSend"}, "6420"),
        ({"ShipTo": ref("1")}, "500"),
        ({"CustomField": [{"DefinitionId": "1", "StringValue": "7"}]}, "3000"),
    ],
)
async def test_an_order_that_is_not_whole_is_refused(fields: Body, code: str) -> None:
    """By the documented code of what is wrong."""
    async with company() as it:
        vendor = await vendor_of(it)
        whole = {"VendorRef": ref(vendor), "Line": [expense("1.00")], **fields}
        body = {name: value for name, value in whole.items() if value is not None}
        told = await it.call("POST", "purchaseorder", body)

    assert told.code == code


async def test_an_order_is_mailed_to_its_address_or_to_another() -> None:
    """EmailSent, and the address it went to stays; without any it is refused."""
    async with company() as it:
        vendor = await vendor_of(it)
        order = await ordered(it, vendor, expense("1.00"))
        path = f"purchaseorder/{order['Id']}/send"
        nowhere = await it.call("POST", path)
        sent = await it.call("POST", path, sendTo="bob@example.com")

    assert nowhere.code == "6420"
    assert (sent["PurchaseOrder"]["EmailStatus"], sent["PurchaseOrder"]["POEmail"]) == (
        "EmailSent",
        {"Address": "bob@example.com"},
    )


async def test_an_order_is_closed_by_hand_and_keeps_what_a_sparse_update_does_not_name() -> None:
    """A closed order cannot be billed; the values of the company's own fields stay."""
    async with company(custom_fields=["Crew #"]) as it:
        vendor, item = await vendor_of(it), await pump(it)
        crew = [{"DefinitionId": "1", "Type": "StringType", "StringValue": "7"}]
        order = await ordered(it, vendor, bought(item, 1, "25"), CustomField=crew)
        body = {"Id": order["Id"], "SyncToken": "0", "sparse": True, "POStatus": "Closed"}
        closed = (await it.call("POST", "purchaseorder", body))["PurchaseOrder"]
        line = bought(item, 1, "25", LinkedTxn=come_of(order))
        told = await it.call("POST", "bill", bill_of(vendor, order, line))

    assert (closed["POStatus"], closed["Line"], closed["DocNumber"]) == ("Closed", order["Line"], order["DocNumber"])
    assert closed["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "7"}]
    assert told.code == "620"


async def test_a_smaller_plan_has_no_purchase_orders() -> None:
    """5020 says so."""
    sku = [{"Name": "OfferingSku", "Value": "QuickBooks Online Essentials"}]
    async with company() as it:
        realm = it.running.sandbox.realms[it.realm]
        record = realm.records["CompanyInfo"]["1"]
        realm.touch(record, {**record.doc, "NameValue": sku})
        vendor = await vendor_of(it)
        told = await it.call("POST", "purchaseorder", {"VendorRef": ref(vendor), "Line": [expense("1.00")]})

    assert told.code == "5020"


async def test_the_preferences_say_which_fields_of_its_own_the_company_has_on_orders() -> None:
    """As the documentation shows them; where they say nothing, those of the sales forms."""
    names = [
        {"Type": "StringType", "Name": "PurchasePrefs.PurchaseCustomName2", "StringValue": "Sales Rep"},
        {"Type": "StringType", "Name": "PurchasePrefs.PurchaseCustomName1", "StringValue": "Crew #"},
    ]
    used = [{"Type": "BooleanType", "Name": "PurchasePrefs.UsePurchaseCustom1", "BooleanValue": True}]
    prefs = {"VendorAndPurchasesPrefs": {"POCustomField": [{"CustomField": used}, {"CustomField": names}]}}
    async with company(company={"begins_with": "empty", "preferences": prefs}, custom_fields=["Crew #"]) as it:
        order = await ordered(it, await vendor_of(it), expense("1.00"))

    assert [one["Name"] for one in order["CustomField"]] == ["Crew #", "Sales Rep"]
