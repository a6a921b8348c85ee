"""Sales tax in the US: by code, by hand, and automated."""

from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.sandbox_sums import check_books

CALIFORNIA = {"TxnTaxCodeRef": {"value": "2"}}
ADDRESS = {"Line1": "4581 Finch St.", "City": "Bayshore", "CountrySubDivisionCode": "CA"}


def taxed(amount: str, code: str = "TAX") -> Body:
    return sold(amount, SalesItemLineDetail={"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": code}})


def discount(percent: int) -> Body:
    detail = {"PercentBased": True, "DiscountPercent": percent}
    return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


async def invoiced(it: Company, customer: Body, *lines: Body, **fields: object) -> Body:
    wanted: Body = {"Line": list(lines), **fields}
    return await it.invoice(customer, **wanted)


async def plain(it: Company, **fields: object) -> Body:
    """A customer as a person makes it, without a tax code of its own."""
    told = await it.control(
        "POST", f"{it.realm}/create", {"entity": "Customer", "fields": {"DisplayName": "Amy", **fields}}
    )
    return dict(told.json)


async def test_a_code_taxes_what_is_taxable_as_it_was_recorded() -> None:
    """Eight per cent of 325.75 are 26.06; the line that is not taxable is left out; the tax is owed to the state."""
    async with company() as it:
        amy = await plain(it)
        made = await invoiced(it, amy, taxed("325.75"), taxed("10.00", "NON"), TxnTaxDetail=CALIFORNIA)
        payable = await it.read("Account", "90")
        check_books(it.running.sandbox.realms[it.realm])

    rate = {"TaxRateRef": {"value": "3"}, "PercentBased": True, "TaxPercent": 8, "NetAmountTaxable": Decimal("325.75")}
    line = {"Amount": Decimal("26.06"), "DetailType": "TaxLineDetail", "TaxLineDetail": rate}
    assert made["TxnTaxDetail"] == {**CALIFORNIA, "TotalTax": Decimal("26.06"), "TaxLine": [line]}
    assert list(made["TxnTaxDetail"]) == ["TxnTaxCodeRef", "TotalTax", "TaxLine"]
    assert (made["TotalAmt"], made["Balance"]) == (Decimal("361.81"), Decimal("361.81"))
    assert payable["CurrentBalance"] == Decimal("26.06")


async def test_a_code_of_two_rates_has_a_line_for_each() -> None:
    """Tucson: 7.1 and 2 per cent."""
    async with company() as it:
        amy = await plain(it)
        made = await invoiced(it, amy, taxed("100.00"), TxnTaxDetail={"TxnTaxCodeRef": {"value": "3"}})

    lines = made["TxnTaxDetail"]["TaxLine"]
    assert [(one["TaxLineDetail"]["TaxPercent"], one["Amount"]) for one in lines] == [
        (Decimal("7.1"), Decimal("7.10")),
        (2, 2),
    ]
    assert made["TotalAmt"] == Decimal("109.10")


async def test_a_customers_own_code_is_used_where_something_is_taxable_and_none_is_named() -> None:
    """Customers made by the API have one; others, and lines that are not taxable, are not taxed by themselves."""
    async with company() as it:
        amy, bob = await it.customer(), await plain(it, DisplayName="Bob")
        own, none = await invoiced(it, amy, taxed("100.00")), await invoiced(it, bob, taxed("100.00"))
        exempt = await invoiced(it, amy, taxed("100.00", "NON"))
        await it.call("POST", "customer", {"Id": amy["Id"], "SyncToken": "0", "sparse": True, "Taxable": False})
        freed = await invoiced(it, amy, taxed("100.00"))

    assert amy["DefaultTaxCodeRef"] == {"value": "2"}
    assert "DefaultTaxCodeRef" not in bob
    assert own["TxnTaxDetail"]["TotalTax"] == 8
    assert [one["TxnTaxDetail"] for one in (none, exempt, freed)] == [{"TotalTax": 0}] * 3


async def test_a_tax_that_was_sent_stands_until_its_lines_change() -> None:
    """TotalTax overrides; a sparse edit of a note keeps it, one of the lines computes anew."""
    async with company() as it:
        amy = await plain(it)
        made = await invoiced(it, amy, taxed("100.00"), TxnTaxDetail={**CALIFORNIA, "TotalTax": 7.5})
        head = {"Id": made["Id"], "sparse": True}
        noted = await it.call("POST", "invoice", {**head, "SyncToken": "0", "PrivateNote": "x"})
        grown = await it.call("POST", "invoice", {**head, "SyncToken": "1", "Line": [taxed("200.00")]})
        check_books(it.running.sandbox.realms[it.realm])

    assert made["TxnTaxDetail"]["TaxLine"][0]["Amount"] == Decimal("7.50")
    assert noted["Invoice"]["TotalAmt"] == Decimal("107.50")
    assert (grown["Invoice"]["TxnTaxDetail"]["TotalTax"], grown["Invoice"]["TotalAmt"]) == (16, 216)


