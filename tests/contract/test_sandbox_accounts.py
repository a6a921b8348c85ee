"""Accounts: kinds, names, numbers and the tree they stand in."""

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.purchases import Body, billed, check_books, expense, ref, vendor_of
from tests.contract.sandbox_company import company


async def test_an_account_answers_with_the_recorded_keys() -> None:
    """In the recorded order, with its classification and without a balance."""
    async with company() as it:
        made = await it.make("Account", Name="MyJobs", AccountType="Accounts Receivable")

    assert list(made) == [
        *("Name", "SubAccount", "FullyQualifiedName", "Active", "Classification", "AccountType", "AccountSubType"),
        *("CurrentBalance", "CurrentBalanceWithSubAccounts", "CurrencyRef", "domain", "sparse", "Id", "SyncToken"),
        "MetaData",
    ]
    assert (made["Classification"], made["AccountSubType"]) == ("Asset", "AccountsReceivable")
    assert (made["CurrentBalance"], made["SubAccount"]) == (0, False)


@pytest.mark.parametrize(
    ("sub", "kind", "classification"),
    [
        ("CashOnHand", "Bank", "Asset"),
        ("ServiceFeeIncome", "Income", "Revenue"),
        ("Travel", "Expense", "Expense"),
        ("SuppliesMaterialsCogs", "Cost of Goods Sold", "Expense"),
        ("NotesPayable", "Long Term Liability", "Liability"),
        ("RetainedEarnings", "Equity", "Equity"),
    ],
)
async def test_a_sub_type_alone_says_the_type(sub: str, kind: str, classification: str) -> None:
    """Either of the two may be left out."""
    async with company() as it:
        made = await it.make("Account", Name="New one", AccountSubType=sub)

    assert (made["AccountType"], made["Classification"]) == (kind, classification)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"AccountSubType": "Checking"}, "2020"),
        ({"Name": "x"}, "6010"),
        ({"Name": "x", "AccountType": "Money"}, "2170"),
        ({"Name": "x", "AccountType": "Expense"}, "500"),
        ({"Name": "x", "AccountType": "Expense", "AccountSubType": "Checking"}, "500"),
        ({"Name": "x", "AccountSubType": "Nonsense"}, "500"),
        ({"Name": "a:b", "AccountSubType": "Checking"}, "2040"),
        ({"Name": 'a "b"', "AccountSubType": "Checking"}, "2040"),
        ({"Name": "x" * 101, "AccountSubType": "Checking"}, "2050"),
        ({"Name": "x", "AccountSubType": "Checking", "AcctNum": "12345678"}, "2050"),
        ({"Name": "x", "AccountSubType": "Checking", "Description": "x" * 101}, "2050"),
        ({"Name": "checking", "AccountSubType": "Checking"}, "6240"),
        ({"Name": "x", "AccountSubType": "Checking", "SubAccount": True}, "2020"),
        ({"Name": "x", "AccountSubType": "Checking", "ParentRef": ref("7")}, "6430"),
        ({"Name": "x", "AccountSubType": "Checking", "ParentRef": ref("999")}, "2500"),
    ],
)
async def test_an_account_that_is_not_whole_is_refused(fields: Body, code: str) -> None:
    """By the documented code of what is wrong."""
    async with company() as it:
        told = await it.call("POST", "account", fields)

    assert (told.status, told.code) == (501 if code == "500" else 400, code)


@pytest.mark.parametrize(("country", "longest"), [("US", 7), ("GB", 7), ("AU", 20), ("CA", 20)])
async def test_how_long_an_account_number_may_be_depends_on_the_country(country: str, longest: int) -> None:
    """Seven characters, or twenty in Australia and Canada."""
    async with company(company={"begins_with": "empty", "country": country}) as it:
        fields = {"AccountSubType": "Checking"}
        fits = await it.call("POST", "account", {**fields, "Name": "a", "AcctNum": "1" * longest})
        told = await it.call("POST", "account", {**fields, "Name": "b", "AcctNum": "1" * (longest + 1)})

    assert (fits.status, told.code) == (200, "2050")
    assert f"Max:{longest} supported. Supplied length:{longest + 1}" in told.detail


