"""A company at home in dollars that sells in euros: rates, home values, and what exchange gains or loses."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, company, sold
from tests.contract.sandbox_sums import check_books

EUR: Body = {"CurrencyRef": {"value": "EUR"}}
USD: Body = {"CurrencyRef": {"value": "USD"}}
HUBER, ADA = {"Id": "3"}, {"Id": "1"}  # who pays in euros, and who in dollars
EXCHANGE, CHECKING = "91", "35"
RATE = Decimal("1.1")  # dollars for a euro, where a document names no rate


def billed(customer: Body, amount: str = "100.00", **fields: object) -> Body:
    return {"CustomerRef": {"value": customer["Id"]}, "Line": [sold(amount)], **fields}


def paid(invoice: Body, amount: str, **fields: object) -> Body:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    money = {"TotalAmt": amount, "DepositToAccountRef": {"value": CHECKING}}
    return {"CustomerRef": {"value": HUBER["Id"]}, **money, **EUR, "Line": lines, **fields}


async def test_a_document_in_euros_tells_what_it_is_worth_at_home() -> None:
    """The rate comes from the table or from the request; the customer's balance is in euros."""
    async with company(company="multi-currency") as it:
        before = await it.read("Customer", HUBER["Id"])
        usual = await it.make("Invoice", **billed(HUBER, **EUR))
        named = await it.make("Invoice", **billed(HUBER, **EUR, ExchangeRate=1.25))
        after = await it.read("Customer", HUBER["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert (usual["ExchangeRate"], usual["HomeTotalAmt"], usual["HomeBalance"]) == (RATE, 110, 110)
    assert (named["ExchangeRate"], named["HomeTotalAmt"]) == (Decimal("1.25"), 125)
    assert usual["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert (usual["TotalAmt"], after["Balance"] - before["Balance"]) == (100, 200)


async def test_home_values_are_told_only_where_there_is_more_than_one_currency() -> None:
    """In dollars the rate is 1; a company of one currency tells none, and takes a rate of 1 for nothing."""
    async with company(company="multi-currency") as it:
        several = await it.make("Invoice", **billed(ADA, **USD))
    async with company() as it:
        amy = await it.customer()
        one = await it.make("Invoice", **billed(amy, ExchangeRate=1))
        refused = await it.call("POST", "invoice", billed(amy, ExchangeRate=2))

    assert (several["ExchangeRate"], several["HomeBalance"]) == (1, 100)
    assert not {"ExchangeRate", "HomeTotalAmt", "HomeBalance"} & set(one)
    assert refused.status == 501


async def test_a_document_names_its_customers_currency() -> None:
    """2020 without one, 6000 for another."""
    async with company(company="multi-currency") as it:
        unnamed = await it.call("POST", "invoice", billed(HUBER))
        other = await it.call("POST", "invoice", billed(HUBER, **USD))
        payment = await it.call("POST", "payment", {"CustomerRef": {"value": "3"}, "TotalAmt": 5, **USD})

    assert (unnamed.code, other.code, payment.code) == ("2020", "6000", "6000")


async def test_what_the_money_is_worth_more_than_the_invoice_is_gained() -> None:
    """Written at 1.10, paid at 1.20: the receivables are even, ten dollars are a gain."""
    async with company(company="multi-currency") as it:
        realm = it.running.sandbox.realms[it.realm]
        receivable = realm.ledger["84"]
        owed = await it.make("Invoice", **billed(HUBER, **EUR))
        made = await it.make("Payment", **paid(owed, "100.00", ExchangeRate=1.2))
        after = await it.read("Invoice", owed["Id"])
        check_books(realm)

    assert (after["Balance"], after["HomeBalance"]) == (0, 0)
    assert made["ExchangeRate"] == Decimal("1.2")
    assert realm.ledger["84"] == receivable
    assert (realm.ledger[CHECKING], realm.ledger[EXCHANGE]) == (Decimal(120), Decimal(-10))


async def test_the_gain_follows_what_becomes_of_the_invoice() -> None:
    """Another rate on the invoice moves it, voiding the invoice takes it away; the books balance at every step."""
    async with company(company="multi-currency") as it:
        realm = it.running.sandbox.realms[it.realm]
        owed = await it.make("Invoice", **billed(HUBER, **EUR))
        await it.make("Payment", **paid(owed, "100.00", ExchangeRate=1.2))
        head = {"Id": owed["Id"], "SyncToken": "1", "sparse": True}
        await it.call("POST", "invoice", {**head, "ExchangeRate": 1.3})
        lost = realm.ledger[EXCHANGE]
        check_books(realm)
        await it.call("POST", "invoice", {**head, "SyncToken": "2"}, operation="void")
        check_books(realm)

    assert lost == 10
    assert realm.ledger[EXCHANGE] == 0


async def test_cents_that_a_rate_leaves_over_stay_within_the_document() -> None:
    """Three lines of 0.33 at 1.1 are 1.09 in dollars, whatever the lines come to one by one."""
    async with company(company="multi-currency") as it:
        made = await it.make("Invoice", **billed(HUBER, **EUR) | {"Line": [sold("0.33"), sold("0.33"), sold("0.33")]})
        check_books(it.running.sandbox.realms[it.realm])

    assert made["HomeTotalAmt"] == Decimal("1.09")


async def test_a_customers_currency_is_for_good_once_it_was_used() -> None:
    """6000 then; before, it may change. Credits and receipts are in it as well."""
    async with company(company="multi-currency") as it:
        new = await it.customer("New", **EUR)
        head = {"Id": new["Id"], "sparse": True}
        changed = await it.call("POST", "customer", {**head, "SyncToken": "0", "CurrencyRef": {"value": "GBP"}})
        gbp: Body = {"CurrencyRef": {"value": "GBP"}}
        memo = await it.make("CreditMemo", **billed(new, **gbp))
        await it.make("SalesReceipt", **billed(new, **gbp))
        late = await it.call("POST", "customer", {**head, "SyncToken": "1", **EUR})
        check_books(it.running.sandbox.realms[it.realm])

    assert changed["Customer"]["CurrencyRef"]["value"] == "GBP"
    assert memo["HomeTotalAmt"] == 125
    assert late.code == "6000"
