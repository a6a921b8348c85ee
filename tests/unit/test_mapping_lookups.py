"""Finding again what a lost answer may have made."""

from typing import Any

import pytest

from mapping.lookups import adoptable, lookup_query, name_of

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
