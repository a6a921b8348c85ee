"""What an invoice holds beside lines and balance: dates, terms, addresses, mail, own fields; and what is refused."""

from decimal import Decimal

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, Told, company, sold
from tests.contract.sandbox_sums import check_books


async def edited(it: Company, invoice: Body, **fields: object) -> Told:
    """A sparse update of the invoice as it was read."""
    head = {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True}
    return await it.call("POST", "invoice", {**head, **fields})


async def test_terms_make_the_due_date_unless_it_is_given() -> None:
    """Net 15 from the invoice's day; a due date that was sent stands; thirty days without either."""
    async with company() as it:
        amy = await it.customer()
        net15: Body = {"SalesTermRef": {"value": "2"}, "TxnDate": "2026-03-01"}
        by_terms, by_hand = await it.invoice(amy, **net15), await it.invoice(amy, **net15, DueDate="2026-05-05")
        usual = await it.invoice(amy, TxnDate="2026-03-01")
        missing = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")], "SalesTermRef": {"value": "99"}}
        refused = await it.call("POST", "invoice", missing)

    assert by_terms["SalesTermRef"] == {"value": "2", "name": "Net 15"}
    assert [one["DueDate"] for one in (by_terms, by_hand, usual)] == ["2026-03-16", "2026-05-05", "2026-03-31"]
    assert refused.code == "2500"


async def test_shipping_is_kept_as_it_was_sent() -> None:
    """Way, day and number of the parcel; a sparse edit leaves them, a full one clears them."""
    async with company() as it:
        amy = await it.customer()
        shipped: Body = {"ShipMethodRef": {"value": "UPS"}, "ShipDate": "2026-03-04", "TrackingNum": "1Z999"}
        made = await it.invoice(amy, **shipped)
        noted = (await edited(it, made, PrivateNote="x"))["Invoice"]
        body = {"Id": made["Id"], "SyncToken": "1", "CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")]}
        cleared = (await it.call("POST", "invoice", body))["Invoice"]

    assert noted["ShipMethodRef"] == {"value": "UPS", "name": "UPS"}
    assert (noted["ShipDate"], noted["TrackingNum"]) == ("2026-03-04", "1Z999")
    assert not {"ShipMethodRef", "ShipDate", "TrackingNum"} & set(cleared)


async def test_the_companys_own_fields_take_values_and_no_others_exist() -> None:
    """31 characters at most (2050); a field that is not the company's is refused (3000)."""
    async with company(custom_fields=["Crew #", "Site"]) as it:
        amy = await it.customer()
        crew = {"DefinitionId": "1", "StringValue": "102"}
        made = await it.invoice(amy, CustomField=[crew])
        kept = (await edited(it, made, PrivateNote="x"))["Invoice"]
        long = await edited(it, kept, CustomField=[{**crew, "StringValue": "x" * 32}])
        unknown = await edited(it, kept, CustomField=[{"DefinitionId": "7", "StringValue": "1"}])

    first, second = kept["CustomField"]
    assert first == {"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "102"}
    assert second == {"DefinitionId": "2", "Name": "Site", "Type": "StringType"}
    assert (long.code, unknown.code) == ("2050", "3000")


async def test_an_invoice_that_is_to_be_mailed_needs_an_address() -> None:
    """6420; DeliveryInfo comes with the wish to send and goes with it."""
    async with company() as it:
        amy = await it.customer()
        plain = await it.invoice(amy)
        refused = await edited(it, plain, EmailStatus="NeedToSend")
        waiting = (await edited(it, plain, EmailStatus="NeedToSend", BillEmail={"Address": "a@example.com"}))["Invoice"]
        silent = (await edited(it, waiting, EmailStatus="NotSet"))["Invoice"]

    assert refused.code == "6420"
    assert waiting["DeliveryInfo"] == {"DeliveryType": "Email"}
    assert "DeliveryInfo" not in silent


async def test_what_only_the_server_writes_is_ignored() -> None:
    """Totals, balances, names of references and links of payments that are sent back change nothing."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        await it.paid(amy, "40.00", (owed, "40.00"))
        seen = await it.read("Invoice", owed["Id"])
        sent = {"TotalAmt": 5, "Balance": 5, "CustomerRef": {"value": amy["Id"], "name": "Nobody"}}
        after = (await edited(it, seen, **sent, LinkedTxn=seen["LinkedTxn"]))["Invoice"]

    assert after == seen


async def test_links_that_were_not_made_by_payments_are_not_made_by_invoices() -> None:
    """A payment is applied by its own lines; naming it on an invoice is not modelled."""
    async with company() as it:
        amy = await it.customer()
        paid = await it.paid(amy, "40.00")
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")]}
        told = await it.call("POST", "invoice", {**body, "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment"}]})

    assert told.status == 501


async def test_the_customer_of_a_paid_invoice_stays() -> None:
    """Nobody recorded what QuickBooks does there, so it is not modelled; an unpaid one moves with its balance."""
    async with company() as it:
        amy, bob = await it.customer(), await it.customer("Bob")
        owed = await it.invoice(amy)
        moved = (await edited(it, owed, CustomerRef={"value": bob["Id"]}))["Invoice"]
        await it.paid(bob, "40.00", (owed, "40.00"))
        paid = await it.read("Invoice", owed["Id"])
        refused = await edited(it, paid, CustomerRef={"value": amy["Id"]})
        after = await it.read("Customer", amy["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert (moved["Balance"], after["Balance"]) == (100, 0)
    assert refused.status == 501


async def test_a_line_may_be_negative_but_no_total() -> None:
    """Ten less three are seven; three less ten are refused (6000)."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, Line=[sold("10.00"), sold("-3.00")])
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("3.00"), sold("-10.00")]}
        told = await it.call("POST", "invoice", body)
        check_books(it.running.sandbox.realms[it.realm])

    assert (made["TotalAmt"], told.code) == (7, "6000")


