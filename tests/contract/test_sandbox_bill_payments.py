"""Payments of bills: by check or card, partial or too much, voided and deleted."""

import json
from decimal import Decimal

import pytest

from tests.contract.purchases import (
    MASTERCARD,
    billed,
    by_card,
    by_check,
    check_books,
    expense,
    ref,
    settling,
    vendor_of,
)
from tests.contract.sandbox_company import company


async def test_a_check_answers_as_the_documentation_shows_and_lowers_the_bill() -> None:
    """The bill's token grows by one, its time is the payment's; the vendor's time moves, its token does not."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("200.00"))
        it.clock.advance(60)
        paid = await it.make("BillPayment", **by_check(vendor, "200.00", settling(bill, "200.00"), PrivateNote="1JK90"))
        settled, owed = await it.read("Bill", bill["Id"]), await it.read("Vendor", vendor["Id"])

        check_books(it)
    assert list(paid) == [
        *("VendorRef", "PayType", "CheckPayment", "TotalAmt", "domain", "sparse", "Id", "SyncToken", "MetaData"),
        *("TxnDate", "CurrencyRef", "PrivateNote", "Line"),
    ]
    assert paid["CheckPayment"] == {"BankAccountRef": {"value": "35", "name": "Checking"}, "PrintStatus": "NeedToPrint"}
    assert paid["Line"] == [{"Amount": 200, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}]
    assert (settled["Balance"], settled["SyncToken"]) == (0, "1")
    assert settled["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}]
    assert settled["MetaData"]["LastUpdatedTime"] == paid["MetaData"]["CreateTime"]
    assert (owed["Balance"], owed["SyncToken"]) == (0, "0")


async def test_a_card_is_linked_as_a_check_is_and_its_number_is_one() -> None:
    """Of several payments the newest link stands first; what is owed to the card grows."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("200.00"))
        first = await it.make("BillPayment", **by_check(vendor, "50.00", settling(bill, "50.00")))
        second = await it.make("BillPayment", **by_card(vendor, "30.00", settling(bill, "30.00")))
        settled, card = await it.read("Bill", bill["Id"]), await it.read("Account", MASTERCARD)

        check_books(it)
    assert (second["DocNumber"], "CheckPayment" in second) == ("1", False)
    assert [link["TxnId"] for link in settled["LinkedTxn"]] == [second["Id"], first["Id"]]
    assert {link["TxnType"] for link in settled["LinkedTxn"]} == {"BillPaymentCheck"}
    assert (settled["Balance"], settled["SyncToken"]) == (120, "2")
    assert card["CurrentBalance"] == 30


async def test_one_payment_covers_several_bills_and_what_is_too_much_is_a_credit() -> None:
    """Lines are clipped to what is owed; the vendor's balance falls below zero."""
    async with company() as it:
        vendor = await vendor_of(it)
        small, large = await billed(it, vendor, expense("5.00")), await billed(it, vendor, expense("10.00"))
        lines = (settling(small, "30.00"), settling(large, "10.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "40.00", *lines))
        owed = await it.read("Vendor", vendor["Id"])

        check_books(it)
    assert ([line["Amount"] for line in paid["Line"]], paid["TotalAmt"]) == ([5, 10], 40)
    assert owed["Balance"] == Decimal("-25.00")


async def test_a_second_payment_of_a_paid_bill_is_accepted_and_voided_by_itself() -> None:
    """It has no lines and no money; the bill does not change."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("200.00"))
        body = by_check(vendor, "200.00", settling(bill, "200.00"), PrivateNote="x")
        await it.make("BillPayment", **body)
        paid = await it.make("BillPayment", **body)
        settled = await it.read("Bill", bill["Id"])

        check_books(it)
    assert (paid["Line"], paid["TotalAmt"], paid["PrivateNote"]) == ([], 0, "Voided - x")
    assert settled["SyncToken"] == "1"


async def test_a_line_of_nothing_on_an_open_bill_is_left_out_and_voids_nothing() -> None:
    """The money is a credit with the vendor."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("10.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "5.00", settling(bill, "0")))
        after = await it.read("Bill", bill["Id"])

        check_books(it)
    assert (paid["Line"], paid["TotalAmt"], "PrivateNote" in paid) == ([], 5, False)
    assert after == bill


@pytest.mark.parametrize("way", ["alone", "in a batch"])
async def test_a_voided_payment_gives_the_bill_its_balance_back(way: str) -> None:
    """By include=void or by a batch's optionsData: no money, no lines, the note in front; a second void is idle."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("200.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "150.00", settling(bill, "150.00"), PrivateNote="x"))
        body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
        if way == "alone":
            await it.call("POST", "billpayment", body, operation="update", include="void")
        else:
            item = {"bId": "1", "operation": "update", "optionsData": "void", "BillPayment": body}
            await it.call("POST", "batch", {"BatchItemRequest": [item]})
        voided, settled = await it.read("BillPayment", paid["Id"]), await it.read("Bill", bill["Id"])
        again = await it.call("POST", "billpayment", {**body, "SyncToken": "1"}, operation="update", include="void")

        check_books(it)
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided - x", "1")
    assert "Line" not in voided
    assert (settled["Balance"], settled["LinkedTxn"], settled["SyncToken"]) == (200, [], "2")
    assert again["BillPayment"] == voided


async def test_a_deleted_payment_gives_the_bill_its_balance_back() -> None:
    """It is gone, and the bill's token grows."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("200.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "150.00", settling(bill, "150.00")))
        told = await it.call("POST", "billpayment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")
        settled = await it.read("Bill", bill["Id"])

        check_books(it)
    assert told["BillPayment"] == {"domain": "QBO", "status": "Deleted", "Id": paid["Id"]}
    assert (settled["Balance"], settled["LinkedTxn"], settled["SyncToken"]) == (200, [], "2")


