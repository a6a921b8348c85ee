"""Customers beside their names and tree: terms, what cannot change once it is used, and moving in the tree."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, Company, Told, company
from tests.contract.sandbox_sums import check_books


async def edited(it: Company, customer: Body, **fields: object) -> Told:
    """A sparse update of the customer as it is now."""
    now = await it.read("Customer", customer["Id"])
    return await it.call("POST", "customer", {"Id": now["Id"], "SyncToken": now["SyncToken"], "sparse": True, **fields})


async def test_a_customer_keeps_how_it_pays_and_what_is_noted_of_it() -> None:
    """References show their names; the notes may be long, a resale number not (2050)."""
    async with company() as it:
        paying: Body = {"SalesTermRef": {"value": "3"}, "PaymentMethodRef": {"value": "2"}}
        made = await it.customer(Notes="x" * 2000, ResaleNum="R-77", PreferredDeliveryMethod="Email", **paying)
        long = await it.call("POST", "customer", {"DisplayName": "b", "Notes": "x" * 2001})
        missing = await it.call("POST", "customer", {"DisplayName": "b", "SalesTermRef": {"value": "99"}})

    assert made["SalesTermRef"] == {"value": "3", "name": "Net 30"}
    assert made["PaymentMethodRef"] == {"value": "2", "name": "Check"}
    assert (made["ResaleNum"], made["PreferredDeliveryMethod"]) == ("R-77", "Email")
    assert (long.code, missing.code) == ("2050", "2500")


async def test_names_hold_no_colon_tab_or_new_line_and_one_of_them_is_needed() -> None:
    """2040 for each name, 6080 without any; the display name is made of the others."""
    async with company() as it:
        wrong = [{"DisplayName": "a:b"}, {"DisplayName": "a\tb"}, {"DisplayName": "x", "GivenName": "Jo\nAnn"}]
        told = [await it.call("POST", "customer", body) for body in wrong]
        nameless = await it.call("POST", "customer", {"CompanyName": "Nobody Ltd"})
        made = await it.make("Customer", Title="Ms", GivenName="Jane", FamilyName="Doe", Suffix="Jr")

    assert [one.code for one in told] == ["2040"] * 3
    assert (nameless.code, made["DisplayName"]) == ("6080", "Ms Jane Doe Jr")


async def test_who_is_billed_stays_once_there_are_transactions() -> None:
    """6130 then; before, it may change."""
    async with company() as it:
        top = await it.customer("Top")
        site = await it.customer("Site", Job=True, ParentRef={"value": top["Id"]})
        free = await edited(it, site, BillWithParent=True)
        await it.invoice(site)
        late = await edited(it, site, BillWithParent=False)

    assert (free.status, late.code) == (200, "6130")


async def test_a_subtree_moves_with_its_names_levels_and_balances() -> None:
    """The old parents lose what the new ones gain; nobody stands below himself (900)."""
    async with company() as it:
        old, new = await it.customer("Old"), await it.customer("New")
        site = await it.customer("Site", Job=True, ParentRef={"value": old["Id"]})
        unit = await it.customer("Unit", Job=True, ParentRef={"value": site["Id"]})
        await it.invoice(unit, "40.00")
        await edited(it, site, ParentRef={"value": new["Id"]})
        names = [(await it.read("Customer", one["Id"]))["FullyQualifiedName"] for one in (site, unit)]
        sums = [(await it.read("Customer", one["Id"]))["BalanceWithJobs"] for one in (old, new, site)]
        circle = await edited(it, new, Job=True, ParentRef={"value": unit["Id"]})
        check_books(it.running.sandbox.realms[it.realm])

    assert names == ["New:Site", "New:Site:Unit"]
    assert sums == [0, 40, 40]
    assert circle.code == "900"


async def test_a_customer_with_a_credit_cannot_be_made_inactive_either() -> None:
    """6220 for any balance that is not zero."""
    async with company() as it:
        amy = await it.customer()
        await it.paid(amy, "5.00")
        told = await edited(it, amy, Active=False)
        after = await it.read("Customer", amy["Id"])

    assert (told.code, after["Active"], after["Balance"]) == ("6220", True, Decimal(-5))


async def test_customers_are_found_by_their_address() -> None:
    """PrimaryEmailAddr is compared by its text."""
    async with company() as it:
        amy = await it.customer(PrimaryEmailAddr={"Address": "amy@example.com"})
        await it.customer("Bob")
        told = await it.query("select * from Customer where PrimaryEmailAddr = 'amy@example.com'")

    assert [row["Id"] for row in told["QueryResponse"]["Customer"]] == [amy["Id"]]


async def test_a_full_update_keeps_the_tax_code_it_does_not_name() -> None:
    """As recorded: what was not sent is cleared, but the default code and the active flag stay."""
    async with company() as it:
        amy = await it.customer(Notes="gone", DefaultTaxCodeRef={"value": "3"})
        told = await it.call("POST", "customer", {"Id": amy["Id"], "SyncToken": "0", "DisplayName": "Amy"})

    assert told["Customer"]["DefaultTaxCodeRef"] == {"value": "3"}
    assert "Notes" not in told["Customer"]
