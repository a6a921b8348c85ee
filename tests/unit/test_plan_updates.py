"""What an edit of something QuickBooks already has becomes: only what Klipboard changed."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from consumers.operations import Nothing, Refuse, Wait
from consumers.plan import plan
from consumers.records import RESTING, RealmId, State
from schemas.kinds import Kind
from tests.unit.planned import (
    a_record,
    an_invoice_content,
    an_update,
    around,
    linked,
    made,
    settled,
    told,
)

CLIENT = {"name": "Acme", "phone": "1", "notes": "Gate 4", "billing_address": {"line1": "1 High St", "line2": "Yard"}}
LOCATION = {"client_id": "c1", "name": "Depot", "phone": "1", "notes": "Ring twice"}


def test_an_edit_sends_only_what_klipboard_changed() -> None:
    """R-21: a sparse update with the one field, the id and the token."""
    record, _ = made(a_record(Kind.CLIENT, CLIENT), "Customer")

    update = an_update(told(record, {**CLIENT, "phone": "2"}))

    assert update.path == "/customer"
    assert update.body == {"Id": "7", "SyncToken": "0", "sparse": True, "PrimaryPhone": {"FreeFormNumber": "2"}}
    assert update.fields == {"PrimaryPhone": {"FreeFormNumber": "2"}}
    assert not update.full


def test_a_bookkeepers_change_of_another_field_survives() -> None:
    """R-21: an edit in Klipboard does not put back what somebody changed in QuickBooks."""
    record, books = made(a_record(Kind.CLIENT, CLIENT), "Customer")
    record = linked(record, books.edit(Notes="Changed there", PrintOnCheckName="ACME"), "Customer")

    record = settled(told(record, {**CLIENT, "phone": "2"}), an_update(told(record, {**CLIENT, "phone": "2"})), books)

    assert books.doc["Notes"] == "Changed there"
    assert books.doc["PrintOnCheckName"] == "ACME"
    assert books.doc["PrimaryPhone"] == {"FreeFormNumber": "2"}
    assert plan(record=record, around=around()) == Nothing()


def test_clearing_a_field_is_a_full_update_that_keeps_everything_else() -> None:
    """R-21: QuickBooks clears what a full update leaves out, so all the rest is sent back as it is."""
    record, books = made(a_record(Kind.CLIENT, CLIENT), "Customer")
    record = linked(record, books.edit(PrintOnCheckName="ACME", Balance=Decimal("12.50")), "Customer")
    without = {name: value for name, value in CLIENT.items() if name != "notes"}

    update = an_update(told(record, without))
    record = settled(told(record, without), update, books)

    assert update.full
    assert update.fields == {"Notes": None}
    assert not {"sparse", "MetaData", "Balance", "domain", "Notes"} & update.body.keys()
    assert books.doc["PrintOnCheckName"] == "ACME"
    assert books.doc["PrimaryPhone"] == {"FreeFormNumber": "1"}
    assert "Notes" not in books.doc
    assert plan(record=record, around=around()) == Nothing()


def test_clearing_a_part_of_an_address_is_a_full_update_too() -> None:
    """R-21: a sparse update might leave the old second line in place."""
    record, books = made(a_record(Kind.CLIENT, CLIENT), "Customer")

    edited = told(record, {**CLIENT, "billing_address": {"line1": "1 High St"}})
    update = an_update(edited)
    settled(edited, update, books)

    assert update.full
    assert books.doc["BillAddr"] == {"Line1": "1 High St"}


def test_an_ordinary_update_of_a_location_never_says_where_it_stands_in_the_tree() -> None:
    """R-36: it reaches the same record, wherever a bookkeeper moved it, and leaves it there."""
    record, books = made(a_record(Kind.CLIENT_LOCATION, LOCATION), "Customer")
    record = linked(record, books.edit(Job=False, ParentRef={"value": "999"}), "Customer")

    update = an_update(told(record, {**LOCATION, "phone": "2"}), around(links={}))

    assert update.body["Id"] == "7"
    assert not {"Job", "ParentRef"} & update.body.keys()


def test_a_full_update_leaves_a_moved_location_where_a_bookkeeper_put_it() -> None:
    """R-36: without its ParentRef a full update would make it a customer of its own."""
    record, books = made(a_record(Kind.CLIENT_LOCATION, LOCATION), "Customer")
    record = linked(record, books.edit(ParentRef={"value": "999"}), "Customer")
    without = {name: value for name, value in LOCATION.items() if name != "notes"}

    settled(told(record, without), an_update(told(record, without)), books)

    assert books.doc["ParentRef"] == {"value": "999"}
    assert books.doc["Job"] is True


def test_a_location_moved_in_klipboard_stays_where_it_is_and_says_so() -> None:
    """R-36: moving is a person's work in QuickBooks; nothing else of the edit is held back."""
    record, _ = made(a_record(Kind.CLIENT_LOCATION, LOCATION), "Customer")

    moved = plan(record=told(record, {**LOCATION, "client_id": "c2"}), around=around())
    edited = an_update(told(record, {**LOCATION, "client_id": "c2", "phone": "2"}))

    assert isinstance(moved, Nothing)
    assert moved.fields is None
    assert moved.note is not None
    assert "another client" in moved.note
    assert edited.note == moved.note
    assert edited.fields.keys() == {"PrimaryPhone"}
    assert edited.body.keys() == {"Id", "SyncToken", "sparse", "PrimaryPhone"}


