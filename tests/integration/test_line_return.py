"""What a bookkeeper does to records in QuickBooks: seen, noted, listed, and never undone by us."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Literal

import pytest

from infra.sandbox.quickbooks import bookkeeper, operations
from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.switches import Switches
from tests.integration.line import Line, line
from tests.integration.meddling import LOOK_AGAIN
from tests.integration.watched import Window, rows

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def window() -> Window:
    """A window on the calls of the line below."""
    return Window()


@pytest.fixture
async def here(database_url: str, window: Window) -> AsyncIterator[Line]:
    """A line with client c1, its location l1, supplier s1 and invoice i1, all in QuickBooks."""
    async with line(database_url, wrap=window) as found:
        await found.client()
        await found.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
        await found.tell("SupplierCreated", "supplier/s1", 1, name="Pipes")
        await found.invoice()
        await found.turns()
        yield found


async def _unreturned(here: Line, subject: str) -> dict[str, Any]:
    found: dict[str, Any] = (await here.record(subject))["unreturned"]
    return found


KINDS = [
    ("client/c1", "Customer", "Client c1", "ClientEdited", {"name": "Client c1", "phone": "1"}),
    (
        "client_location/l1",
        "Customer",
        "Depot",
        "ClientLocationEdited",
        {"client_id": "c1", "name": "Depot", "phone": "1"},
    ),
    ("supplier/s1", "Vendor", "Pipes", "SupplierEdited", {"name": "Pipes", "phone": "1"}),
]


@pytest.mark.parametrize(("subject", "type_", "name", "edited", "content"), KINDS)
async def test_a_bookkeepers_edit_is_noted_and_outlives_an_edit_of_another_field(
    here: Line, subject: str, type_: str, name: str, edited: str, content: dict[str, Any]
) -> None:
    """R-22, R-25, R-28: what was changed there and not here is noted as unreturned, and no later edit reverts it."""
    here.edit(type_, here.one(type_, DisplayName=name)["Id"], PrimaryEmailAddr={"Address": "new@example.com"})
    await here.poll()

    await here.tell(edited, subject, 2, **content)
    await here.turns()

    shown = here.one(type_, DisplayName=name)
    assert shown["PrimaryPhone"] == {"FreeFormNumber": "1"}
    assert shown["PrimaryEmailAddr"] == {"Address": "new@example.com"}
    assert await _unreturned(here, subject) == {"PrimaryEmailAddr": {"Address": "new@example.com"}}


async def test_a_bookkeepers_edit_of_an_invoice_outlives_an_edit_of_another_field(here: Line) -> None:
    """R-42: an invoice's changed due date is noted as unreturned, and stays when Klipboard changes the message."""
    here.edit("Invoice", here.one("Invoice")["Id"], DueDate="2026-05-01")
    await here.poll()

    await here.invoice(version=2, message="Thank you.")
    await here.turns()

    invoice = here.one("Invoice")
    assert (invoice["DueDate"], invoice["CustomerMemo"]) == ("2026-05-01", {"value": "Thank you."})
    assert await _unreturned(here, "invoice/i1") == {"DueDate": "2026-05-01"}


async def test_a_bookkeepers_edit_outlives_the_clearing_of_another_field(here: Line) -> None:
    """R-22: to clear a field the whole object is sent, as QuickBooks showed it last: the bookkeeper's edit with it."""
    await here.client(version=2, phone="1")
    await here.turns()
    here.edit("Customer", here.one("Customer", DisplayName="Client c1")["Id"], Notes="Pays late.")
    await here.poll()

    await here.client(version=3)
    await here.turns()

    customer = here.one("Customer", DisplayName="Client c1")
    assert "PrimaryPhone" not in customer
    assert customer["Notes"] == "Pays late."


