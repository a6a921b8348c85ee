"""The demo's judge: it finds nothing in right books, and each wrong field, missing thing and double in wrong ones."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.judged import EVENTS, INVOICE, LINES, books, event, judged

WRONG = [
    (("Customer", 0, "GivenName"), "Anna"),
    (("Customer", 0, "Notes"), None),
    (("Customer", 0, "PrimaryEmailAddr"), {"Address": "other@example.com"}),
    (("Customer", 0, "PrimaryPhone"), None),
    (("Customer", 0, "Mobile"), {"FreeFormNumber": "555-0199"}),
    (("Customer", 0, "BillAddr", "Line2"), "Suite 1"),
    (("Customer", 0, "BillAddr", "PostalCode"), "85282"),
    (("Customer", 0, "ParentRef"), {"value": "2"}),
    (("Customer", 0, "Active"), False),
    (("Customer", 1, "ParentRef"), {"value": "99"}),
    (("Customer", 1, "Job"), False),
    (("Customer", 1, "FamilyName"), None),
    (("Customer", 1, "ShipAddr"), None),
    (("Vendor", 0, "AcctNum"), None),
    (("Vendor", 0, "CompanyName"), "Metro"),
    (("Item", 1, "Type"), "Service"),
    (("Item", 2, "IncomeAccountRef"), {"value": "2"}),
    (("Invoice", 0, "CustomerRef"), {"value": "1"}),
    (("Invoice", 0, "TxnDate"), "2026-03-02"),
    (("Invoice", 0, "DueDate"), "2026-03-02"),
    (("Invoice", 0, "EmailStatus"), "NotSet"),
    (("Invoice", 0, "CustomerMemo"), None),
    (("Invoice", 0, "TotalAmt"), Decimal("68.57")),
    (("Invoice", 0, "Line", 0, "Description"), None),
    (("Invoice", 0, "Line", 0, "Amount"), Decimal("62.01")),
    (("Invoice", 0, "Line", 0, "SalesItemLineDetail", "Qty"), 2),
    (("Invoice", 0, "Line", 0, "SalesItemLineDetail", "UnitPrice"), Decimal("41.33")),
    (("Invoice", 0, "Line", 1, "SalesItemLineDetail", "ItemRef"), {"value": "5"}),
]


def test_right_books_are_right() -> None:
    """Six things (a client, a location, a supplier, two items, an invoice), nothing else."""
    verdict = judged(books())

    assert verdict.matched == {"client": 1, "client_location": 1, "supplier": 1, "item": 2, "invoice": 1}
    assert (verdict.mismatched, verdict.missing, verdict.duplicated, verdict.records) == ([], [], [], 6)


@pytest.mark.parametrize(
    ("path", "value"), WRONG, ids=lambda part: "/".join(map(str, part)) if isinstance(part, tuple) else ""
)
def test_each_wrong_field_is_found_and_named(path: tuple[Any, ...], value: object) -> None:
    """One field off by a cent, a day or a letter is one mismatched thing, and the finding says which field."""
    shown = books()
    _put(shown, path, value)

    verdict = judged(shown)

    assert [_named(finding.why, path) for finding in verdict.mismatched] == [True]
    assert (verdict.missing, verdict.duplicated) == ([], [])


def test_lines_that_are_lost_doubled_or_swapped_are_found() -> None:
    """An invoice is right when every line is, in Klipboard's order."""
    lost, doubled, swapped = books(), books(), books()
    lost["Invoice"][0]["Line"].pop(1)
    doubled["Invoice"][0]["Line"].insert(1, doubled["Invoice"][0]["Line"][1])
    swapped["Invoice"][0]["Line"][:2] = reversed(swapped["Invoice"][0]["Line"][:2])

    found = [len(judged(shown).mismatched) for shown in (lost, doubled, swapped)]

    assert found == [1, 1, 1]


