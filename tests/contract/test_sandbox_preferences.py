"""Preferences and CompanyInfo: one of each, read and changed; and what the sandbox says that it has not."""

import pytest

from tests.contract.sandbox_company import company

GROUPS = (
    *("AccountingInfoPrefs", "ProductAndServicesPrefs", "SalesFormsPrefs", "EmailMessagesPrefs"),
    *("VendorAndPurchasesPrefs", "TimeTrackingPrefs", "TaxPrefs", "CurrencyPrefs", "ReportPrefs", "OtherPrefs"),
)


async def test_a_company_has_every_group_of_preferences() -> None:
    """Read without an id, or queried; its currency is a code alone."""
    async with company() as it:
        read = (await it.call("GET", "preferences"))["Preferences"]
        found = (await it.query("select * from Preferences"))["QueryResponse"]["Preferences"]

    assert found == [read]
    assert [name for name in read if name.endswith("Prefs")] == list(GROUPS)
    assert (read["Id"], read["CurrencyPrefs"]["HomeCurrency"]) == ("1", {"value": "USD"})
    assert read["EmailMessagesPrefs"]["InvoiceMessage"]["Subject"] == "Invoice from Craig's"
    assert {"Name": "WarnDuplicateBillNumber", "Value": "false"} in read["OtherPrefs"]["NameValue"]


async def test_the_companys_own_fields_are_told_as_the_documentation_shows_them() -> None:
    """Which of the three are in use, and their names; on purchase orders a seed may have others."""
    prefs = {"VendorAndPurchasesPrefs": {"POCustomField": ["Crew #", "Sales Rep"]}}
    async with company(company={"begins_with": "empty", "preferences": prefs}, custom_fields=["Crew #"]) as it:
        read = (await it.call("GET", "preferences"))["Preferences"]

    sales, orders = read["SalesFormsPrefs"]["CustomField"], read["VendorAndPurchasesPrefs"]["POCustomField"]
    assert [(one["Name"], one["BooleanValue"]) for one in sales[0]["CustomField"]] == [
        ("SalesFormsPrefs.UseSalesCustom3", False),
        ("SalesFormsPrefs.UseSalesCustom2", False),
        ("SalesFormsPrefs.UseSalesCustom1", True),
    ]
    assert sales[1]["CustomField"] == [
        {"StringValue": "Crew #", "Type": "StringType", "Name": "SalesFormsPrefs.SalesCustomName1"}
    ]
    assert [(one["Name"], one["StringValue"]) for one in orders[1]["CustomField"]] == [
        ("PurchasePrefs.PurchaseCustomName2", "Sales Rep"),
        ("PurchasePrefs.PurchaseCustomName1", "Crew #"),
    ]


@pytest.mark.parametrize("sparse", [True, False])
async def test_preferences_change_one_by_one_and_some_not_at_all(sparse: bool) -> None:  # noqa: FBT001 - both ways
    """What is not named stays; what is only read is ignored; pairs keep their places."""
    async with company() as it:
        before = (await it.call("GET", "preferences"))["Preferences"]
        wanted = {
            "AccountingInfoPrefs": {"BookCloseDate": "2025-12-31", "UseAccountNumbers": True},
            "SalesFormsPrefs": {"CustomTxnNumbers": True, "ETransactionEnabledStatus": "Enabled"},
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "EUR"}},
            "ReportPrefs": {"ReportBasis": "Cash"},
            "OtherPrefs": {"NameValue": [{"Name": "DateFormat", "Value": "other"}, {"Name": "New", "Value": "1"}]},
        }
        body = {"Id": "1", "SyncToken": "0", **wanted, **({"sparse": True} if sparse else {})}
        after = (await it.call("POST", "preferences", body))["Preferences"]

    pairs = [one["Name"] for one in before["OtherPrefs"]["NameValue"]]
    assert after["SyncToken"] == "1"
    assert after["AccountingInfoPrefs"] == {**before["AccountingInfoPrefs"], "BookCloseDate": "2025-12-31"}
    assert after["SalesFormsPrefs"] == {**before["SalesFormsPrefs"], "CustomTxnNumbers": True}
    assert (after["CurrencyPrefs"], after["ReportPrefs"]) == (before["CurrencyPrefs"], before["ReportPrefs"])
    assert [one["Name"] for one in after["OtherPrefs"]["NameValue"]] == [*pairs, "New"]
    assert {"Name": "DateFormat", "Value": "other"} in after["OtherPrefs"]["NameValue"]