async def test_an_edit_that_the_bookkeeper_takes_back_is_noted_no_longer(here: Line) -> None:
    """R-22: where QuickBooks shows again what we sent there is nothing left to return."""
    customer = here.one("Customer", DisplayName="Client c1")["Id"]
    here.edit("Customer", customer, DisplayName="Another name")
    await here.poll()
    assert await _unreturned(here, "client/c1") == {"DisplayName": "Another name"}

    here.edit("Customer", customer, DisplayName="Client c1")
    await here.poll()

    assert await _unreturned(here, "client/c1") == {}


async def test_own_writes_bring_no_change_no_read_and_no_event(here: Line, window: Window) -> None:
    """An echo is a token that one of our attempts was answered: it is neither merged nor told."""
    told, revisions = await here.told(), await here.rows("SELECT klipboard_id, revision FROM sync_record ORDER BY 1")
    window.watched.asked.clear()

    await here.poll()
    await here.poll()

    assert await here.told() == told
    assert await here.rows("SELECT klipboard_id, revision FROM sync_record ORDER BY 1") == revisions
    assert await here.rows("SELECT klipboard_id FROM sync_record WHERE unreturned <> '{}' OR reread") == []
    assert window.watched.names() == ["changes", "changes"]


async def test_what_quickbooks_itself_made_of_our_write_is_nobodys_edit(here: Line, window: Window) -> None:
    """An echo may look otherwise than the answer did, as QuickBooks goes on to fill fields in; its token is ours."""
    writes = len(here.writes())

    def filled_in(_: object, body: dict[str, Any]) -> dict[str, Any]:
        for row in rows(body, "Customer"):
            row["CompanyName"] = row["DisplayName"]
        return body

    window.watched.answers["changes"] = filled_in
    await here.poll()
    await here.turns()

    assert await _unreturned(here, "client/c1") == {}
    assert (await here.record("client/c1"))["seen"]["CompanyName"] == "Client c1"
    assert len(here.writes()) == writes


async def test_what_is_born_in_quickbooks_is_listed_there_and_makes_no_record(here: Line) -> None:
    """R-23, R-26, R-29, R-43: customers, sub-customers, vendors and invoices made there are only in QuickBooks."""
    parent = bookkeeper.create(here.realm, "Customer", {"DisplayName": "Walk-in"})
    reference = {"value": parent["Id"]}
    bookkeeper.create(here.realm, "Customer", {"DisplayName": "Branch", "Job": True, "ParentRef": reference})
    bookkeeper.create(here.realm, "Vendor", {"DisplayName": "Tools"})
    sale = {"Amount": Decimal(5), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    bookkeeper.create(here.realm, "Invoice", {"DocNumber": "9", "CustomerRef": reference, "Line": [sale]})
    before = await here.rows("SELECT kind, klipboard_id FROM sync_record ORDER BY kind")
    told = await here.told()

    await here.poll()

    only = await here.rows("SELECT type, name FROM quickbooks_only WHERE type <> 'Item' ORDER BY type, name")
    assert only == [("Customer", "Branch"), ("Customer", "Walk-in"), ("Invoice", "9"), ("Vendor", "Tools")]
    assert await here.rows("SELECT kind, klipboard_id FROM sync_record ORDER BY kind") == before
    assert await here.told() == told


async def test_a_location_moved_in_quickbooks_keeps_its_record_and_its_invoices(here: Line) -> None:
    """R-35, R-36: a sub-customer made a parent stays the location's record, for its edits and its invoices."""
    location = here.one("Customer", DisplayName="Depot")["Id"]
    _make_a_parent(here, location)
    await here.poll()

    content = {"client_id": "c1", "name": "Depot", "phone": "1"}
    await here.tell("ClientLocationEdited", "client_location/l1", 2, **content)
    await here.invoice("i2", location_id="l1")
    await here.turns()

    shown = here.one("Customer", Id=location)
    assert (shown["Job"], shown.get("ParentRef"), shown["PrimaryPhone"]) == (False, None, {"FreeFormNumber": "1"})
    assert here.one("Invoice", DocNumber="I2")["CustomerRef"]["value"] == location
    record = await here.record("client_location/l1")
    assert (record["state"], record["unreturned"], record["desired"]["content"]["value"]) == ("synced", {}, content)


def _make_a_parent(here: Line, id_: str) -> None:
    """A bookkeeper takes a sub-customer out of its parent."""
    body = {name: value for name, value in here.one("Customer", Id=id_).items() if name != "ParentRef"}
    operations.update(here.realm, ENTITIES["Customer"], {**body, "Job": False, "sparse": False}, bookkeeper=True)


async def test_a_location_moved_in_quickbooks_stays_there_when_a_field_is_cleared(here: Line) -> None:
    """R-36: the whole object goes back with the place that it has there, not with the one that it had."""
    await here.tell("ClientLocationEdited", "client_location/l1", 2, client_id="c1", name="Depot", phone="1")
    await here.turns()
    location, other = here.one("Customer", DisplayName="Depot")["Id"], {"DisplayName": "Other"}
    parent = bookkeeper.create(here.realm, "Customer", other)["Id"]
    here.edit("Customer", location, ParentRef={"value": parent})
    await here.poll()

    await here.tell("ClientLocationEdited", "client_location/l1", 3, client_id="c1", name="Depot")
    await here.turns()

    shown = here.one("Customer", Id=location)
    assert "PrimaryPhone" not in shown
    assert shown["ParentRef"]["value"] == parent


async def test_a_void_in_quickbooks_is_noted_and_later_edits_do_not_reach_it(here: Line) -> None:
    """R-61: a voided invoice stays void, and its record says why what Klipboard changed since was not sent."""
    invoice = here.one("Invoice")
    bookkeeper.void(here.realm, "Invoice", invoice["Id"])
    await here.poll()
    assert await _unreturned(here, "invoice/i1") == {"Void": True}

    writes = len(here.writes())
    await here.invoice(version=2, message="Thank you.")
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["state"], record["unreturned"]) == ("refused", {"Void": True})
    assert "voided in QuickBooks" in record["cause"]
    assert len(here.writes()) == writes