async def test_tax_is_on_what_a_discount_leaves_unless_the_switch_follows_the_flag() -> None:
    """Recordings say always; documents say only with ApplyTaxAfterDiscount."""
    lines = (taxed("100.00"), taxed("100.00", "NON"), discount(10))
    found: list[tuple[Any, Any]] = []
    made: Body = {}
    for how in ("always", "as_told"):
        async with company(Switches(limits="off").changed({"discount_before_tax": how})) as it:
            amy = await plain(it)
            made = await invoiced(it, amy, *lines, TxnTaxDetail=CALIFORNIA)
            told = await invoiced(it, amy, *lines, TxnTaxDetail=CALIFORNIA, ApplyTaxAfterDiscount=True)
            head = {"Id": told["Id"], "SyncToken": "0", "sparse": True}
            turned = (await it.call("POST", "invoice", {**head, "ApplyTaxAfterDiscount": False}))["Invoice"]
            assert turned["TxnTaxDetail"] == made["TxnTaxDetail"]
            found.append((made["TxnTaxDetail"]["TotalTax"], told["TxnTaxDetail"]["TotalTax"]))
            check_books(it.running.sandbox.realms[it.realm])

    assert found == [(Decimal("7.20"), Decimal("7.20")), (8, Decimal("7.20"))]
    assert [line["DetailType"] for line in made["Line"]][-2:] == ["SubTotalLineDetail", "DiscountLineDetail"]
    assert made["TotalAmt"] == Decimal("188.00")


async def test_automated_tax_computes_by_itself_and_needs_an_address() -> None:
    """What was sent is ignored, no code is told, and nobody without an address is taxed."""
    async with company(company={"preferences": {"TaxPrefs": {"PartnerTaxEnabled": True}}}) as it:
        amy, nowhere = await it.customer(ShipAddr=ADDRESS), await it.customer("Nowhere")
        sent = {"TotalTax": 50, "TxnTaxCodeRef": {"value": "3"}}
        made = await invoiced(it, amy, taxed("100.00"), TxnTaxDetail=sent)
        none = await invoiced(it, nowhere, taxed("100.00"), TxnTaxDetail=sent)
        check_books(it.running.sandbox.realms[it.realm])

    assert made["TxnTaxDetail"]["TotalTax"] == 8
    assert "TxnTaxCodeRef" not in made["TxnTaxDetail"]
    assert none["TxnTaxDetail"] == {"TotalTax": 0}


async def test_a_line_is_taxed_or_not_and_a_code_must_exist() -> None:
    """6100 for each line with another code, 2500 for a form's code that is not there."""
    async with company() as it:
        amy = await it.customer()
        body: Body = {"CustomerRef": {"value": amy["Id"]}}
        lines = await it.call(
            "POST", "invoice", {**body, "Line": [taxed("1.00", "7"), taxed("2.00"), taxed("3.00", "2")]}
        )
        missing = {"TxnTaxCodeRef": {"value": "77"}}
        code = await it.call("POST", "invoice", {**body, "Line": [taxed("1.00")], "TxnTaxDetail": missing})

    assert [error["code"] for error in lines["Fault"]["Error"]] == ["6100", "6100"]
    assert code.code == "2500"


async def test_amounts_with_tax_are_a_matter_of_other_countries() -> None:
    """An empty TaxInclusiveAmt says nothing; a value, or TaxInclusive, is not modelled for a US company."""
    async with company() as it:
        amy = await it.customer()
        body: Body = {"CustomerRef": {"value": amy["Id"]}}
        made = await it.invoice(amy, Line=[sold("10.00", SalesItemLineDetail={"TaxInclusiveAmt": 0})])
        gross = {**body, "Line": [sold("10.00", SalesItemLineDetail={"TaxInclusiveAmt": 12})]}
        told = await it.call("POST", "invoice", gross)
        way = await it.call("POST", "invoice", {**body, "Line": [sold("1.00")], "GlobalTaxCalculation": "TaxInclusive"})

    assert "TaxInclusiveAmt" not in made["Line"][0]["SalesItemLineDetail"]
    assert (told.status, way.status) == (501, 501)


async def test_estimates_and_receipts_are_taxed_as_invoices_are() -> None:
    """A receipt's tax is owed, an estimate's is only told; a voided one has none."""
    async with company() as it:
        amy = await plain(it)
        fields = {"CustomerRef": {"value": amy["Id"]}, "Line": [taxed("100.00")], "TxnTaxDetail": CALIFORNIA}
        offer, receipt = await it.make("Estimate", **fields), await it.make("SalesReceipt", **fields)
        owed = await it.read("Account", "90")
        body = {"Id": receipt["Id"], "SyncToken": "0"}
        voided = (await it.call("POST", "salesreceipt", body, operation="update", include="void"))["SalesReceipt"]
        after = await it.read("Account", "90")
        check_books(it.running.sandbox.realms[it.realm])

    assert (offer["TotalAmt"], receipt["TotalAmt"], owed["CurrentBalance"]) == (108, 108, 8)
    assert voided["TxnTaxDetail"]["TotalTax"] == 0
    assert after["CurrentBalance"] == 0


async def test_codes_and_rates_are_read_and_queried_and_never_made() -> None:
    """Shapes as seen: an unused side is an empty list; creating one is not modelled."""
    async with company() as it:
        code = await it.read("TaxCode", "2")
        rates = (await it.query("select * from TaxRate where Name = 'AZ State tax'"))["QueryResponse"]["TaxRate"]
        made = await it.call("POST", "taxcode", {"Name": "Mine"})
        service = await it.call("POST", "taxservice/taxcode", {"TaxCode": "Mine"})

    assert code["PurchaseTaxRateList"] == {"TaxRateDetail": []}
    assert code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"] == {"value": "3", "name": "California"}
    assert (rates[0]["RateValue"], rates[0]["SpecialTaxType"], rates[0]["DisplayType"]) == (
        Decimal("7.1"),
        "NONE",
        "ReadOnly",
    )
    assert (made.status, service.status) == (501, 501)