def test_a_change_that_quickbooks_already_shows_is_no_call() -> None:
    """R-21: both sides typed the same; it counts as sent."""
    record, books = made(a_record(Kind.CLIENT, CLIENT), "Customer")
    record = linked(record, books.edit(PrimaryPhone={"FreeFormNumber": "2"}), "Customer")
    record = told(record, {**CLIENT, "phone": "2"})

    operation = plan(record=record, around=around())

    assert operation == Nothing(fields={"PrimaryPhone": {"FreeFormNumber": "2"}})
    assert plan(record=settled(record, operation, books), around=around()) == Nothing()


def test_a_country_that_quickbooks_spells_its_own_way_is_no_change() -> None:
    """R-21: QuickBooks answers USA to US; that is the same country."""
    record, books = made(a_record(Kind.CLIENT, {"name": "Acme"}), "Customer")
    record = linked(record, books.edit(BillAddr={"Id": "3", "Line1": "1 High St", "Country": "USA"}), "Customer")

    operation = plan(
        record=told(record, {"name": "Acme", "billing_address": {"line1": "1 High St", "country": "US"}}),
        around=around(),
    )

    assert isinstance(operation, Nothing)


@pytest.mark.parametrize(
    ("kind", "content", "type_", "change", "gone"),
    [
        (Kind.CLIENT, CLIENT, "Customer", {**CLIENT, "phone": "2"}, {"Active": False}),
        (
            Kind.INVOICE,
            an_invoice_content(),
            "Invoice",
            an_invoice_content(number="INV-18"),
            {"PrivateNote": "Voided - klipsync:1", "TotalAmt": 0, "Balance": 0},
        ),
    ],
)
def test_what_was_taken_out_of_use_in_quickbooks_is_not_written_to(
    kind: Kind, content: dict[str, Any], type_: str, change: dict[str, Any], gone: dict[str, Any]
) -> None:
    """R-61: an edit never brings a voided or inactive object back in silence; no edit says nothing."""
    record, books = made(a_record(kind, content), type_)
    record = linked(record, books.edit(**gone), type_)

    changed = plan(record=told(record, change), around=around())

    assert isinstance(changed, Refuse)
    assert "in QuickBooks" in changed.cause
    assert plan(record=record, around=around()) == Nothing()


@pytest.mark.parametrize("state", sorted(RESTING))
@pytest.mark.parametrize("linked_already", [True, False])
def test_a_record_that_rests_is_left_alone_whatever_klipboard_says(state: State, *, linked_already: bool) -> None:
    """R-62: deleted there, made or not made by a lost answer, ignored: only a person ends it, no edit and no replay."""
    record = a_record(Kind.CLIENT, CLIENT)
    if linked_already:
        record, _ = made(record, "Customer")
    record = replace(record, state=state, cause="As it was said.", next_step="Decide.")

    for again in (record, told(record, {**CLIENT, "phone": "2"})):
        operation = plan(record=again, around=around())

        assert operation == Refuse(cause="As it was said.", next_step="Decide.")


def test_a_link_into_another_company_is_never_used() -> None:
    """R-17: connecting another company must not write into it by ids of the first."""
    record, _ = made(a_record(Kind.CLIENT, CLIENT), "Customer")

    operation = plan(record=told(record, {**CLIENT, "phone": "2"}), around=around(realm=RealmId("other")))

    assert isinstance(operation, Wait)
    assert "another QuickBooks company" in operation.cause