async def test_an_edited_payment_moves_its_bills() -> None:
    """A full update with other lines: one bill gets its balance back, the other is paid."""
    async with company() as it:
        vendor = await vendor_of(it)
        one, other = await billed(it, vendor, expense("50.00")), await billed(it, vendor, expense("70.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "50.00", settling(one, "50.00")))
        body = {**by_card(vendor, "70.00", settling(other, "70.00")), "Id": paid["Id"], "SyncToken": "0"}
        edited = (await it.call("POST", "billpayment", body))["BillPayment"]
        balances = [(await it.read("Bill", bill["Id"]))["Balance"] for bill in (one, other)]
        check = await it.read("Account", "35")

        check_books(it)
    assert (edited["PayType"], edited["SyncToken"], "CheckPayment" in edited) == ("CreditCard", "1", False)
    assert (balances, check["CurrentBalance"]) == ([50, 0], 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PayType": "Cash"}, "2170"),
        ({"CheckPayment": None}, "2020"),
        ({"CheckPayment": {"BankAccountRef": ref(MASTERCARD)}}, "6430"),
        ({"APAccountRef": ref("35")}, "6430"),
        ({"Line": None}, "2020"),
        ({"TotalAmt": "-1"}, "6000"),
        ({"TotalAmt": "1"}, "6000"),
        ({"Line": [{"Amount": -1, "LinkedTxn": [{"TxnId": "BILL", "TxnType": "Bill"}]}]}, "2290"),
        ({"Line": [{"Amount": 1}]}, "2020"),
        ({"Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": "99", "TxnType": "Bill"}]}]}, "610"),
        ({"Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": "1", "TxnType": "VendorCredit"}]}]}, "500"),
    ],
)
async def test_a_payment_that_is_not_whole_is_refused(fields: dict[str, object], code: str) -> None:
    """By the documented code of what is wrong; the bill stays as it was."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("10.00"))
        told_of = json.loads(json.dumps(fields).replace("BILL", bill["Id"]))
        whole = {**by_check(vendor, "10.00", settling(bill, "10.00")), **told_of}
        told = await it.call("POST", "billpayment", {name: value for name, value in whole.items() if value is not None})
        after = await it.read("Bill", bill["Id"])

        check_books(it)
    assert told.code == code
    assert after == bill


async def test_another_vendors_bill_cannot_be_paid() -> None:
    """620, and the bill stays open."""
    async with company() as it:
        vendor, stranger = await vendor_of(it), await vendor_of(it, "Stranger")
        bill = await billed(it, vendor, expense("10.00"))
        told = await it.call("POST", "billpayment", by_check(stranger, "10.00", settling(bill, "10.00")))

        check_books(it)
    assert told.code == "620"


async def test_a_payment_that_lost_its_bill_may_be_sent_back_as_it_is() -> None:
    """It has no lines any more, and needs none; one that has some cannot lose them so."""
    async with company() as it:
        vendor = await vendor_of(it)
        gone, held = await billed(it, vendor, expense("10.00")), await billed(it, vendor, expense("20.00"))
        free = await it.make("BillPayment", **by_check(vendor, "10.00", settling(gone, "10.00")))
        tied = await it.make("BillPayment", **by_check(vendor, "20.00", settling(held, "20.00")))
        await it.call("POST", "bill", {"Id": gone["Id"], "SyncToken": "1"}, operation="delete")
        heads = [{"Id": free["Id"], "SyncToken": "1"}, {"Id": tied["Id"], "SyncToken": "0"}]
        tellings = [await it.call("POST", "billpayment", {**by_check(vendor, "30.00"), **head}) for head in heads]

        check_books(it)
    assert (tellings[0]["BillPayment"]["Line"], tellings[0]["BillPayment"]["TotalAmt"]) == ([], 30)
    assert tellings[1].code == "2020"


async def test_bills_and_payments_are_found_by_what_the_documentation_says() -> None:
    """By vendor, number and balance; how an order stands or how a bill was paid cannot be asked for."""
    async with company() as it:
        vendor, other = await vendor_of(it), await vendor_of(it, "Other")
        bill = await billed(it, vendor, expense("10.00"), DocNumber="A-1")
        await billed(it, other, expense("20.00"))
        paid = await it.make("BillPayment", **by_check(vendor, "4.00", settling(bill, "4.00"), DocNumber="77"))
        texts = (
            f"select * from Bill where VendorRef = '{vendor['Id']}'",  # noqa: S608 - our own number
            "select * from Bill where DocNumber = 'A-1'",
            "select * from Bill where Balance < '7'",
        )
        found = [(await it.query(text))["QueryResponse"]["Bill"] for text in texts]
        numbered = (await it.query("select * from BillPayment where DocNumber = '77'"))["QueryResponse"]
        refused = [
            await it.query(text)
            for text in (
                "select * from PurchaseOrder where POStatus = 'Open'",
                "select * from BillPayment where PayType = 'Check'",
                "select * from Bill where CustomerRef = '1'",
            )
        ]

    assert [[row["Id"] for row in rows] for rows in found] == [[bill["Id"]]] * 3
    assert numbered["BillPayment"][0]["Id"] == paid["Id"]
    assert {told.code for told in refused} == {"4001"}
