"""Employees: names that customers and vendors do not have already."""

from tests.contract.sandbox_company import company

JOHN = {
    "GivenName": "John",
    "FamilyName": "Meuller",
    "SSN": "444-55-6666",
    "PrimaryAddr": {"Line1": "45 N. Elm Street", "City": "Middlefield", "CountrySubDivisionCode": "CA"},
    "PrimaryPhone": {"FreeFormNumber": "408-525-1234"},
}


async def test_an_employee_answers_as_the_documentation_shows() -> None:
    """The display name is made of the parts; the social security number is never told; the address has an id."""
    async with company() as it:
        made = await it.make("Employee", **JOHN)

    assert list(made) == [
        *("SSN", "PrimaryAddr", "BillableTime", "domain", "sparse", "Id", "SyncToken", "MetaData", "GivenName"),
        *("FamilyName", "DisplayName", "PrintOnCheckName", "Active", "PrimaryPhone"),
    ]
    assert (made["SSN"], made["DisplayName"], made["PrintOnCheckName"]) == (
        "XXX-XX-XXXX",
        "John Meuller",
        "John Meuller",
    )
    assert made["PrimaryAddr"]["Id"].isdecimal()


async def test_customers_vendors_and_employees_share_their_names_and_their_ids() -> None:
    """A name is taken in all three lists; ids go on from one to the other."""
    async with company() as it:
        customer = await it.customer("Emily Platt")
        taken = await it.call("POST", "employee", {"GivenName": "Emily", "FamilyName": "Platt"})
        employee = await it.make("Employee", **JOHN)
        vendor = await it.make("Vendor", DisplayName="Next")
        nameless = await it.call("POST", "employee", {"DisplayName": "Nobody"})

    assert taken.code == "6240"
    assert [int(one["Id"]) - int(customer["Id"]) for one in (employee, vendor)] == [1, 2]
    assert nameless.code == "6080"


async def test_an_inactive_employee_keeps_the_printed_name_and_a_second_time_changes_nothing() -> None:
    """The display name has the suffix, the name on checks has none; token and time stand still the second time."""
    async with company() as it:
        made = await it.make("Employee", **JOHN)
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False}
        off = (await it.call("POST", "employee", body))["Employee"]
        it.clock.advance(60)
        repeat = {**body, "SyncToken": "1", "DisplayName": off["DisplayName"]}
        again = (await it.call("POST", "employee", repeat))["Employee"]
        listed = await it.query("select * from Employee")

    assert (off["DisplayName"], off["PrintOnCheckName"]) == ("John Meuller (deleted)", "John Meuller")
    assert (off["Active"], off["SyncToken"]) == (False, "1")
    assert again == off
    assert listed["QueryResponse"] == {}


async def test_employees_are_listed_by_display_name_in_byte_order() -> None:
    """Upper case before lower."""
    async with company() as it:
        for name in ("bob", "Zoe", "Amy"):
            await it.make("Employee", GivenName=name)
        rows = (await it.query("select * from Employee"))["QueryResponse"]["Employee"]

    assert [row["DisplayName"] for row in rows] == ["Amy", "Zoe", "bob"]


async def test_a_full_update_clears_what_it_leaves_out() -> None:
    """The masked number that was read may be sent back."""
    async with company() as it:
        made = await it.make("Employee", **JOHN)
        body = {name: value for name, value in made.items() if name not in ("PrimaryPhone", "PrintOnCheckName")}
        told = await it.call("POST", "employee", {**body, "PrintOnCheckName": "John Lee Meuller"})

    after = told["Employee"]
    assert (after["SyncToken"], after["SSN"], after["PrintOnCheckName"]) == ("1", "XXX-XX-XXXX", "John Lee Meuller")
    assert "PrimaryPhone" not in after
    assert after["PrimaryAddr"] == made["PrimaryAddr"]
