"""What a payment moves: balances, links, tokens and times of everything it touches."""

from decimal import Decimal

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import company, payment
from tests.contract.sandbox_sums import check_books


async def test_a_payment_lowers_the_balance_links_itself_and_bumps_the_invoice() -> None:
    """The invoice's token grows by one; the customer's balance falls and only its time moves."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        it.clock.advance(60)
        paid = await it.paid(amy, "40.00", (owed, "40.00"))
        invoice, customer = await it.read("Invoice", owed["Id"]), await it.read("Customer", amy["Id"])

    assert (invoice["Balance"], invoice["SyncToken"]) == (Decimal("60.00"), "1")
    assert invoice["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert (customer["Balance"], customer["SyncToken"]) == (Decimal("60.00"), "0")
    assert customer["MetaData"]["LastUpdatedTime"] > customer["MetaData"]["CreateTime"]
    facts = {one["value"]["Name"]: one["value"]["Value"] for one in paid["Line"][0]["LineEx"]["any"]}
    assert facts == {"txnId": owed["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": owed["DocNumber"]}


async def test_two_payments_and_their_removal_leave_the_invoice_at_token_four() -> None:
    """The newest payment's link stands first; each application and each removal is one token."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        first, second = [await it.paid(amy, "30.00", (owed, "30.00")) for _ in range(2)]
        linked = [link["TxnId"] for link in (await it.read("Invoice", owed["Id"]))["LinkedTxn"]]
        for one in (first, second):
            await it.control("DELETE", f"{it.realm}/payments/{one['Id']}")
        after = await it.read("Invoice", owed["Id"])

    assert linked == [second["Id"], first["Id"]]
    assert (after["SyncToken"], after["Balance"], after["LinkedTxn"]) == ("4", 100, [])


async def test_an_edited_payment_moves_its_own_token_and_the_invoice_follows() -> None:
    """A changed amount bumps both; a changed reference bumps the payment alone."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "40.00", (owed, "40.00"))
        path = f"{it.realm}/payments/{paid['Id']}"
        await it.control("PUT", path, payment(amy, "70.00", (owed, "70.00")))
        await it.control("PUT", path, {**payment(amy, "70.00", (owed, "70.00")), "reference": "4711"})
        invoice, edited = await it.read("Invoice", owed["Id"]), await it.read("Payment", paid["Id"])

    assert (invoice["Balance"], invoice["SyncToken"]) == (30, "2")
    assert (edited["TotalAmt"], edited["PaymentRefNum"], edited["SyncToken"]) == (70, "4711", "2")


async def test_one_payment_covers_several_invoices_and_keeps_what_is_too_much() -> None:
    """Thirty on a balance of five is accepted; twenty-five stay unapplied, and the customer has a credit."""
    async with company() as it:
        amy = await it.customer()
        small, large = await it.invoice(amy, "5.00"), await it.invoice(amy, "10.00")
        paid = await it.paid(amy, "40.00", (small, "30.00"), (large, "10.00"))
        customer = await it.read("Customer", amy["Id"])

    assert paid["UnappliedAmt"] == Decimal("25.00")
    assert [line["Amount"] for line in paid["Line"]] == [Decimal("5.00"), Decimal("10.00")]
    assert customer["Balance"] == Decimal("-25.00")


async def test_a_voided_payment_gives_the_invoice_its_balance_back() -> None:
    """Void works sparse over the API: no money, no lines, the note; the invoice is bumped."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "40.00", (owed, "40.00"))
        body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
        told = await it.call("POST", "payment", body, operation="update", include="void")
        invoice = await it.read("Invoice", owed["Id"])

    voided = told["Payment"]
    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["PrivateNote"]) == (0, 0, "Voided")
    assert "Line" not in voided
    assert (invoice["Balance"], invoice["SyncToken"], invoice["LinkedTxn"]) == (100, "2", [])


async def test_a_sparse_edit_of_a_payment_is_refused() -> None:
    """2020: an edit needs the whole object."""
    async with company() as it:
        amy = await it.customer()
        paid = await it.paid(amy, "40.00")
        told = await it.call(
            "POST", "payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
        )

    assert (told.status, told.code) == (400, "2020")


