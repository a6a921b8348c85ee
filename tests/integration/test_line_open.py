"""Open attempts: nobody knows yet what became of a call. What QuickBooks shows meanwhile decides (R-40)."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from infra.quickbooks.transport import Request
from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from tests.integration.line import Line, line
from tests.integration.meddling import (
    Meddler,
    a_fault,
    a_lost_client,
    a_lost_invoice,
    attempts,
    how,
    look_again,
    no_connection,
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


@pytest.mark.parametrize("trouble", [401, 403, 429, 503, None], ids=str)
async def test_a_repeat_that_meets_trouble_tells_nothing_of_the_first_sending(
    here: Line, meddler: Meddler, trouble: int | None
) -> None:
    """R-40: refused at the door, unanswered, or without a connection: the attempt stays open, and doubles nothing."""
    here.break_calls("cut_before", entity="customer", method="POST", count=1)
    await here.client()
    await here.turns()

    async def comes_through(request: Request) -> None:
        bookkeeper.create(here.realm, "Customer", {"DisplayName": "Client c1"})
        if trouble is None:
            await no_connection(request)

    for act in (comes_through, *([no_connection] * 2 if trouble is None else ())):
        meddler.before("/customer?", act)
    here.break_calls("status", entity="customer", method="POST", status=trouble or 503)
    await look_again(here)
    assert await attempts(here, "c1") == [("create", None, 1)]
    here.mend()

    await look_again(here)

    assert len(here.books("Customer")) == 1
    assert await attempts(here, "c1") == [("create", "adopted", 1)]
    assert await how(here, "client/c1") == ("synced", None)
    assert (await here.record("client/c1"))["refusals"] == 0


@pytest.mark.parametrize("breakage", [{"kind": "status", "status": 503}, {"kind": "lose_answer"}], ids=["503", "lost"])
@pytest.mark.parametrize("read", ["/query", "/cdc"])
async def test_nothing_follows_from_a_read_that_is_not_answered(
    here: Line, read: str, breakage: dict[str, Any]
) -> None:
    """R-40: neither that it is absent nor that it is there; the tenant waits a moment, and asks again."""
    await a_lost_invoice(here)
    here.break_calls(path_contains=read, **breakage)
    await look_again(here, seconds=601)
    assert await attempts(here, "i1") == [("create", None, 0)]
    assert await here.rows("SELECT pause_cause FROM tenant WHERE paused_until > clock_timestamp()") != []
    here.mend()

    await look_again(here, seconds=31)

    assert len(here.books("Invoice")) == 1
    assert await attempts(here, "i1") == [("create", "adopted", 0)]


async def test_a_lookup_that_is_refused_time_and_again_is_for_a_person_and_stops_nobody_else(here: Line) -> None:
    """R-40: without a way to tell whether it was made it is not made again; the others go on meanwhile."""
    await a_lost_invoice(here)
    here.break_calls("status", path_contains="/query", status=400, body=a_fault("4000"))
    await look_again(here)
    assert await attempts(here, "i1") == [("create", None, 0)]
    await here.client("c2")

    await look_again(here, seconds=601)

    state, cause = await how(here, "invoice/i1")
    assert state == "unknown"
    assert "refuses to say" in str(cause)
    assert len(here.books("Invoice")) == 1
    assert await how(here, "client/c2") == ("synced", None)


async def test_a_name_that_is_taken_by_our_own_late_create_is_adopted(here: Line, meddler: Meddler) -> None:
    """R-30, R-40: a duplicate-name fault on a repeat is looked up; the first sending came through just before it."""
    here.break_calls("cut_before", entity="customer", method="POST", count=1)
    await here.client()
    await here.turns()

    async def late(_: Request) -> None:
        bookkeeper.create(here.realm, "Customer", {"DisplayName": "Client c1"})

    meddler.before("/customer?", late)
    await look_again(here)

    assert [one.fault_code for one in here.calls("create")] == ["6240"]
    assert len(here.books("Customer")) == 1
    assert await attempts(here, "c1") == [("create", "adopted", 1)]


async def test_an_older_customer_of_the_same_name_is_a_clash_and_is_not_taken_in_silence(here: Line) -> None:
    """R-30: that a call was not answered is no reason to link what somebody else made long before it left."""
    old = bookkeeper.create(here.realm, "Customer", {"DisplayName": "Client c1"})
    here.realm.records["Customer"][old["Id"]].created -= timedelta(days=1)
    here.break_calls("status", entity="customer", method="POST", status=503, count=1)
    await here.client()
    await here.turns()

    await look_again(here)

    state, cause = await how(here, "client/c1")
    assert state == "refused"
    assert f"Customer {old['Id']} “Client c1”" in str(cause)
    assert await here.rows("SELECT * FROM link") == []


def _repriced(invoice: dict[str, Any]) -> dict[str, Any]:
    """The fields of an edit that sets the price of the first line to 55.00."""
    line_ = invoice["Line"][0]
    detail = {**line_["SalesItemLineDetail"], "UnitPrice": 55}
    return {"Line": [{**line_, "SalesItemLineDetail": detail, "Amount": 110}]}


def _renumber(here: Line, invoice: dict[str, Any]) -> None:
    here.edit("Invoice", invoice["Id"], DocNumber="X-1")


def _renumber_and_reprice(here: Line, invoice: dict[str, Any]) -> None:
    here.edit("Invoice", invoice["Id"], DocNumber="X-1", **_repriced(invoice))


def _renumber_and_annotate(here: Line, invoice: dict[str, Any]) -> None:
    here.edit("Invoice", invoice["Id"], DocNumber="X-1", PrivateNote="Ask Ann")


def _void(here: Line, invoice: dict[str, Any]) -> None:
    bookkeeper.void(here.realm, "Invoice", invoice["Id"])


def _void_and_renumber(here: Line, invoice: dict[str, Any]) -> None:
    _void(here, invoice)
    _renumber(here, invoice)


def _delete(here: Line, invoice: dict[str, Any]) -> None:
    here.delete("Invoice", invoice["Id"])


@pytest.mark.parametrize(
    ("meddle", "state"),
    [
        (_renumber, "synced"),
        (_void, "synced"),
        (_renumber_and_reprice, "unknown"),
        (_renumber_and_annotate, "unknown"),
        (_void_and_renumber, "unknown"),
        (_delete, "unknown"),
    ],
)
async def test_an_invoice_that_was_changed_before_its_answer_was_known_is_never_made_twice(
    here: Line, meddle: Callable[[Line, dict[str, Any]], None], state: str
) -> None:
    """R-40, R-62: taken where it is surely ours, else left to a person; never made again, and nothing is undone."""
    meddle(here, await a_lost_invoice(here))
    there = here.books("Invoice")

    await look_again(here)
    await look_again(here, seconds=601)

    assert here.books("Invoice") == there
    assert len(here.calls("create", entity="Invoice")) == 1
    assert (await how(here, "invoice/i1"))[0] == state


@pytest.mark.parametrize("changes", [{"DisplayName": "Renamed there"}, {"Active": False}], ids=["renamed", "inactive"])
async def test_a_client_that_was_renamed_or_retired_before_its_answer_was_known_is_for_a_person(
    here: Line, changes: dict[str, Any]
) -> None:
    """R-17, R-20: under another name it may be ours or not; the record says which one to look at."""
    customer = await a_lost_client(here)
    here.edit("Customer", customer["Id"], **changes)

    await look_again(here)
    await look_again(here, seconds=601)

    state, cause = await how(here, "client/c1")
    assert len(here.books("Customer")) == 1
    assert state == "unknown"
    assert f"Customer {customer['Id']}" in str(cause)
    assert len(await here.told("SyncFailed")) == 1


async def test_a_location_that_was_moved_before_its_answer_was_known_is_for_a_person(here: Line) -> None:
    """R-24, R-35: our name at another place in the tree is neither taken nor made again."""
    await here.client()
    await here.client("c2")
    await here.turns()
    here.break_calls("lose_answer", entity="customer", method="POST", count=1)
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
    await here.turns()
    other = here.one("Customer", DisplayName="Client c2")
    here.edit("Customer", here.one("Customer", DisplayName="Depot")["Id"], ParentRef={"value": other["Id"]}, Job=True)

    await look_again(here)

    assert (await how(here, "client_location/l1"))[0] == "unknown"
    assert len(here.books("Customer")) == 3


async def test_a_customer_that_is_older_than_the_call_is_not_suspected(here: Line) -> None:
    """R-23: somebody works on a customer of old while a create is open; that one is not ours, and ours is made."""
    old = bookkeeper.create(here.realm, "Customer", {"DisplayName": "Of old"})
    here.realm.records["Customer"][old["Id"]].created -= timedelta(days=1)
    here.break_calls("cut_before", entity="customer", method="POST", count=1)
    await here.client()
    await here.turns()
    # As if it had not changed since the connection was made: the feed shows it now for the first time.
    await here.rows("DELETE FROM quickbooks_only RETURNING 1")
    here.edit("Customer", old["Id"], Notes="Edited there")

    await look_again(here)

    assert await how(here, "client/c1") == ("synced", None)
    assert len(here.books("Customer")) == 2


async def test_what_a_bookkeeper_changed_in_a_create_whose_answer_was_lost_stays_and_is_noted(here: Line) -> None:
    """R-22: changed, added or cleared there before we knew of it: not reverted, and remembered for the way back."""
    customer = await a_lost_client(here, phone="1", notes="Gate 4", email="a@acme.co")
    changes = {"PrimaryPhone": {"FreeFormNumber": "9"}, "CompanyName": "Theirs", "Notes": ""}
    here.edit("Customer", customer["Id"], **changes)

    await look_again(here)
    await here.client(version=2, phone="1", notes="Gate 4", email="b@acme.co")
    await here.turns()

    after, record = here.one("Customer"), await here.record("client/c1")
    assert {name: after.get(name) or "" for name in changes} == changes
    assert after["PrimaryEmailAddr"] == {"Address": "b@acme.co"}
    assert record["unreturned"] == {**changes, "Notes": None}
    assert await here.told("SyncConflicted") == []


async def test_lines_of_an_invoice_that_was_found_are_paired_and_not_written_twice(here: Line) -> None:
    """R-41: a bookkeeper's price and line stay while Klipboard changes another part of the invoice."""
    invoice = await a_lost_invoice(here)
    own = {"DetailType": "DescriptionOnly", "Description": "Bank details overleaf"}
    here.edit("Invoice", invoice["Id"], Line=[*_repriced(invoice)["Line"], own])

    await look_again(here)
    await here.invoice(version=2, message="Thank you.")
    await here.turns()

    after = here.one("Invoice")
    assert [(one.get("Id"), one.get("Description"), one.get("Amount")) for one in after["Line"][:-1]] == [
        ("1", None, 110),
        ("2", "Bank details overleaf", None),
    ]
    assert after["CustomerMemo"] == {"value": "Thank you."}
    assert "Line" in (await here.record("invoice/i1"))["unreturned"]