async def test_discounts_are_taken_from_the_subtotal_that_stands_before_them() -> None:
    """By percentage or by amount, told as positive numbers; one without either is refused (6090)."""

    def discount(**detail: object) -> Body:
        return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}

    async with company() as it:
        amy = await it.customer()
        percent = await it.invoice(amy, Line=[discount(PercentBased=True, DiscountPercent=5), sold("1005.00")])
        amount = await it.invoice(amy, Line=[sold("100.00"), {**discount(), "Amount": 30}])
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00"), discount(PercentBased=True)]}
        refused = await it.call("POST", "invoice", body)
        check_books(it.running.sandbox.realms[it.realm])

    kinds = [line["DetailType"] for line in percent["Line"]]
    assert kinds == ["SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail"]
    assert (percent["Line"][2]["Amount"], percent["TotalAmt"]) == (Decimal("50.25"), Decimal("954.75"))
    assert percent["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"] == {"value": "86", "name": "Discounts given"}
    assert (amount["Line"][2]["Amount"], amount["TotalAmt"]) == (30, 70)
    assert refused.code == "6090"


async def test_a_line_may_be_a_text() -> None:
    """DescriptionOnly: no amount, its place among the lines, an id."""
    async with company() as it:
        amy = await it.customer()
        text = {"DetailType": "DescriptionOnly", "Description": "Thank you"}
        made = await it.invoice(amy, Line=[text, sold("10.00")])

    assert made["Line"][0] == {"Id": "1", "LineNum": 1, **text, "DescriptionLineDetail": {}}
    assert made["TotalAmt"] == 10


async def test_a_price_and_a_quantity_of_nothing_were_not_given() -> None:
    """Some clients send both as 0 beside an amount; nothing times something is a wrong amount (6070)."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, Line=[sold("100.00", SalesItemLineDetail={"Qty": 0, "UnitPrice": 0})])
        lines = [sold("5.00", SalesItemLineDetail={"Qty": qty, "UnitPrice": 5 - qty}) for qty in (0, 5)]
        wrong = await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}, "Line": lines})

    assert not {"Qty", "UnitPrice"} & set(made["Line"][0]["SalesItemLineDetail"])
    assert made["TotalAmt"] == 100
    assert [error["code"] for error in wrong["Fault"]["Error"]] == ["6070", "6070"]


async def test_a_taxed_invoice_has_at_most_750_lines() -> None:
    """One more is refused; without tax it is fine."""
    async with company() as it:
        amy = await it.customer()
        taxed = sold("1.00", SalesItemLineDetail={"TaxCodeRef": {"value": "TAX"}})
        body = {"CustomerRef": {"value": amy["Id"]}}
        refused = await it.call("POST", "invoice", {**body, "Line": [taxed] + [sold("1.00")] * 750})
        made = await it.invoice(amy, Line=[sold("1.00")] * 751)

    assert refused.code == "6000"
    assert made["TotalAmt"] == 751


async def test_empty_values_of_what_is_not_modelled_say_nothing() -> None:
    """Some clients send every property they know; a value in one is not modelled, and a class needs a number (2030)."""
    async with company() as it:
        amy = await it.customer()
        made = await it.invoice(amy, Deposit=0, PONumber="", ShipDate="", GlobalTaxCalculation="TaxExcluded")
        deposit = await edited(it, made, Deposit=5)
        line = sold("1.00", SalesItemLineDetail={"ClassRef": {"value": "North"}})
        named = await edited(it, made, Line=[line])

    assert not {"Deposit", "ShipDate", "GlobalTaxCalculation"} & set(made)
    assert deposit.status == 501
    assert named.code == "2030"
    assert named["Fault"]["Error"][0]["element"] == "Line.SalesItemLineDetail.ClassRef.value"


async def test_a_void_is_made_once_and_of_a_paid_invoice_as_the_switch_says() -> None:
    """The second void changes nothing; a paid invoice is voided, or refused with 6000 or 6480."""
    found = []
    for how in ("allowed", "refused", "matched"):
        async with company(Switches(limits="off").changed({"paid_invoice_void": how})) as it:
            amy = await it.customer()
            owed = await it.invoice(amy)
            await it.paid(amy, "40.00", (owed, "40.00"))
            told = await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="void")
            found.append("voided" if told.status == 200 else told.code)
            check_books(it.running.sandbox.realms[it.realm])
            if told.status == 200:
                again = await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "2"}, operation="void")

                assert again["Invoice"] == told["Invoice"]

    assert found == ["voided", "6000", "6480"]