async def test_sub_accounts_have_full_names_and_their_balances_count_above() -> None:
    """What is posted below shows in the sums above, and not in the balances of those accounts themselves."""
    async with company() as it:
        top = await it.make("Account", Name="Cars", AccountSubType="OtherFixedAssets")
        below = await it.make("Account", Name="Vans", AccountSubType="Vehicles", ParentRef=ref(top))
        vendor = await vendor_of(it)
        bill = await billed(it, vendor, expense("900.00", below["Id"]), expense("50.00", top["Id"]))
        above, own = await it.read("Account", top["Id"]), await it.read("Account", below["Id"])
        body = {"Id": top["Id"], "SyncToken": "0", "sparse": True, "Name": "Wheels"}
        await it.call("POST", "account", body)
        renamed = await it.read("Account", below["Id"])
        loose = {"Id": below["Id"], "SyncToken": "0", "Name": "Vans", "AccountSubType": "Vehicles"}
        moved = (await it.call("POST", "account", loose))["Account"]
        left = await it.read("Account", top["Id"])

        check_books(it)
    assert (below["FullyQualifiedName"], below["SubAccount"], below["ParentRef"]) == ("Cars:Vans", True, ref(top))
    assert (above["CurrentBalance"], above["CurrentBalanceWithSubAccounts"]) == (50, 950)
    assert (own["CurrentBalance"], own["CurrentBalanceWithSubAccounts"]) == (900, 900)
    assert bill["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["name"] == "Cars:Vans"
    assert (renamed["FullyQualifiedName"], renamed["SyncToken"]) == ("Wheels:Vans", "0")
    assert (moved["FullyQualifiedName"], moved["SubAccount"], "ParentRef" in moved) == ("Vans", False, False)
    assert left["CurrentBalanceWithSubAccounts"] == 50


async def test_the_tree_of_accounts_has_an_end_and_no_circle() -> None:
    """Five levels in all; an account is not its own parent; the same name may stand under two parents."""
    async with company() as it:
        made: list[Body] = []
        for name in ("a", "b", "c", "d", "e"):
            above = {"ParentRef": ref(made[-1])} if made else {}
            made.append(await it.make("Account", Name=name, AccountSubType="Travel", **above))
        deep = await it.call("POST", "account", {"Name": "f", "AccountSubType": "Travel", "ParentRef": ref(made[-1])})
        body = {"Id": made[0]["Id"], "SyncToken": "0", "sparse": True, "ParentRef": ref(made[2])}
        circle = await it.call("POST", "account", body)
        again = await it.call("POST", "account", {"Name": "c", "AccountSubType": "Travel", "ParentRef": ref(made[0])})
        twice = await it.call("POST", "account", {"Name": "c", "AccountSubType": "Travel", "ParentRef": ref(made[1])})

    assert made[-1]["FullyQualifiedName"] == "a:b:c:d:e"
    assert (deep.code, circle.code, again.status, twice.code) == ("6180", "900", 200, "6240")


@pytest.mark.parametrize(("wanted", "status"), [("taken", 400), ("free", 200)])
async def test_an_inactive_account_has_the_suffix_and_holds_its_name_as_the_switch_says(
    wanted: str, status: int
) -> None:
    """It is listed only when asked for, cannot be used any more, and not while it has a balance."""
    async with company(Switches(limits="off").changed({"inactive_names": wanted})) as it:
        made = await it.make("Account", Name="Fees Billed", AccountSubType="ServiceFeeIncome")
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False}
        off = (await it.call("POST", "account", body))["Account"]
        again = await it.call("POST", "account", {"Name": "Fees Billed", "AccountSubType": "ServiceFeeIncome"})
        vendor = await vendor_of(it)
        used = await it.call("POST", "bill", {"VendorRef": ref(vendor), "Line": [expense("1.00", made["Id"])]})
        await billed(it, vendor, expense("5.00", "36"))
        full = await it.call("POST", "account", {"Id": "36", "SyncToken": "0", "sparse": True, "Active": False})
        plain = await it.query("select * from Account where Name like 'Fees Billed%'")
        asked = await it.query("select * from Account where Name like 'Fees Billed%' and Active = false")

    assert (off["Name"], off["FullyQualifiedName"]) == ("Fees Billed (deleted)", "Fees Billed (deleted)")
    assert again.status == status
    assert (used.code, full.status) == ("610", 501)
    listed = [row["Id"] for row in plain["QueryResponse"].get("Account", ())]
    assert (made["Id"] in listed, asked["QueryResponse"]["Account"][0]["Id"]) == (False, made["Id"])
