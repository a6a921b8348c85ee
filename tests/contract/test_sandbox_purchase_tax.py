"""Tax and currencies on what is bought: a code on every line outside the US, and rates that change meanwhile."""

from decimal import Decimal

import pytest

from tests.contract import sandbox_sums
from tests.contract.purchases import Body, by_check, check_books, expense, ref, settling, vendor_of
from tests.contract.sandbox_company import Company, company

STANDARD, REDUCED, NO_VAT = "2", "3", "6"
OFFICE, VAT = "15", "90"
EUROS: Body = {"CurrencyRef": {"value": "EUR"}}
DOLLARS: Body = {"CurrencyRef": {"value": "USD"}}


def coded(amount: str, code: str | None, **detail: object) -> Body:
    """An expense line with a tax code."""
    line = expense(amount, OFFICE)
    reference = {} if code is None else {"TaxCodeRef": ref(code)}
    line["AccountBasedExpenseLineDetail"] |= {**reference, **detail}
    return line


def form(vendor: Body, *lines: Body, way: str | None = "TaxExcluded", **fields: object) -> Body:
    """A bill of a company with VAT."""
    said = {} if way is None else {"GlobalTaxCalculation": way}
    return {"VendorRef": ref(vendor), "Line": list(lines), **said, **fields}


async def test_tax_comes_on_top_of_amounts_that_exclude_it_and_is_reclaimed() -> None:
    """A line for each rate of the purchase side; the tax account is debited, the vendor is owed all of it."""
    async with company(company="uk-vat") as it:
        vendor, before = await vendor_of(it), await it.read("Account", VAT)
        lines = (coded("100.00", STANDARD), coded("10.00", REDUCED), coded("1.00", NO_VAT))
        bill = await it.make("Bill", **form(vendor, *lines))
        order = await it.make("PurchaseOrder", **form(vendor, *lines))
        tax, owed = await it.read("Account", VAT), await it.read("Vendor", vendor["Id"])

        check_books(it)
    told = bill["TxnTaxDetail"]["TaxLine"]
    assert [(one["TaxLineDetail"]["TaxPercent"], one["Amount"]) for one in told] == [(20, 20), (5, Decimal("0.50"))]
    assert (bill["GlobalTaxCalculation"], bill["TotalAmt"], order["TotalAmt"]) == (
        "TaxExcluded",
        Decimal("131.50"),
        Decimal("131.50"),
    )
    assert owed["Balance"] == Decimal("131.50")
    assert tax["CurrentBalance"] - before["CurrentBalance"] == Decimal("-20.50")