async def test_an_update_of_preferences_that_changes_nothing_leaves_token_and_time_alone() -> None:
    """As with every sparse update."""
    async with company() as it:
        before = (await it.call("GET", "preferences"))["Preferences"]
        it.clock.advance(60)
        body = {"Id": "1", "SyncToken": "0", "sparse": True, "SalesFormsPrefs": {"AllowDeposit": True}}
        after = (await it.call("POST", "preferences", body))["Preferences"]

    assert after == before


async def test_preferences_are_neither_made_nor_deleted_and_their_months_are_months() -> None:
    """There is one object; a wrong name of a month, and a wrong token, are told of."""
    async with company() as it:
        month = {"AccountingInfoPrefs": {"TaxYearMonth": "Brumaire"}}
        made = await it.call("POST", "preferences", {})
        deleted = await it.call("POST", "preferences", {"Id": "1", "SyncToken": "0"}, operation="delete")
        wrong = await it.call("POST", "preferences", {"Id": "1", "SyncToken": "0", "sparse": True, **month})
        stale = await it.call("POST", "preferences", {"Id": "1", "SyncToken": "7", "sparse": True})

    assert (made.status != 200, deleted.status != 200) == (True, True)
    assert (wrong.code, stale.code) == ("2170", "5010")


async def test_a_company_is_read_by_its_realm_and_its_names_and_addresses_change() -> None:
    """A sparse update keeps the rest; a full one needs its name and its address."""
    async with company() as it:
        read = (await it.call("GET", f"companyinfo/{it.realm}"))["CompanyInfo"]
        head = {"Id": "1", "SyncToken": "0"}
        address = {"Line1": "2500 Garcia Ave", "City": "Mountain View", "PostalCode": "94043"}
        lacking = await it.call("POST", "companyinfo", {**head, "CompanyName": "x"})
        body = {**head, "sparse": True, "LegalName": "Craig Inc.", "CompanyAddr": address, "Country": "FR"}
        after = (await it.call("POST", "companyinfo", body))["CompanyInfo"]

    assert (read["CompanyName"], read["Country"], read["WebAddr"]) == ("Craig's", "US", {})
    assert {"Name": "SubscriptionStatus", "Value": "PAID"} in read["NameValue"]
    assert lacking.code == "2020"
    assert (after["CompanyName"], after["LegalName"], after["Country"]) == ("Craig's", "Craig Inc.", "US")
    assert {name: after["CompanyAddr"][name] for name in address} == address
    assert after["CompanyAddr"]["Id"].isdecimal()


@pytest.mark.parametrize("name", ["Attachable", "VendorCredit", "JournalEntry", "Class", "TimeActivity"])
async def test_what_the_sandbox_does_not_model_is_refused_by_name_on_every_way(name: str) -> None:
    """501, and the fault says what it is that there is not."""
    async with company() as it:
        tellings = [
            await it.call("POST", name.lower(), {}),
            await it.call("GET", f"{name.lower()}/1"),
            await it.query(f"select * from {name}"),  # noqa: S608 - a name of ours
            await it.call("GET", "cdc", entities=name, changedSince="2026-03-01T00:00:00Z"),
        ]

    assert {(told.status, told.code) for told in tellings} == {(501, "500")}
    assert all(name.lower() in told.detail.lower() and "does not model it" in told.detail for told in tellings)


async def test_files_cannot_be_uploaded() -> None:
    """The way to upload an attachment is refused like the attachment itself."""
    async with company() as it:
        told = await it.call("POST", "upload", {})

    assert (told.status, told.code) == (501, "500")
