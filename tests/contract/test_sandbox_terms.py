"""Terms: when a bill or an invoice is to be paid."""

import pytest

from tests.contract.purchases import billed, expense, vendor_of
from tests.contract.sandbox_company import company


async def test_a_term_answers_as_its_documentation_shows() -> None:
    """Days come back as numbers; the type is made of them; a user's term has no DiscountDays unless it was given."""
    async with company() as it:
        made = await it.make("Term", Name="Term120", DueDays="120")

    assert list(made) == [
        *("Name", "Active", "Type", "DiscountPercent", "DueDays"),
        *("domain", "sparse", "Id", "SyncToken", "MetaData"),
    ]
    assert (made["Type"], made["DiscountPercent"], made["DueDays"]) == ("STANDARD", 0, 120)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"DueDays": 30}, "2020"),
        ({"Name": "x"}, "2020"),
        ({"Name": "x" * 32, "DueDays": 30}, "2050"),
        ({"Name": "x", "DueDays": 1000}, "2240"),
        ({"Name": "x", "DayOfMonthDue": 32}, "2240"),
        ({"Name": "x", "DueDays": 30, "DiscountPercent": 101}, "2150"),
        ({"Name": "net 45", "DueDays": 30}, "6240"),
    ],
)
async def test_a_term_out_of_range_is_refused(fields: dict[str, object], code: str) -> None:
    """A name of at most 31 characters that no other term has, and days within their ranges."""
    async with company() as it:
        await it.make("Term", Name="Net 45", DueDays=45)
        told = await it.call("POST", "term", fields)

    assert (told.status, told.code) == (400, code)


async def test_terms_are_listed_by_name_without_the_inactive_ones() -> None:
    """An inactive one has the suffix; making it inactive again changes nothing."""
    async with company() as it:
        for name, days in (("Zz 2", 2), ("Aa 1", 1), ("Mm 3", 3)):
            await it.make("Term", Name=name, DueDays=days)
        rows = (await it.query("select * from Term"))["QueryResponse"]["Term"]
        last = next(row for row in rows if row["Name"] == "Zz 2")
        body = {"Id": last["Id"], "SyncToken": "0", "sparse": True, "Active": False}
        off = await it.call("POST", "term", body)
        again = await it.call("POST", "term", {**body, "SyncToken": "1"})
        left = (await it.query("select * from Term"))["QueryResponse"]["Term"]

    mine = [row["Name"] for row in rows if row["Name"] in ("Aa 1", "Mm 3", "Zz 2")]
    assert mine == ["Aa 1", "Mm 3", "Zz 2"]
    assert off["Term"]["Name"] == "Zz 2 (deleted)"
    assert again["Term"] == off["Term"]
    assert "Zz 2 (deleted)" not in [row["Name"] for row in left]


@pytest.mark.parametrize(
    ("fields", "day", "due"),
    [
        ({"DueDays": 45}, "2026-03-02", "2026-04-16"),
        ({"DayOfMonthDue": 31}, "2026-04-10", "2026-04-30"),
        ({"DayOfMonthDue": 5}, "2026-12-10", "2027-01-05"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 15}, "2026-03-10", "2026-04-20"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 5}, "2026-03-10", "2026-03-20"),
    ],
)
async def test_a_bill_is_due_as_its_vendors_term_says(fields: dict[str, object], day: str, due: str) -> None:
    """So many days later, or on a day of the month: the next month's where that is too near."""
    async with company() as it:
        term = await it.make("Term", Name="Ours", **fields)
        vendor = await vendor_of(it, TermRef={"value": term["Id"]})
        bill = await billed(it, vendor, expense("10.00"), TxnDate=day)

    assert (bill["DueDate"], bill["SalesTermRef"]) == (due, {"value": term["Id"]})
    assert vendor["TermRef"] == {"value": term["Id"]}
