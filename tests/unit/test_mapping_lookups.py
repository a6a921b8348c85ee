"""Finding again what a lost answer may have made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mapping.lookups import adoptable, doubtful, lookup_query, made_since, name_of

FIELDS: dict[str, Any] = {
    "DocNumber": "INV-17",
    "CustomerRef": {"value": "50"},
    "Line": [{"line": "a", "Amount": 80}, {"line": "b", "Amount": 5}],
}
OBJECT: dict[str, Any] = {
    "Id": "7",
    "DocNumber": "INV-17",
    "CustomerRef": {"value": "50", "name": "Acme"},
    "TotalAmt": 85,
    "PrivateNote": "klipsync:1f",
}
CREATED = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _invoice(*, sure: bool, **changes: Any) -> bool:  # noqa: ANN401 - JSON
    found = {**OBJECT, **changes}
    return adoptable(type="Invoice", fields=FIELDS, marker="klipsync:1f", object=found, sure=sure)


def test_one_query_asks_for_many_numbers() -> None:
    """R-40: one read serves a group of new invoices."""
    assert lookup_query(type="Invoice", names=["INV-1", "INV-2"]) == (
        "SELECT * FROM Invoice WHERE DocNumber IN ('INV-1', 'INV-2') MAXRESULTS 1000"
    )


def test_a_list_is_asked_for_inactive_entries_too_and_apostrophes_are_escaped() -> None:
    """R-30: an inactive record still holds its name; a name never ends the statement it stands in."""
    assert lookup_query(type="Customer", names=["O'Neil"]) == (
        "SELECT * FROM Customer WHERE DisplayName IN ('O\\'Neil') AND Active IN (true, false) MAXRESULTS 1000"
    )


def test_each_type_has_its_name() -> None:
    """A record is looked up by what a person would look for."""
    assert name_of("Invoice", OBJECT) == "INV-17"
    assert name_of("Item", {"Name": "Valve"}) == "Valve"
    assert name_of("Vendor", {}) == ""


def test_our_invoice_is_known_by_number_marker_and_customer_or_amount() -> None:
    """R-40: a bookkeeper may have changed one of the two before we look."""
    assert _invoice(sure=True)
    assert _invoice(sure=True, TotalAmt=1)
    assert _invoice(sure=True, CustomerRef={"value": "9"})
    assert _invoice(sure=True, TotalAmt=0, PrivateNote="Voided - klipsync:1f")


def test_a_marker_alone_proves_nothing() -> None:
    """R-40: somebody copies an invoice in QuickBooks, its note included."""
    assert not _invoice(sure=True, TotalAmt=1, CustomerRef={"value": "9"})
    assert not _invoice(sure=True, DocNumber="INV-18")
    assert not _invoice(sure=False, TotalAmt=1, CustomerRef={"value": "9"})


def test_without_the_marker_only_an_open_attempt_adopts_and_only_when_all_is_equal() -> None:
    """R-43: an invoice that somebody typed in QuickBooks is not ours for having our number."""
    assert not _invoice(sure=True, PrivateNote="theirs")
    assert _invoice(sure=False, PrivateNote="theirs")
    assert not _invoice(sure=False, PrivateNote="theirs", TotalAmt=84)
    assert not _invoice(sure=False, PrivateNote=None, CustomerRef={"value": "9"})


def test_tax_that_quickbooks_adds_does_not_hide_our_amount() -> None:
    """R-63: the amount compared is the one before tax."""
    assert _invoice(sure=False, PrivateNote=None, TotalAmt=93, TxnTaxDetail={"TotalTax": 8})


@pytest.mark.parametrize(
    ("type_", "fields", "found", "expected"),
    [
        ("Vendor", {"DisplayName": "Pipes & Co"}, {"DisplayName": " pipes &  CO"}, True),
        ("Vendor", {"DisplayName": "Pipes & Co"}, {"DisplayName": "Pipes"}, False),
        ("Customer", {"DisplayName": "Acme"}, {"DisplayName": "Acme", "Active": False}, False),
        ("Customer", {"DisplayName": "Depot"}, {"DisplayName": "Depot", "ParentRef": {"value": "5"}}, False),
        (
            "Customer",
            {"DisplayName": "Depot", "ParentRef": {"value": "5"}},
            {"DisplayName": "Depot", "ParentRef": {"value": "5"}},
            True,
        ),
        (
            "Customer",
            {"DisplayName": "Depot", "ParentRef": {"value": "5"}},
            {"DisplayName": "Depot", "ParentRef": {"value": "6"}},
            False,
        ),
        ("Item", {"Name": "Valve"}, {"Name": "VALVE", "Type": "Service"}, True),
        ("Item", {"Name": "Valve"}, {"Name": "Valve", "Type": "Category"}, False),
    ],
)
def test_a_list_entry_is_taken_by_name_and_place(
    *, type_: str, fields: dict[str, Any], found: dict[str, Any], expected: bool
) -> None:
    """R-17, R-30, R-52: the same name at the same place in the tree, in use, and something one can sell."""
    assert adoptable(type=type_, fields=fields, marker=None, object=found, sure=True) is expected


@pytest.mark.parametrize(("minutes", "expected"), [(-60, True), (0, True), (4, True), (6, False), (60, False)])
def test_what_was_made_before_a_call_left_is_older_than_what_the_call_made(*, minutes: int, expected: bool) -> None:
    """R-30: by QuickBooks' clock and ours, between which five minutes are allowed."""
    found = {"MetaData": {"CreateTime": "2026-03-02T05:00:00-07:00"}}

    assert made_since(object=found, moment=CREATED + timedelta(minutes=minutes)) is expected
    assert made_since(object={}, moment=CREATED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DocNumber": "X", "TotalAmt": 1}, True),
        ({"DocNumber": "X", "TotalAmt": 1, "SyncToken": "0"}, True),
        ({"TotalAmt": 0, "DocNumber": "X", "PrivateNote": "Voided - klipsync:1f"}, True),
        ({"DocNumber": "X", "PrivateNote": "Ask Ann"}, True),
        ({"CustomerRef": {"value": "9"}, "PrivateNote": None}, True),
        ({"DocNumber": "X", "TotalAmt": 1, "PrivateNote": "Ask Ann"}, False),
        ({"DocNumber": "X", "PrivateNote": "Ask Ann", "SyncToken": "0"}, False),
        ({"DocNumber": "X", "PrivateNote": "klipsync:2e"}, False),
    ],
)
def test_an_invoice_that_may_be_ours_is_doubted_and_not_made_again(*, changes: dict[str, Any], expected: bool) -> None:
    """R-40: by our marker, or edited with two of number, customer and amount; another record's marker is another's."""
    found = {**OBJECT, "SyncToken": "1", **changes}

    assert doubtful(type="Invoice", fields=FIELDS, marker="klipsync:1f", object=found) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DisplayName": "Renamed"}, True),
        ({"ParentRef": {"value": "6"}}, True),
        ({"DisplayName": "Renamed", "ParentRef": {"value": "6"}}, False),
        ({"DisplayName": "Renamed", "SyncToken": "0"}, False),
        ({"DisplayName": "Depot (deleted)", "Active": False}, True),
    ],
)
def test_a_list_entry_that_was_renamed_or_moved_is_doubted(*, changes: dict[str, Any], expected: bool) -> None:
    """R-17, R-35: it was edited since, and has our name or our place; what somebody has just made is theirs."""
    fields = {"DisplayName": "Depot", "ParentRef": {"value": "5"}}
    found = {**fields, "SyncToken": "1", **changes}

    assert doubtful(type="Customer", fields=fields, marker=None, object=found) is expected


def test_an_item_that_cannot_be_sold_is_not_doubted() -> None:
    """R-52: a category is never what an item's create made."""
    found = {"Name": "Renamed", "Type": "Category", "SyncToken": "1"}

    assert not doubtful(type="Item", fields={"Name": "Valve"}, marker=None, object=found)