async def test_a_field_that_both_sides_changed_before_the_answer_was_known_is_written_and_told(here: Line) -> None:
    """R-22: Klipboard wins, and the conflict is reported once."""
    customer = await a_lost_client(here, phone="1")
    here.edit("Customer", customer["Id"], PrimaryPhone={"FreeFormNumber": "9"})
    await here.client(version=2, phone="2")

    await look_again(here)

    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "2"}
    (conflict,) = await here.told("SyncConflicted")
    assert "PrimaryPhone" in conflict.data["cause"]
    assert (await here.record("client/c1"))["unreturned"] == {}


async def test_two_clients_of_one_name_never_share_a_customer(here: Line) -> None:
    """R-30: both answers were lost, one customer is there; it becomes one client's, and the other says whose it is."""
    here.break_calls("lose_answer", entity="customer", method="POST", count=2)
    await here.client("c1", name="Acme")
    await here.client("c2", name="Acme")
    await here.turns()

    with capture_logs() as logs:
        await look_again(here)
        await look_again(here)

    assert len(here.books("Customer")) == 1
    states = {id_: await how(here, f"client/{id_}") for id_ in ("c1", "c2")}
    assert sorted(state for state, _ in states.values()) == ["refused", "synced"]
    assert await here.rows("SELECT count(*) FROM attempt WHERE outcome IS NULL") == [(0,)]
    assert [one for one in logs if one["log_level"] == "error"] == []
