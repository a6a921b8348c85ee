"""Closed books: nothing dated in them moves."""

from tests.contract.sandbox_company import Company, company, sold


async def close(it: Company, day: str) -> None:
    told = await it.call(
        "POST",
        "preferences",
        {"Id": "1", "SyncToken": "0", "sparse": True, "AccountingInfoPrefs": {"BookCloseDate": day}},
    )
    assert told.status == 200, told.text


async def test_a_transaction_in_a_closed_period_can_neither_be_made_nor_changed_nor_undone() -> None:
    """6200 for its create, its update, its void and its delete, and for moving another one into the period."""
    async with company() as it:
        amy = await it.customer()
        old = await it.invoice(amy, TxnDate="2026-01-15")
        new = await it.invoice(amy, TxnDate="2026-02-15")
        await close(it, "2026-01-31")
        head, note = {"Id": old["Id"], "SyncToken": "0"}, {"sparse": True, "PrivateNote": "x"}
        body = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")]}
        moved = {"Id": new["Id"], "SyncToken": "0", "sparse": True, "TxnDate": "2026-01-31"}
        told = [
            await it.call("POST", "invoice", {**body, "TxnDate": "2026-01-31"}),
            await it.call("POST", "invoice", {**head, **note}),
            await it.call("POST", "invoice", head, operation="void"),
            await it.call("POST", "invoice", head, operation="delete"),
            await it.call("POST", "invoice", moved),
        ]
        open_one = await it.call("POST", "invoice", {"Id": new["Id"], "SyncToken": "0", **note})
        made = await it.invoice(amy)
        kept = await it.read("Invoice", old["Id"])

    assert [one.code for one in told] == ["6200"] * 5
    assert (open_one.status, kept["SyncToken"]) == (200, "0")
    assert int(made["DocNumber"]) == int(new["DocNumber"]) + 1  # what was refused took no number


async def test_lists_have_no_periods() -> None:
    """Customers are made and changed as ever; a payment today settles an invoice of a closed month."""
    async with company() as it:
        amy = await it.customer()
        old = await it.invoice(amy, TxnDate="2026-01-15")
        await close(it, "2026-01-31")
        bob = await it.customer("Bob")
        await it.paid(amy, "100.00", (old, "100.00"))
        settled = await it.read("Invoice", old["Id"])

    assert bob["SyncToken"] == "0"
    assert settled["Balance"] == 0


async def test_quickbooks_own_pages_reach_into_closed_books() -> None:
    """The fault says to use them: a person may make, change, void and delete there."""
    async with company() as it:
        amy = await it.customer()
        old, gone = await it.invoice(amy, TxnDate="2026-01-15"), await it.invoice(amy, TxnDate="2026-01-15")
        await close(it, "2026-01-31")
        made = {"CustomerRef": {"value": amy["Id"]}, "Line": [sold("1.00")], "TxnDate": "2026-01-20"}
        acts = [
            ("create", {"fields": made}),
            ("edit", {"id": old["Id"], "fields": {"PrivateNote": "x"}}),
            ("void", {"id": old["Id"]}),
            ("delete", {"id": gone["Id"]}),
        ]
        told = [await it.control("POST", f"{it.realm}/{act}", {"entity": "Invoice", **rest}) for act, rest in acts]

    assert [one.status for one in told] == [200] * 4
