"""The control API."""

from tests.contract.sandbox_company import company


async def test_a_bookkeepers_edit_bumps_the_token_and_is_in_the_feed() -> None:
    """A change made in the browser looks like any other, but for the journal, which does not have it."""
    async with company() as it:
        owed = await it.invoice(await it.customer())
        await it.control("DELETE", "journal")
        edit = {"entity": "Invoice", "id": owed["Id"], "fields": {"PrivateNote": "seen by Jo"}}
        told = await it.control("POST", f"{it.realm}/edit", edit)
        journal = (await it.control("GET", "journal"))["entries"]

    assert (told["SyncToken"], told["PrivateNote"], told["TotalAmt"]) == ("1", "seen by Jo", 100)
    assert journal == []


async def test_a_record_is_born_voided_and_deleted_in_quickbooks() -> None:
    """The other three things that somebody does in the browser."""
    async with company() as it:
        born = await it.control("POST", f"{it.realm}/create", {"entity": "Customer", "fields": {"DisplayName": "Born"}})
        owed = await it.invoice(born.json)
        target = {"entity": "Invoice", "id": owed["Id"]}
        voided = await it.control("POST", f"{it.realm}/void", target)
        deleted = await it.control("POST", f"{it.realm}/delete", target)
        gone = await it.call("GET", f"invoice/{owed['Id']}")

    assert (voided["TotalAmt"], deleted["status"], gone.code) == (0, "Deleted", "610")


async def test_the_journal_notes_what_was_asked_and_answered() -> None:
    """Number, body and its digest, request id, user agent, what was made; `after` reads on from a number."""
    async with company() as it:
        await it.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1")
        await it.call("GET", "customer/999")
        entries = (await it.control("GET", "journal", after="1", realm=it.realm))["entries"]
        made = (await it.control("GET", "journal"))["entries"][0]

    assert [(one["n"], one["operation"], one["fault_code"]) for one in entries] == [(2, "read", "610")]
    assert (made["operation"], made["entity"], made["request_id"]) == ("create", "Customer", "r1")
    assert (made["body"], made["status"], made["sync_token"]) == ({"DisplayName": "Amy"}, 200, "0")
    assert made["body_sha256"] == "632c4537c47123b9fd919e5d0cdf9cb1243383bbbf46ea4d4b23c8a0214bf317"
    assert made["user_agent"].startswith("Python/")


async def test_tokens_can_be_expired_on_request() -> None:
    """Access tokens stop at once; the refresh token stays unless asked for."""
    async with company() as it:
        await it.control("POST", f"{it.realm}/expire-tokens", {"access": True, "refresh": False})
        refused = await it.call("GET", "customer/1")
        refreshed = await it.refresh(it.refresh_token)
        await it.control("POST", f"{it.realm}/expire-tokens", {"refresh": True})
        dead = await it.refresh(it.refresh_token)

    assert (refused.status, refreshed.status, dead["error"]) == (401, 200, "invalid_grant")


async def test_the_feed_holds_a_thousand_rows_and_no_more() -> None:
    """All entities together; there is no second page."""
    async with company() as it:
        for number in range(1005):
            fields = {"entity": "Customer", "fields": {"DisplayName": f"c{number}"}}
            await it.control("POST", f"{it.realm}/create", fields)
        told = await it.call("GET", "cdc", entities="Customer,Item", changedSince="2026-03-01T00:00:00Z")

    customers, items = told["CDCResponse"][0]["QueryResponse"]
    assert (len(customers["Customer"]), items) == (1000, {})
