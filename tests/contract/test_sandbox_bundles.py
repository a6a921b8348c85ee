"""Bundles: made in QuickBooks, sold over the API as a line of nothing with the lines of what is in it."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.sandbox_sums import check_books


async def bundle(it: Company) -> Body:
    """Two pumps at 22.5 and an hour at 10."""
    income = {"IncomeAccountRef": {"value": "1"}, "Type": "Service"}
    pump = await it.make("Item", Name="Pump", UnitPrice=22.5, Description="Fountain Pump", **income)
    hour = await it.make("Item", Name="Hour", UnitPrice=10, **income)
    inside = [{"ItemRef": {"value": pump["Id"]}, "Qty": 2}, {"ItemRef": {"value": hour["Id"]}, "Qty": 1}]
    fields = {"Name": "Fountain", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": inside}}
    told = await it.control("POST", f"{it.realm}/create", {"entity": "Item", "fields": fields})
    assert told.status == 200, told.text
    return dict(told.json)


def selling(item: Body, **detail: object) -> Body:
    return {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"GroupItemRef": {"value": item["Id"]}, **detail},
    }


async def test_a_bundles_line_is_worth_nothing_and_those_inside_it_are_sold() -> None:
    """Ids run through the outer and inner lines; the subtotal counts what is inside."""
    async with company() as it:
        amy, fountain = await it.customer(), await bundle(it)
        made = await it.invoice(amy, Line=[selling(fountain, Quantity=2), sold("5.00")])
        check_books(it.running.sandbox.realms[it.realm])

    outer, plain, subtotal = made["Line"]
    inner = outer["GroupLineDetail"]["Line"]
    assert (outer["Amount"], outer["GroupLineDetail"]["Quantity"]) == (0, 2)
    assert outer["GroupLineDetail"]["GroupItemRef"] == {"value": fountain["Id"], "name": "Fountain"}
    assert [(one["Id"], one["Amount"]) for one in (outer, *inner, plain)] == [
        ("1", 0),
        ("2", 90),
        ("3", 20),
        ("4", 5),
    ]
    assert inner[0]["SalesItemLineDetail"]["Qty"] == 4
    assert inner[0]["Description"] == "Fountain Pump"
    assert (subtotal["Amount"], made["TotalAmt"]) == (115, 115)


async def test_lines_that_were_sent_inside_a_bundle_are_taken_as_they_are_and_taxed() -> None:
    """A price of seven digits is fine; a wrong amount inside is 6070 like any other."""
    async with company() as it:
        amy, fountain = await it.customer(), await bundle(it)
        detail = {"ItemRef": {"value": "1"}, "UnitPrice": 0.5306667, "Qty": 15, "TaxCodeRef": {"value": "TAX"}}
        inner = sold("7.96", SalesItemLineDetail=detail)
        made = await it.invoice(amy, Line=[selling(fountain, Line=[inner])])
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [selling(fountain, Line=[{**inner, "Amount": 9}])]}
        wrong = await it.call("POST", "invoice", body)
        kept = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
        after = (await it.call("POST", "invoice", kept))["Invoice"]
        voided = await it.call("POST", "invoice", {"Id": made["Id"], "SyncToken": "1"}, operation="void")
        check_books(it.running.sandbox.realms[it.realm])

    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("0.64")
    assert wrong.code == "6070"
    assert after["Line"] == made["Line"]
    assert voided["Invoice"]["Line"][0]["GroupLineDetail"]["Line"][0]["Amount"] == 0


async def test_only_bundles_are_sold_as_bundles_and_they_are_no_items() -> None:
    """2500 both ways, 2020 without one."""
    async with company() as it:
        amy, fountain = await it.customer(), await bundle(it)
        item = sold("1.00", SalesItemLineDetail={"ItemRef": {"value": fountain["Id"]}})
        nothing = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"Quantity": 1}}
        told = [
            await it.call("POST", "invoice", {"CustomerRef": {"value": amy["Id"]}, "Line": [line]})
            for line in (selling({"Id": "1"}), item, nothing)
        ]

    assert [one.code for one in told] == ["2500", "2500", "2020"]