@pytest.mark.parametrize(
    ("type_", "place"), [("Customer", 0), ("Customer", 1), ("Vendor", 0), ("Item", 1), ("Invoice", 0)]
)
def test_a_thing_that_is_not_in_the_books_is_missing(type_: str, place: int) -> None:
    """R-40: every record becomes one in QuickBooks."""
    shown = books()
    shown[type_].pop(place)

    verdict = judged(shown)

    assert len(verdict.missing) == 1
    assert not verdict.duplicated


@pytest.mark.parametrize(
    ("type_", "place", "name"), [("Customer", 0, "DisplayName"), ("Item", 2, "Name"), ("Invoice", 0, "DocNumber")]
)
def test_two_objects_for_one_thing_are_a_duplicate(type_: str, place: int, name: str) -> None:
    """A second object under the same name or number, and one under a name that no event explains."""
    same, other = books(), books()
    same[type_].append({**same[type_][place], "Id": "77"})
    other[type_].append({**other[type_][place], "Id": "77", name: "Made up"})

    counts = [len(judged(shown).duplicated) for shown in (same, other)]

    assert counts == [1, 1]


def test_an_object_under_a_former_name_is_the_same_thing() -> None:
    """A rename that did not reach QuickBooks is a mismatch; made anew under the new name, it is a duplicate."""
    renamed = event("InvoiceEdited", "invoice/i1", 2, {**INVOICE, "number": "A-1-R"})
    behind, twice = books(), books()
    twice["Invoice"].append({**twice["Invoice"][0], "Id": "78", "DocNumber": "A-1-R"})

    late, doubled = judged(behind, (*EVENTS, renamed)), judged(twice, (*EVENTS, renamed))

    assert "DocNumber should be A-1-R, is A-1" in late.mismatched[0].why
    assert [len(late.duplicated), len(doubled.duplicated)] == [0, 1]


def test_the_order_and_the_number_of_deliveries_do_not_change_what_is_expected() -> None:
    """The newest version counts, for content and status apart, whenever it arrives and however often."""
    newer = event("InvoiceEdited", "invoice/i1", 9, {**INVOICE, "status": "Sent", "message": "Newer"})
    shuffled = (newer, *reversed(EVENTS), *EVENTS, newer)
    shown = books()
    shown["Invoice"][0]["CustomerMemo"] = {"value": "Newer"}

    verdict = judged(shown, shuffled)

    assert (verdict.mismatched, verdict.missing, verdict.records) == ([], [], 6)


def test_a_draft_is_dated_and_due_on_the_day_it_was_made() -> None:
    """R-46: whatever Klipboard says is due later; and nothing says that it was sent."""
    shown = books()
    shown["Invoice"][0] |= {"TxnDate": "2026-03-02", "DueDate": "2026-03-02", "EmailStatus": "NotSet"}

    verdict = judged(shown, EVENTS[:4])

    assert verdict.mismatched == []


def test_a_product_of_an_earlier_version_may_exist_and_need_not() -> None:
    """Whether an edit is overtaken before its item is made is nobody's promise; what is sold now must be there."""
    dropped = event("InvoiceEdited", "invoice/i1", 4, {**INVOICE, "lines": LINES[:1]})
    there, gone = books(), books()
    gone["Item"].pop(2)
    for shown in (there, gone):
        shown["Invoice"][0]["Line"].pop(1)
        shown["Invoice"][0]["TotalAmt"] = Decimal("62.00")

    verdicts = [judged(shown, (*EVENTS[:3], EVENTS[3], dropped, *EVENTS[4:])) for shown in (there, gone)]

    wrong = [finding.why for verdict in verdicts for finding in (*verdict.missing, *verdict.duplicated)]
    assert wrong == []


def _put(shown: Any, path: tuple[Any, ...], value: object) -> None:  # noqa: ANN401
    for step in path[:-1]:
        shown = shown[step]
    shown[path[-1]] = value


def _named(why: str, path: tuple[Any, ...]) -> bool:
    field = next(part for part in reversed(path) if isinstance(part, str))
    words = {"ItemRef": "item", "FamilyName": "GivenName FamilyName"}
    return field in why or words.get(field, field) in why