async def test_amounts_that_include_tax_are_told_with_it_too() -> None:
    """Amount is without tax all the same, TaxInclusiveAmt with it; another one is refused."""
    async with company(company="uk-vat") as it:
        vendor = await vendor_of(it)
        bill = await it.make("Bill", **form(vendor, coded("83.33", STANDARD, TaxInclusiveAmt=100), way="TaxInclusive"))
        wrong = form(vendor, coded("83.33", STANDARD, TaxInclusiveAmt=110), way="TaxInclusive")
        told = await it.call("POST", "bill", wrong)

        check_books(it)
    assert bill["Line"][0]["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] == 100
    assert (bill["TxnTaxDetail"]["TotalTax"], bill["TotalAmt"]) == (Decimal("16.67"), 100)
    assert told.status == 501


@pytest.mark.parametrize(
    ("way", "code", "fields", "fault"),
    [
        (None, STANDARD, {}, "2020"),
        ("TaxExcluded", None, {}, "6000"),
        ("TaxExcluded", "99", {}, "6160"),
        ("TaxSometimes", STANDARD, {}, "2170"),
        ("NotApplicable", None, {"TxnTaxDetail": {"TotalTax": 1}}, "6170"),
        ("NotApplicable", None, {}, None),
    ],
)
async def test_a_form_says_how_its_tax_is_reckoned(
    way: str | None, code: str | None, fields: Body, fault: str | None
) -> None:
    """And a taxed one has a code that there is on each of its lines."""
    async with company(company="uk-vat") as it:
        vendor = await vendor_of(it)
        told = await it.call("POST", "bill", form(vendor, coded("10.00", code), way=way, **fields))

        check_books(it)
    assert (told.status == 200, None if told.status == 200 else told.code) == (fault is None, fault)


@pytest.mark.parametrize(("way", "total"), [("TaxExcluded", 105), ("TaxInclusive", 105)])
async def test_purchases_have_rates_of_their_own(way: str, total: int) -> None:
    """A code may tax what is bought otherwise than what is sold."""
    rates = {side: {"TaxRateDetail": [{"TaxRateRef": ref(rate)}]} for side, rate in (("Sales", 1), ("Purchase", 2))}
    code = {"Id": 7, "Name": "Mixed", **{f"{side}TaxRateList": one for side, one in rates.items()}}
    async with company(company={"begins_with": "uk-vat", "objects": {"TaxCode": [code]}}) as it:
        vendor = await vendor_of(it)
        bill = await it.make("Bill", **form(vendor, coded("100.00", "7"), way=way))

        check_books(it)
    assert bill["TotalAmt"] == total
    assert [one["TaxLineDetail"]["TaxPercent"] for one in bill["TxnTaxDetail"]["TaxLine"]] == [5]


async def test_an_edit_that_touches_no_line_leaves_a_tax_that_was_sent() -> None:
    """A total that was rounded otherwise stays until the lines change."""
    async with company(company="uk-vat") as it:
        vendor = await vendor_of(it)
        bill = await it.make("Bill", **form(vendor, coded("10.03", STANDARD), TxnTaxDetail={"TotalTax": "2.00"}))
        head = {"Id": bill["Id"], "sparse": True}
        noted = (await it.call("POST", "bill", {**head, "SyncToken": "0", "PrivateNote": "x"}))["Bill"]
        lines = {"Line": [coded("20.06", STANDARD)]}
        changed = (await it.call("POST", "bill", {**head, "SyncToken": "1", **lines}))["Bill"]

        check_books(it)
    assert (bill["TotalAmt"], noted["TotalAmt"], changed["TotalAmt"]) == (
        Decimal("12.03"),
        Decimal("12.03"),
        Decimal("24.07"),
    )


async def test_a_us_company_ignores_how_tax_is_reckoned_and_refuses_any_tax() -> None:
    """What clients send by default says nothing there."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await it.make("Bill", **form(vendor, expense("1.00"), ExchangeRate=1))
        taxed = await it.call("POST", "bill", form(vendor, expense("1.00"), TxnTaxDetail={"TotalTax": 1}))

    assert not {"GlobalTaxCalculation", "TxnTaxDetail", "ExchangeRate", "HomeBalance"} & set(bill)
    assert taxed.status == 501


async def euro_bill(it: Company, amount: str, **fields: object) -> tuple[Body, Body]:
    """A vendor who is owed euros, and its bill."""
    vendor = await vendor_of(it, **EUROS)
    bill = await it.make("Bill", **form(vendor, expense(amount, OFFICE), way=None, **{**EUROS, **fields}))
    return vendor, bill


async def test_a_bill_in_another_currency_has_a_rate_and_a_home_balance() -> None:
    """The vendor's balance is in euros, the accounts' in dollars; a payment lowers both balances of the bill."""
    async with company(company="multi-currency") as it:
        before = await it.read("Account", "33")
        vendor, bill = await euro_bill(it, "100.00", ExchangeRate="1.2")
        paid = by_check(vendor, "40.00", settling(bill, "40.00"), **EUROS, ExchangeRate="1.2")
        await it.make("BillPayment", **paid)
        after, owed = await it.read("Bill", bill["Id"]), await it.read("Vendor", vendor["Id"])
        account = await it.read("Account", "33")
        sandbox_sums.check_books(it.running.sandbox.realms[it.realm])

    assert (bill["ExchangeRate"], bill["HomeBalance"]) == (Decimal("1.2"), 120)
    assert (after["Balance"], after["HomeBalance"]) == (60, 72)
    assert owed["Balance"] == 60
    assert account["CurrentBalance"] - before["CurrentBalance"] == -72


async def test_what_a_rate_lost_meanwhile_is_an_exchange_loss() -> None:
    """The bill is settled at its own rate; when it is gone, so is the loss."""
    async with company(company="multi-currency") as it:
        vendor, bill = await euro_bill(it, "100.00", ExchangeRate="1.2")
        paid = by_check(vendor, "100.00", settling(bill, "100.00"), **EUROS, ExchangeRate="1.3")
        await it.make("BillPayment", **paid)
        realm = it.running.sandbox.realms[it.realm]
        lost, payable = realm.ledger["91"], realm.ledger["33"]
        sandbox_sums.check_books(realm)
        await it.call("POST", "bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="delete")
        left, balanced = realm.ledger["91"], sum(realm.ledger.values(), Decimal(0))

    assert [lost, payable, left, balanced] == [10, 0, 0, 0]


async def test_the_currency_of_a_purchase_is_its_vendors_and_must_be_named() -> None:
    """2020 without it, 6000 with another one."""
    async with company(company="multi-currency") as it:
        vendor = await vendor_of(it, **EUROS)
        nameless = await it.call("POST", "bill", form(vendor, expense("1.00", OFFICE), way=None))
        other = await it.call("POST", "bill", form(vendor, expense("1.00", OFFICE), way=None, **DOLLARS))

    assert (nameless.code, other.code) == ("2020", "6000")


async def test_a_vendors_currency_is_for_good_once_something_was_ordered() -> None:
    """Before that it may change; 6000 afterwards."""
    async with company(company="multi-currency") as it:
        vendor = await vendor_of(it, **DOLLARS)
        head = {"Id": vendor["Id"], "sparse": True}
        early = await it.call("POST", "vendor", {**head, "SyncToken": "0", **EUROS})
        await it.make("PurchaseOrder", **form(vendor, expense("1.00", OFFICE), way=None, **EUROS))
        late = await it.call("POST", "vendor", {**head, "SyncToken": "1", **DOLLARS})

    assert early["Vendor"]["CurrencyRef"]["value"] == "EUR"
    assert late.code == "6000"