async def test_an_invoice_deleted_in_quickbooks_is_not_made_again(here: Line) -> None:
    """R-62: the record says that it is gone; later edits and replays leave it so; another of its number is not it."""
    first = here.one("Invoice")
    here.delete("Invoice", first["Id"])
    sale = {"Amount": Decimal(5), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    theirs = {"DocNumber": "I1", "CustomerRef": first["CustomerRef"], "Line": [sale]}
    bookkeeper.create(here.realm, "Invoice", theirs)
    await here.poll()

    writes = len(here.writes())
    await here.invoice(version=2, message="Thank you.")
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["state"], record["unreturned"]) == ("gone_in_quickbooks", {"Deleted": True})
    assert "deleted in QuickBooks" in record["cause"]
    assert len(here.writes()) == writes
    assert await here.rows("SELECT name FROM quickbooks_only WHERE type = 'Invoice'") == [("I1",)]


async def test_a_record_made_inactive_in_quickbooks_is_noted_without_its_suffix(here: Line) -> None:
    """What was made inactive is noted; the suffix that QuickBooks then shows behind the name is nobody's edit."""
    supplier = here.one("Vendor")["Id"]
    here.edit("Vendor", supplier, Active=False)

    await here.poll()

    assert here.one("Vendor")["DisplayName"] == "Pipes (deleted)"
    assert await _unreturned(here, "supplier/s1") == {"Active": False}


async def test_what_changed_while_an_attempt_was_open_is_read_again_when_it_closes(here: Line) -> None:
    """The feed showed the object while nobody knew what our write did: its row is judged by a later reading."""
    invoice = here.one("Invoice")["Id"]
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, message="Thank you.")
    await here.turns()
    here.edit("Invoice", invoice, DueDate="2026-05-01")
    await here.poll()
    assert (await here.record("invoice/i1"))["reread"] is True
    assert await _unreturned(here, "invoice/i1") == {}

    await here.pass_time(seconds=LOOK_AGAIN)
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["reread"], record["state"], record["unreturned"]) == (False, "synced", {"DueDate": "2026-05-01"})
    assert here.one("Invoice")["CustomerMemo"] == {"value": "Thank you."}