async def test_voiding_a_paid_invoice_sets_its_payment_free() -> None:
    """The payment stays with its money unapplied; the invoice is empty, at token two after apply and void."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy, PrivateNote="first job")
        paid = await it.paid(amy, "40.00", (owed, "40.00"))
        told = await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="void")
        freed, customer = await it.read("Payment", paid["Id"]), await it.read("Customer", amy["Id"])

    voided = told["Invoice"]
    assert (voided["SyncToken"], voided["TotalAmt"], voided["Balance"], voided["LinkedTxn"]) == ("2", 0, 0, [])
    assert [line["Amount"] for line in voided["Line"]] == [0, 0]
    assert voided["PrivateNote"].startswith("Voided")
    assert (freed["UnappliedAmt"], freed["Line"]) == (40, [])
    assert customer["Balance"] == Decimal("-40.00")


async def test_deleting_a_paid_invoice_unlinks_or_is_refused_as_the_switch_says() -> None:
    """What QuickBooks does here is documented nowhere."""
    for wanted, status in (("unlinks", 200), ("refused", 400)):
        async with company(Switches(limits="off").changed({"paid_invoice_delete": wanted})) as it:
            amy = await it.customer()
            owed = await it.invoice(amy)
            await it.paid(amy, "40.00", (owed, "40.00"))
            told = await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="delete")

            assert told.status == status


async def test_a_payment_on_a_deleted_invoice_is_refused() -> None:
    """HTTP 400, and nothing is recorded."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "0"}, operation="delete")
        told = await it.control("POST", f"{it.realm}/payments", payment(amy, "5.00", (owed, "5.00")))
        count = await it.query("select count(*) from Payment")

    assert (told.status, told.code) == (400, "610")
    assert count["QueryResponse"] == {"totalCount": 0}


async def test_an_invoice_that_shrinks_below_what_was_paid_gives_the_rest_back() -> None:
    """The balance never falls below zero; the payment has the difference unapplied again."""
    async with company() as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        paid = await it.paid(amy, "80.00", (owed, "80.00"))
        line = {**owed["Line"][0], "Amount": "50.00"}
        body = {"Id": owed["Id"], "SyncToken": "1", "sparse": True, "Line": [line]}
        told = await it.call("POST", "invoice", _plain(body))
        after = await it.read("Payment", paid["Id"])

    assert told["Invoice"]["Balance"] == 0
    assert (after["UnappliedAmt"], after["Line"][0]["Amount"]) == (30, 50)


def _plain(body: dict[str, object]) -> dict[str, object]:
    """Decimals as text, to be sent."""
    line = body["Line"][0]  # type: ignore[index]
    return {**body, "Line": [{name: line[name] for name in ("Id", "Amount", "DetailType", "SalesItemLineDetail")}]}


async def test_a_payment_goes_where_money_can_be_and_says_how_it_came() -> None:
    """References carry ids alone; an income account takes no money (6430)."""
    async with company() as it:
        amy = await it.customer()
        body = {"CustomerRef": {"value": amy["Id"]}, "TotalAmt": 5, "PaymentMethodRef": {"value": "2"}}
        made = await it.make("Payment", **body, DepositToAccountRef={"value": "35"})
        refused = await it.call("POST", "payment", {**body, "DepositToAccountRef": {"value": "1"}})

    assert (made["PaymentMethodRef"], made["DepositToAccountRef"]) == ({"value": "2"}, {"value": "35"})
    assert (made["UnappliedAmt"], made["Line"], made["ProcessPayment"]) == (5, [], False)
    assert refused.code == "6430"


async def test_a_payment_settles_its_own_customers_invoices_and_those_of_jobs_below() -> None:
    """620 for another customer's invoice, 501 for a document that no payment settles here."""
    async with company() as it:
        amy, bob = await it.customer(), await it.customer("Bob")
        site = await it.customer("Site", Job=True, ParentRef={"value": amy["Id"]})
        owed = await it.invoice(site)
        settled = await it.paid(amy, "40.00", (owed, "40.00"))
        line = {"Amount": 5, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Invoice"}]}
        body = {"CustomerRef": {"value": bob["Id"]}, "TotalAmt": 5}
        foreign = await it.call("POST", "payment", {**body, "Line": [line]})
        line["LinkedTxn"][0]["TxnType"] = "JournalEntry"  # type: ignore[index]
        journal = await it.call("POST", "payment", {**body, "Line": [line]})
        above, below = await it.read("Customer", amy["Id"]), await it.read("Customer", site["Id"])
        check_books(it.running.sandbox.realms[it.realm])
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1"}, operation="void")
        check_books(it.running.sandbox.realms[it.realm])

    assert settled["UnappliedAmt"] == 0
    assert (above["Balance"], above["BalanceWithJobs"], below["Balance"]) == (0, 60, 60)
    assert (foreign.code, journal.status) == ("620", 501)
