"""A sale that is paid at once: what it answers, where its money goes, and how it is undone."""

from decimal import Decimal

from tests.contract.sandbox_company import Body, Company, company, sold
from tests.contract.sandbox_sums import check_books


async def receipt(it: Company, amount: str = "337.50", **fields: object) -> Body:
    return await it.make("SalesReceipt", Line=[sold(amount)], **fields)


async def account(it: Company, account_id: str) -> Body:
    return await it.read("Account", account_id)


async def test_a_receipt_without_a_customer_has_the_recorded_keys_in_the_recorded_order() -> None:
    """Nobody needs to be named; nothing is owed; the money waits in Undeposited Funds."""
    async with company(custom_fields=["Crew #"]) as it:
        made = await receipt(it)

    assert list(made) == [
        *("domain", "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef"),
        *("Line", "TxnTaxDetail", "TotalAmt", "ApplyTaxAfterDiscount", "PrintStatus", "EmailStatus", "Balance"),
        "DepositToAccountRef",
    ]
    assert (made["TotalAmt"], made["Balance"]) == (Decimal("337.50"), 0)
    assert made["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}


async def test_the_money_of_a_receipt_is_in_its_account_and_its_customer_owes_nothing() -> None:
    """The customer's time moves with the sale, the balance does not; the books balance."""
    async with company() as it:
        amy = await it.customer()
        it.clock.advance(60)
        fields: Body = {
            "PaymentMethodRef": {"value": "2"},
            "DepositToAccountRef": {"value": "35"},
            "PaymentRefNum": "10264",
        }
        made = await receipt(it, CustomerRef={"value": amy["Id"]}, **fields)
        bank, after = await account(it, "35"), await it.read("Customer", amy["Id"])
        check_books(it.running.sandbox.realms[it.realm])

    assert made["PaymentMethodRef"] == {"value": "2", "name": "Check"}
    assert made["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert bank["CurrentBalance"] == Decimal("337.50")
    assert (after["Balance"], after["SyncToken"]) == (0, "0")
    assert after["MetaData"]["LastUpdatedTime"] > after["MetaData"]["CreateTime"]


async def test_a_full_update_is_dated_today_and_puts_the_money_back_where_it_usually_is() -> None:
    """As recorded: the number stays, date and deposit account go back to their defaults, lines are numbered anew."""
    async with company() as it:
        made = await receipt(it, TxnDate="2026-01-05", DepositToAccountRef={"value": "35"}, PrivateNote="gone")
        body = {"Id": made["Id"], "SyncToken": "0", "Line": [sold("20.00")]}
        after = (await it.call("POST", "salesreceipt", body))["SalesReceipt"]
        bank, waiting = await account(it, "35"), await account(it, "4")

    assert (after["DocNumber"], after["TxnDate"]) == (made["DocNumber"], "2026-03-02")
    assert after["Line"][0]["Id"] == "2"
    assert "PrivateNote" not in after
    assert (bank["CurrentBalance"], waiting["CurrentBalance"]) == (0, 20)


async def test_a_voided_receipt_takes_its_money_back_and_a_second_void_changes_nothing() -> None:
    """Amounts zero, the note first; the books balance."""
    async with company() as it:
        made = await receipt(it, PrivateNote="cash")
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
        told = await it.call("POST", "salesreceipt", body, operation="update", include="void")
        again = await it.call("POST", "salesreceipt", {**body, "SyncToken": "1"}, operation="update", include="void")
        waiting = await account(it, "4")
        check_books(it.running.sandbox.realms[it.realm])

    voided = told["SalesReceipt"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided - cash", "1")
    assert [line["Amount"] for line in voided["Line"]] == [0, 0]
    assert again["SalesReceipt"] == voided
    assert waiting["CurrentBalance"] == 0


async def test_a_deleted_receipt_leaves_nothing_behind() -> None:
    """The stub is all that is told; the account is as before."""
    async with company() as it:
        made = await receipt(it)
        told = await it.call("POST", "salesreceipt", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
        waiting = await account(it, "4")
        gone = await it.call("GET", f"salesreceipt/{made['Id']}")

    assert told["SalesReceipt"] == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert (waiting["CurrentBalance"], gone.code) == (0, "610")


async def test_money_cannot_be_put_into_an_income_account() -> None:
    """6430."""
    async with company() as it:
        told = await it.call("POST", "salesreceipt", {"Line": [sold("1.00")], "DepositToAccountRef": {"value": "1"}})

    assert (told.status, told.code) == (400, "6430")


async def test_receipts_are_found_by_their_total() -> None:
    """The recorded query: text compared as a number."""
    async with company() as it:
        await receipt(it, "300.00")
        large = await receipt(it)
        told = await it.query("select * from SalesReceipt where TotalAmt > '300.00'")

    assert [row["Id"] for row in told["QueryResponse"]["SalesReceipt"]] == [large["Id"]]
