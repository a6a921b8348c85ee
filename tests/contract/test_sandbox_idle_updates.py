"""A sparse update that changes nothing: token and time stay, whatever the record is."""

import pytest

from tests.contract.purchases import Body, billed, by_card, by_check, expense, ref, settling, vendor_of
from tests.contract.sandbox_company import Company, company

KINDS = ("Vendor", "Employee", "Account", "Term", "PurchaseOrder", "Bill", "BillPayment", "CompanyInfo", "Preferences")


async def _made(it: Company, kind: str) -> Body:
    """A record of the kind, with much in it."""
    if kind in ("CompanyInfo", "Preferences"):
        return dict((await it.call("GET", f"{kind.lower()}/1"))[kind])
    term = await it.make("Term", Name="Net 45", DueDays=45, DiscountPercent=2, DiscountDays=10)
    address = {"Line1": "42 Main St.", "City": "Middlefield"}
    vendor = await vendor_of(it, TermRef=ref(term), TaxIdentifier="12-3456789", BillAddr=address, Vendor1099=True)
    bill = await billed(it, vendor, expense("100.00"), DocNumber="A-1", PrivateNote="x")
    fields: dict[str, Body] = {
        "Employee": {"GivenName": "Emily", "FamilyName": "Platt", "SSN": "444-55-6666", "PrimaryAddr": address},
        "Account": {"Name": "Cars", "AccountSubType": "Vehicles", "AcctNum": "1500", "Description": "x"},
        "PurchaseOrder": {"VendorRef": ref(vendor), "Line": [expense("1.00")], "Memo": "x"},
        "BillPayment": by_check(vendor, "40.00", settling(bill, "40.00")),
    }
    if kind in fields:
        return await it.make(kind, **fields[kind])
    return {"Vendor": await it.read("Vendor", vendor["Id"]), "Term": term, "Bill": bill}[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_update_that_changes_nothing_leaves_the_record_alone(kind: str) -> None:
    """Alone, and with a value that the record has already."""
    async with company(custom_fields=["Crew #"]) as it:
        made = await _made(it, kind)
        it.clock.advance(60)
        head = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}
        name = next(
            one for one in ("PrivateNote", "DisplayName", "Name", "CompanyName", "TxnDate", "TaxPrefs") if one in made
        )
        bare = (await it.call("POST", kind.lower(), head))[kind]
        same = (await it.call("POST", kind.lower(), {**head, name: made[name]}))[kind]

    assert bare == same == made


async def test_a_card_payment_that_was_voided_by_itself_stays_as_it_is() -> None:
    """It has no lines, and needs none to be left alone."""
    async with company() as it:
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("10.00"))
        await it.make("BillPayment", **by_card(vendor, "10.00", settling(bill, "10.00")))
        idle = await it.make("BillPayment", **by_card(vendor, "10.00", settling(bill, "10.00")))
        told = await it.call("POST", "billpayment", {"Id": idle["Id"], "SyncToken": "0", "sparse": True})

    assert told["BillPayment"] == idle
