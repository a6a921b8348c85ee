"""Creates: an event becomes a QuickBooks record, once, whatever is lost on the way (R-40)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from consumers.books import FenceLost
from infra.quickbooks.transport import Request
from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from schemas import exact
from tests.integration.line import Line, line
from tests.integration.meddling import (
    Meddler,
    Stumbler,
    a_lost_client,
    a_lost_invoice,
    attempts,
    executed_late,
    how,
    look_again,
)

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def meddler() -> Meddler:
    """Acts when a test says so."""
    return Meddler()


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str, meddler: Meddler) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all."""
    switches = Switches(limits="off", request_ids=request.param)
    async with line(database_url, switches=switches, wrap=meddler.wrap) as found:
        yield found


async def test_an_edit_between_crash_and_retry_does_not_make_a_second_invoice(here: Line) -> None:
    """R-40: the create that may have left is looked up or repeated as it was, then the edit follows as an update."""
    await a_lost_invoice(here)
    await here.crash()
    await here.invoice(version=2, message="Thank you.")
    await here.turns()
    assert (await here.record("invoice/i1"))["state"] == "pending"

    await look_again(here)

    invoice = here.one("Invoice")
    assert invoice["CustomerMemo"] == {"value": "Thank you."}
    assert await attempts(here, "i1") == [("create", "adopted", 0), ("update", "executed", 0)]
    assert await how(here, "invoice/i1") == ("synced", None)


async def test_a_client_renamed_in_klipboard_while_its_answer_was_lost_is_found_by_its_old_name(here: Line) -> None:
    """R-20, R-21: looked up by what left, not by what Klipboard says by now."""
    await a_lost_client(here)
    await here.client(version=2, name="Renamed")

    await look_again(here)

    assert here.one("Customer")["DisplayName"] == "Renamed"
    assert await attempts(here, "c1") == [("create", "adopted", 0), ("update", "executed", 0)]


async def test_a_create_is_stored_with_its_bytes_before_it_leaves(here: Line, meddler: Meddler) -> None:
    """R-40: whoever looks while it is under way finds the very body and request id in the database."""
    seen: list[tuple[Any, ...]] = []

    async def look(request: Request) -> None:
        stored = await here.rows("SELECT body, request_id, path, outcome FROM attempt")
        seen.extend((bytes(row[0]) == request.body, row[1] in request.url, row[2:]) for row in stored)

    meddler.before("/customer?", look)
    await here.client()
    await here.turns()

    assert seen == [(True, True, ("/customer", None))]


async def test_a_create_is_repeated_after_185_seconds_and_just_as_it_was(here: Line) -> None:
    """R-40: not sooner, because QuickBooks may be at work; then the same bytes under the same request id."""
    here.break_calls("cut_before", entity="customer", method="POST", count=1)
    await here.client(phone="1")
    await here.turns()
    await here.client(version=2, phone="2")

    await look_again(here, seconds=183)
    before = len([one for one in here.calls() if one.method == "POST"])
    await look_again(here, seconds=3)

    first, second, edit = [one for one in here.calls() if one.method == "POST"]
    assert before == 1
    assert (first.body, first.request_id, first.path) == (second.body, second.request_id, second.path)
    assert edit.request_id != first.request_id
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "2"}
    assert await attempts(here, "c1") == [("create", "executed", 1), ("update", "executed", 0)]


async def test_quickbooks_that_executes_after_we_gave_up_waiting_makes_one_invoice(here: Line) -> None:
    """R-40: our time-out is no proof that nothing was made; the create is found when it is looked for."""
    await here.client()
    await here.turns()
    here.break_calls("delay", entity="invoice", method="POST", seconds=2.5, count=1)
    await here.invoice()
    await here.turns()
    await executed_late(here, "Invoice")

    await look_again(here)

    assert len(here.books("Invoice")) == 1
    assert await attempts(here, "i1") == [("create", "adopted", 0)]


async def test_a_create_that_is_absent_for_ten_minutes_is_planned_afresh(here: Line) -> None:
    """R-40: it was not executed then: what Klipboard says by now goes out, under a new request id."""
    here.break_calls("cut_before", entity="customer", method="POST", count=1)
    await here.client(phone="1")
    await here.turns()
    await here.client(version=2, phone="2")

    await look_again(here, seconds=601)

    first, second = [one for one in here.calls() if one.method == "POST"]
    assert first.request_id != second.request_id
    assert exact.loads(second.body)["PrimaryPhone"] == {"FreeFormNumber": "2"}
    assert await attempts(here, "c1") == [("create", "not_executed", 0), ("create", "executed", 0)]
    assert len(here.books("Customer")) == 1


async def test_a_refused_create_that_a_rename_heals_is_not_answered_with_its_old_fault(here: Line) -> None:
    """R-30: the name was taken; under the new one it is made, by a request that QuickBooks has not met before."""
    bookkeeper.create(here.realm, "Vendor", {"DisplayName": "Client c1"})
    await here.client()
    await here.turns()
    assert (await how(here, "client/c1"))[0] == "refused"
    await here.client(version=2, name="Another name")
    await here.turns()

    first, second = here.calls("create")
    assert first.request_id != second.request_id
    assert here.one("Customer")["DisplayName"] == "Another name"
    assert await how(here, "client/c1") == ("synced", None)
    assert (await here.record("client/c1"))["refusals"] == 1


