"""Tax outside the US: a code on every line, and amounts before or with tax."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, company, sold
from tests.contract.sandbox_sums import check_books

STANDARD, REDUCED, NO_VAT = "2", "3", "6"


def coded(amount: str, code: str | None, **detail: object) -> Body:
    reference = {} if code is None else {"TaxCodeRef": {"value": code}}
    return sold(amount, SalesItemLineDetail={"ItemRef": {"value": "1"}, **reference, **detail})


def form(*lines: Body, way: str | None = "TaxExcluded", **fields: object) -> Body:
    said = {} if way is None else {"GlobalTaxCalculation": way}
    return {"CustomerRef": {"value": "1"}, "Line": list(lines), **said, **fields}


async def test_tax_comes_on_top_of_amounts_that_exclude_it() -> None:
    """A line for each rate; 20 % of 100 and 5 % of 10 are 20.50, owed to the agency."""
    async with company(company="uk-vat") as it:
        before = await it.read("Account", "90")
        made = await it.make(
            "Invoice", **form(coded("100.00", STANDARD), coded("10.00", REDUCED), coded("1.00", NO_VAT))
        )
        after = await it.read("Account", "90")
        check_books(it.running.sandbox.realms[it.realm])

    lines = made["TxnTaxDetail"]["TaxLine"]
    assert [(one["TaxLineDetail"]["TaxPercent"], one["Amount"]) for one in lines] == [(20, 20), (5, Decimal("0.50"))]
    assert (made["GlobalTaxCalculation"], made["TotalAmt"]) == ("TaxExcluded", Decimal("131.50"))
    assert after["CurrentBalance"] - before["CurrentBalance"] == Decimal("20.50")


async def test_amounts_that_include_tax_are_told_with_it_too() -> None:
    """Amount is without tax all the same, TaxInclusiveAmt with it."""
    async with company(company="uk-vat") as it:
        made = await it.make("Invoice", **form(coded("83.33", STANDARD, TaxInclusiveAmt=100), way="TaxInclusive"))
        wrong = form(coded("83.33", STANDARD, TaxInclusiveAmt=110), way="TaxInclusive")
        refused = await it.call("POST", "invoice", wrong)
        check_books(it.running.sandbox.realms[it.realm])

    detail = made["Line"][0]["SalesItemLineDetail"]
    assert (made["Line"][0]["Amount"], detail["TaxInclusiveAmt"]) == (Decimal("83.33"), 100)
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("16.67"), 100)
    assert refused.status == 501


async def test_a_form_without_tax_has_no_tax_detail() -> None:
    """NotApplicable needs no codes; TxnTaxDetail beside it is refused (6170)."""
    async with company(company="uk-vat") as it:
        made = await it.make("Invoice", **form(coded("10.00", None), way="NotApplicable"))
        body = form(coded("10.00", None), way="NotApplicable", TxnTaxDetail={"TotalTax": 2})
        refused = await it.call("POST", "invoice", body)

    assert "TxnTaxDetail" not in made
    assert made["TotalAmt"] == 10
    assert refused.code == "6170"


async def test_a_form_says_how_it_is_taxed_and_each_line_by_which_code() -> None:
    """2020 without GlobalTaxCalculation, 6000 without a code, 6160 for one that is not there."""
    async with company(company="uk-vat") as it:
        unsaid = await it.call("POST", "invoice", form(coded("1.00", STANDARD), way=None))
        uncoded = await it.call("POST", "invoice", form(coded("1.00", None)))
        unknown = await it.call("POST", "invoice", form(coded("1.00", "TAX")))

    assert (unsaid.code, uncoded.code, unknown.code) == ("2020", "6000", "6160")
    assert unsaid["Fault"]["Error"][0]["element"] == "GlobalTaxCalculation"


async def test_a_discount_lowers_the_tax_of_every_code_by_its_share() -> None:
    """Ten per cent off both rates."""
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    async with company(company="uk-vat") as it:
        made = await it.make("Invoice", **form(coded("100.00", STANDARD), coded("100.00", REDUCED), discount))
        check_books(it.running.sandbox.realms[it.realm])

    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("22.50")
    assert made["TotalAmt"] == Decimal("202.50")


async def test_customers_of_such_a_company_have_no_sales_tax_code() -> None:
    """DefaultTaxCodeRef is a matter of US companies; a sparse edit keeps the form's tax."""
    async with company(company="uk-vat") as it:
        made = await it.customer("New")
        owed = await it.make("Invoice", **form(coded("100.00", STANDARD)))
        body = {"Id": owed["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
        after = (await it.call("POST", "invoice", body))["Invoice"]

    assert "DefaultTaxCodeRef" not in made
    assert (after["TotalAmt"], after["TxnTaxDetail"]) == (120, owed["TxnTaxDetail"])
