"""Credits: an invoice the other way round, applied to invoices by payments of nothing."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.sandbox_sums import check_books

AUTOMATIC = {"SalesFormsPrefs": {"AutoApplyCredit": True}}


async def credit(it: Company, customer: Body, amount: str = "30.00", **fields: object) -> Body:
    return await it.make("CreditMemo", CustomerRef={"value": customer["Id"]}, Line=[sold(amount)], **fields)


def settling(customer: Body, *documents: tuple[str, Body, str], total: str = "0") -> Body:
    """A payment with a line for each (entity, document, amount)."""
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": entity}]} for entity, one, amount in documents
    ]
    return {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": total, "Line": lines}


async def test_a_credit_memo_lowers_what_its_customer_owes_by_all_that_is_left_of_it() -> None:
    """RemainingCredit and Balance are its total; the income account gives the sale back."""
    async with company() as it:
        amy = await it.customer()
        made = await credit(it, amy)
        after = await it.read("Customer", amy["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert next(iter(made)) == "RemainingCredit"
    assert (made["RemainingCredit"], made["Balance"], made["TotalAmt"]) == (30, 30, 30)
    assert after["Balance"] == -30


async def test_a_payment_of_nothing_applies_a_credit_to_an_invoice() -> None:
    """Both balances fall, both tokens grow, the customer owes as much as before."""
    async with company() as it:
        amy = await it.customer()
        owed, memo = await it.invoice(amy), await credit(it, amy)
        body = settling(amy, ("Invoice", owed, "30.00"), ("CreditMemo", memo, "30.00"))
        paid = await it.make("Payment", **body)
        invoice, used = await it.read("Invoice", owed["Id"]), await it.read("CreditMemo", memo["Id"])
        customer = await it.read("Customer", amy["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert (paid["TotalAmt"], paid["UnappliedAmt"]) == (0, 0)
    assert (invoice["Balance"], invoice["SyncToken"]) == (70, "1")
    assert (used["Balance"], used["RemainingCredit"], used["SyncToken"]) == (0, 0, "1")
    assert customer["Balance"] == 70


async def test_money_and_credit_may_settle_an_invoice_together_and_no_more_than_both() -> None:
    """Seventy of money and thirty of credit are a hundred; more, or credits without charges, are refused (6000)."""
    async with company() as it:
        amy = await it.customer()
        owed, memo = await it.invoice(amy), await credit(it, amy)
        both = (("Invoice", owed, "100.00"), ("CreditMemo", memo, "30.00"))
        short = await it.call("POST", "payment", settling(amy, *both, total="60.00"))
        alone = await it.call("POST", "payment", settling(amy, both[1], total="10.00"))
        whole = await it.make("Payment", **settling(amy, *both, total="70.00"))

    assert (short.code, alone.code) == ("6000", "6000")
    assert whole["UnappliedAmt"] == 0


async def test_undoing_either_side_gives_the_other_back() -> None:
    """A voided invoice frees its credit; a deleted or voided credit memo leaves the invoice owed."""
    for entity, operation, left in (
        ("Invoice", "void", 30),
        ("CreditMemo", "delete", 100),
        ("CreditMemo", "void", 100),
    ):
        async with company() as it:
            amy = await it.customer()
            owed, memo = await it.invoice(amy), await credit(it, amy)
            paid = await it.make("Payment", **settling(amy, ("Invoice", owed, "30.00"), ("CreditMemo", memo, "30.00")))
            gone, other = (owed, ("CreditMemo", memo)) if entity == "Invoice" else (memo, ("Invoice", owed))
            body = {"Id": gone["Id"], "SyncToken": "1"}
            told = await it.call("POST", entity.lower(), body, operation=operation)
            kept, payment = await it.read(other[0], other[1]["Id"]), await it.read("Payment", paid["Id"])
            check_books(it.running.sandbox.realms[it.realm])

            assert told.status == 200
            assert (kept["Balance"], kept["LinkedTxn"]) == (left, [])
            assert (payment["Line"], payment["UnappliedAmt"]) == ([], 0)


async def test_what_comes_back_is_in_stock_again() -> None:
    """A credit memo over an inventory item raises its quantity."""
    async with company() as it:
        amy = await it.customer()
        accounts = {
            f"{kind}AccountRef": {"value": one} for kind, one in (("Income", "79"), ("Expense", "80"), ("Asset", "81"))
        }
        stock = {"TrackQtyOnHand": True, "QtyOnHand": 10, "InvStartDate": "2026-01-01", "PurchaseCost": 2}
        item = await it.make("Item", Name="Pump", Type="Inventory", **accounts, **stock)
        detail = {"ItemRef": {"value": item["Id"]}, "Qty": 3, "UnitPrice": 5}
        line = [sold("15.00", SalesItemLineDetail=detail)]
        await it.make("CreditMemo", CustomerRef={"value": amy["Id"]}, Line=line)
        after = await it.read("Item", item["Id"])
        early = {"CustomerRef": {"value": amy["Id"]}, "Line": line, "TxnDate": "2025-12-31"}
        refused = await it.call("POST", "invoice", early)
        check_books(it.running.sandbox.realms[it.realm])

    assert after["QtyOnHand"] == 13
    assert refused.code == "6270"


async def test_credits_are_applied_by_themselves_a_second_later_where_the_company_wants_it() -> None:
    """The create tells the whole credit and token 0; then it is used up at token 1."""
    async with company(company={"preferences": AUTOMATIC}) as it:
        amy = await it.customer()
        owed = await it.invoice(amy)
        made = await credit(it, amy)
        at_once = await it.read("CreditMemo", made["Id"])
        it.clock.advance(1)
        later, invoice = await it.read("CreditMemo", made["Id"]), await it.read("Invoice", owed["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert (made["RemainingCredit"], at_once["SyncToken"]) == (30, "0")
    assert (later["RemainingCredit"], later["Balance"], later["SyncToken"]) == (0, 0, "1")
    assert invoice["Balance"] == 70


async def test_payments_are_applied_by_themselves_to_the_oldest_invoices_where_the_company_wants_it() -> None:
    """What is left of a payment goes to what is open, in order of dates."""
    async with company(company={"preferences": {"SalesFormsPrefs": {"AutoApplyPayments": True}}}) as it:
        amy = await it.customer()
        late, early = [await it.invoice(amy, "50.00", TxnDate=day) for day in ("2026-02-01", "2026-01-01")]
        paid = await it.make("Payment", CustomerRef={"value": amy["Id"]}, TotalAmt="70.00")
        check_books(it.running.sandbox.realms[it.realm])

    assert [line["LinkedTxn"][0]["TxnId"] for line in paid["Line"]] == [early["Id"], late["Id"]]
    assert [line["Amount"] for line in paid["Line"]] == [Decimal(50), Decimal(20)]