async def test_a_refused_create_that_quickbooks_heals_is_not_answered_with_its_old_fault_either(here: Line) -> None:
    """R-30: the other record was renamed there; the very same body is tried again under another request id."""
    other = bookkeeper.create(here.realm, "Vendor", {"DisplayName": "Client c1"})
    await here.client()
    await here.turns()
    here.edit("Vendor", other["Id"], DisplayName="Renamed there")

    await here.rows("UPDATE sync_record SET revision = revision + 1 RETURNING 1")
    await here.turns()

    first, second = here.calls("create")
    assert (first.body == second.body, first.request_id == second.request_id) == (True, False)
    assert await how(here, "client/c1") == ("synced", None)


async def test_an_item_is_made_once_for_many_invoices_and_spellings(here: Line) -> None:
    """R-51: every spelling of a name is one item, used by all that are due at once."""
    await here.client()
    spellings = ("Boiler service", "boiler  SERVICE", " Boiler Service ")
    for number, name in enumerate(spellings * 3):
        lines = [{"id": "a", "name": name, "quantity": "1", "unit_price": "5.00"}]
        await here.invoice(f"i{number}", lines=lines)
    await here.turns()

    made = here.calls("create", entity="Item")
    used = {one["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] for one in here.books("Invoice")}
    assert len(made) == 1
    assert len(here.books("Invoice")) == 9
    assert used == {made[0].object_id}


async def test_an_item_whose_name_was_taken_a_moment_ago_is_used(here: Line, meddler: Meddler) -> None:
    """R-52: between the lookup and the create somebody made it; items are used where they exist."""
    await here.client()
    account = {"value": "79"}

    async def make(_: Request) -> None:
        bookkeeper.create(
            here.realm, "Item", {"Name": "Boiler service", "Type": "Service", "IncomeAccountRef": account}
        )

    meddler.before("/item?", make)
    await here.invoice()
    await here.turns()

    found = here.one("Item", Name="Boiler service")
    assert here.one("Invoice")["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == found["Id"]


async def test_an_invoice_number_that_somebody_else_used_makes_no_second_invoice(here: Line) -> None:
    """R-43: QuickBooks would take it without a word; ours is refused, and says by which invoice its number is used."""
    await here.client()
    await here.turns()
    customer = here.one("Customer")["Id"]
    line_ = {"DetailType": "SalesItemLineDetail", "Amount": 80, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    body = {"CustomerRef": {"value": customer}, "DocNumber": "I1", "Line": [line_]}
    theirs = bookkeeper.create(here.realm, "Invoice", body)

    await here.invoice()
    await here.turns()

    state, cause = await how(here, "invoice/i1")
    assert len(here.books("Invoice")) == 1
    assert state == "refused"
    assert f"by invoice {theirs['Id']}" in str(cause)


@pytest.mark.parametrize("step", ["close", "record", "store", "bind", "wake_dependants", "tell"])
async def test_what_a_call_did_is_stored_together_or_not_at_all(database_url: str, step: str) -> None:
    """R-40: attempt, record, link, event and who waits for it: after a crash between any two it is as if none was."""
    stumbler = Stumbler()
    async with line(database_url, wrap=stumbler.wrap) as here:
        await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
        await here.turns()
        told, waiting = await here.told(), await here.record("client_location/l1")
        await here.client()
        pending = await here.record("client/c1")
        stumbler.after = step
        with pytest.raises(ConnectionResetError):
            await here.turn()
        stumbler.after = None
        after = (await here.told(), await here.record("client_location/l1"), await here.record("client/c1"))
        links = await here.rows("SELECT * FROM link")

        await here.crash()
        await look_again(here)

        assert (after, links) == ((told, waiting, pending), [])
        assert len(here.books("Customer")) == 2
        assert await attempts(here, "c1") == [("create", "adopted", 0)]
        assert await how(here, "client_location/l1") == ("synced", None)


async def test_an_owner_that_slept_past_its_lease_sends_nothing(here: Line) -> None:
    """R-40: asked last before a call leaves, by our own clock; what did not leave costs no try."""
    await here.poll()
    await here.client()
    assert here.lease is not None
    until, here.lease.until = here.lease.until, 0.0
    await here.turn()
    before = (await attempts(here, "c1"), here.writes())
    here.lease.until = until

    await here.turns()

    assert before == ([("create", "not_executed", 0)], [])
    assert await how(here, "client/c1") == ("synced", None)
    assert (await here.record("client/c1"))["tries"] == 0


async def test_an_owner_whose_tenant_was_taken_over_neither_sends_nor_stores(here: Line) -> None:
    """R-40: the new owner's fence is greater; whatever the former one still had in mind comes to nothing."""
    await here.poll()
    await here.client()
    await here.rows("UPDATE lease SET fence = fence + 1 RETURNING 1")

    with pytest.raises(FenceLost):
        await here.turn()

    assert here.writes() == []
    assert await here.rows("SELECT * FROM attempt") == []