async def test_what_was_deleted_while_an_attempt_was_open_is_gone_when_it_closes(here: Line) -> None:
    """R-62: the deletion is not judged while nobody knows what our write did, and not forgotten either."""
    invoice = here.one("Invoice")["Id"]
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, message="Thank you.")
    await here.turns()
    here.delete("Invoice", invoice)
    await here.poll()
    assert (await here.record("invoice/i1"))["state"] != "gone_in_quickbooks"

    await here.pass_time(seconds=LOOK_AGAIN)
    await here.turns()

    assert (await here.record("invoice/i1"))["state"] == "gone_in_quickbooks"
    assert here.books("Invoice") == []


async def test_an_update_that_was_stale_ends_when_its_object_was_deleted_since(here: Line) -> None:
    """R-62: QuickBooks plays its fault back for ever, so the reading alone can end the attempt."""
    invoice = here.one("Invoice")["Id"]
    here.edit("Invoice", invoice, PrivateNote="x")
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice(version=2, message="Thank you.")
    await here.turns()
    here.delete("Invoice", invoice)

    for _ in range(3):
        await here.pass_time(seconds=LOOK_AGAIN)
        await here.turns()

    assert (await here.record("invoice/i1"))["state"] == "gone_in_quickbooks"


@pytest.mark.parametrize("request_ids", ["forever", "none"])
async def test_what_was_changed_before_it_was_known_for_ours_is_noted_then(
    database_url: str, request_ids: Literal["forever", "none"]
) -> None:
    """R-42: a row that belonged to no record is kept, and judged again when a create turns out to have made it."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request_ids)) as here:
        await here.client()
        await here.turns()
        here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
        await here.invoice()
        await here.turns()
        here.edit("Invoice", here.one("Invoice")["Id"], DueDate="2026-05-01")
        await here.poll()
        assert await here.rows("SELECT name FROM quickbooks_only WHERE type = 'Invoice'") == [("I1",)]

        await here.pass_time(seconds=LOOK_AGAIN)
        await here.turns()

        record = await here.record("invoice/i1")
        assert (record["state"], record["unreturned"]) == ("synced", {"DueDate": "2026-05-01"})
        assert await here.rows("SELECT name FROM quickbooks_only WHERE type = 'Invoice'") == []


async def test_an_older_reading_never_wins(here: Line, window: Window) -> None:
    """A feed that lags behind shows an older token than is known: what it shows is not looked at."""
    old: list[dict[str, Any]] = [here.one("Invoice")]
    here.edit("Invoice", old[0]["Id"], DueDate="2026-05-01")
    await here.poll()

    def late(_: object, body: dict[str, Any]) -> dict[str, Any]:
        rows(body, "Invoice")[:] = [{**old[0], "DueDate": "2026-06-01"}]
        return body

    window.watched.answers["changes"] = late
    await here.poll()

    record = await here.record("invoice/i1")
    assert record["unreturned"] == {"DueDate": "2026-05-01"}
    assert record["seen"]["DueDate"] == "2026-05-01"


async def test_tokens_beyond_nine_are_compared_as_numbers(here: Line) -> None:
    """An older token never wins: the tenth change is later than the ninth."""
    invoice = here.one("Invoice")["Id"]
    for day in range(1, 13):
        here.edit("Invoice", invoice, DueDate=f"2026-05-{day:02}")
        if day in {9, 12}:
            await here.poll()

    assert await _unreturned(here, "invoice/i1") == {"DueDate": "2026-05-12"}
    assert await here.rows("SELECT token FROM link WHERE type = 'Invoice'") == [("12",)]
