"""What an edit of an invoice becomes: status, dates, customer and lines, one invoice all the time."""

from dataclasses import replace
from decimal import Decimal

import pytest

from consumers.operations import Nothing, Wait
from consumers.plan import plan
from consumers.records import SyncToken
from tests.unit.planned import (
    a_line,
    a_part,
    an_invoice,
    an_invoice_content,
    an_update,
    around,
    linked,
    made,
    settled,
    told,
)

TWO_LINES = (a_line("a"), a_line("b", name="Valve", quantity="1", unit_price="5.00"))


def test_a_draft_that_is_sent_gets_klipboards_dates() -> None:
    """R-47, R-48: only dates and the sent mark change."""
    record, _ = made(an_invoice(status="Draft"), "Invoice")

    update = an_update(told(record, status=a_part("Sent", version=2)))

    assert update.body == {
        "Id": "7", "SyncToken": "0", "sparse": True,
        "TxnDate": "2026-03-05", "DueDate": "2026-04-04", "EmailStatus": "EmailSent",
    }  # fmt: skip


def test_overdue_alone_is_no_call() -> None:
    """R-49: QuickBooks derives Overdue by itself."""
    record, _ = made(an_invoice(status="Sent"), "Invoice")

    assert plan(record=told(record, status=a_part("Overdue", version=2)), around=around()) == Nothing()


@pytest.mark.parametrize(("settled_there", "says"), [(False, "leave a balance"), (None, "no payment of it is known")])
def test_a_paid_that_quickbooks_does_not_show_is_refused_with_the_reason(
    *, settled_there: bool | None, says: str
) -> None:
    """R-44: only QuickBooks makes an invoice Paid; the record says why not."""
    record, _ = made(an_invoice(status="Sent"), "Invoice")

    operation = plan(
        record=told(record, paid=a_part(True, version=2)),
        around=around(paid_in_quickbooks=settled_there),
    )

    assert isinstance(operation, Nothing)
    assert operation.note is not None
    assert "Paid was refused" in operation.note
    assert says in operation.note


def test_a_paid_that_quickbooks_shows_is_an_echo() -> None:
    """R-44: it changes nothing and says nothing."""
    record, _ = made(an_invoice(status="Sent"), "Invoice")

    operation = plan(
        record=told(record, paid=a_part(True, version=2)),
        around=around(paid_in_quickbooks=True),
    )

    assert operation == Nothing()


def test_a_paid_that_klipboard_took_back_is_not_spoken_of() -> None:
    """R-44: the newer status counts."""
    record, _ = made(an_invoice(status="Sent"), "Invoice")

    operation = plan(
        record=told(record, paid=a_part(True, version=2), status=a_part("Overdue", version=3)),
        around=around(paid_in_quickbooks=False),
    )

    assert operation == Nothing()


def test_an_invoice_follows_number_customer_and_message() -> None:
    """R-41: the same invoice is updated, field by field."""
    record, _ = made(an_invoice(), "Invoice")

    update = an_update(told(record, an_invoice_content(number="INV-18", client_id="c2", message="Hello")))

    assert update.body == {
        "Id": "7", "SyncToken": "0", "sparse": True,
        "DocNumber": "INV-18", "CustomerRef": {"value": "51"}, "CustomerMemo": {"value": "Hello"},
    }  # fmt: skip


def test_changed_lines_keep_their_ids_and_the_bookkeepers_lines_stay() -> None:
    """R-41: one line changed, one added, one removed; what others wrote keeps its id, place and words."""
    record, books = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")
    own = {"DetailType": "DescriptionOnly", "Description": "Bank details overleaf", "Amount": Decimal("0.00")}
    first, second = books.lines()
    worded = {**first, "Description": "Worded by the bookkeeper"}
    record = linked(record, books.edit(Line=[worded, own, second]), "Invoice")
    edited = told(
        record,
        an_invoice_content(
            a_line("a", quantity="3"), a_line("c", name="Radiator", quantity="1", unit_price="99.00"), total="219.00"
        ),
    )

    update = an_update(edited)
    record = settled(edited, update, books)

    shape = [(line["Id"], line.get("Description"), line["Amount"]) for line in books.lines()]
    assert shape == [
        ("1", "Worded by the bookkeeper", Decimal("120.00")),
        ("4", None, Decimal("99.00")),
        ("3", "Bank details overleaf", Decimal("0.00")),
    ]
    assert all(line["DetailType"] != "SubTotalLineDetail" for line in update.body["Line"])
    assert [(line["line"], line["Id"]) for line in record.sent["Line"]] == [("a", "1"), ("c", "4")]
    assert plan(record=record, around=around()) == Nothing()


def test_quantity_price_and_amount_change_together() -> None:
    """R-41: a bookkeeper's price with our quantity would be an amount nobody wanted, and QuickBooks refuses it."""
    record, books = made(an_invoice(), "Invoice")
    (line,) = books.lines()
    dearer = {**line["SalesItemLineDetail"], "UnitPrice": Decimal("50.00")}
    record = linked(record, books.edit(Line=[{**line, "SalesItemLineDetail": dearer, "Amount": 100}]), "Invoice")

    update = an_update(told(record, an_invoice_content(a_line(quantity="3"), total="120.00")))

    (written,) = update.body["Line"]
    detail = written["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"], written["Amount"]) == (3, 40, 120)


def test_a_line_that_a_bookkeeper_removed_stays_removed_until_klipboard_changes_it() -> None:
    """R-41: an edit of another line does not bring it back; an edit of that line does, as a new line."""
    record, books = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")
    record = linked(record, books.edit(Line=books.lines()[:1]), "Invoice")

    edited = told(record, an_invoice_content(a_line("a", quantity="3"), TWO_LINES[1], total="125.00"))
    record = settled(edited, an_update(edited), books)
    after_the_other = [line["Id"] for line in books.lines()]
    edited = told(
        record,
        an_invoice_content(
            a_line("a", quantity="3"), a_line("b", name="Valve", quantity="2", unit_price="5.00"), total="130.00"
        ),
    )
    record = settled(edited, an_update(edited), books)

    assert after_the_other == ["1"]
    assert [(line["Id"], line["Amount"]) for line in books.lines()] == [("1", 120), ("3", 10)]
    assert plan(record=record, around=around()) == Nothing()


def test_a_line_that_klipboard_removed_is_removed() -> None:
    """R-41: a line too many in QuickBooks is a change to be written, though all that is wanted is there."""
    record, books = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")
    edited = told(record, an_invoice_content(TWO_LINES[0], total="80.00"))

    update = an_update(edited)
    settled(edited, update, books)

    assert [line["Id"] for line in update.body["Line"]] == ["1"]
    assert books.doc["TotalAmt"] == 80


def test_a_line_that_a_bookkeeper_made_another_kind_of_stays_so_until_klipboard_changes_it() -> None:
    """R-41: our line turned into words stays words while another line is edited, and is a sale again once it is."""
    record, books = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")
    first, second = books.lines()
    words = {"Id": second["Id"], "DetailType": "DescriptionOnly", "Description": "Free of charge", "Amount": 0}
    record = linked(record, books.edit(Line=[first, words]), "Invoice")

    edited = told(record, an_invoice_content(a_line("a", quantity="3"), TWO_LINES[1], total="125.00"))
    record = settled(edited, an_update(edited), books)
    untouched = books.lines()[1]
    cheaper = a_line("b", name="Valve", quantity="1", unit_price="4.00")
    edited = told(record, an_invoice_content(a_line("a", quantity="3"), cheaper, total="124.00"))
    settled(edited, an_update(edited), books)

    assert {name: untouched.get(name) for name in words} == words
    assert (books.lines()[1]["Id"], books.lines()[1]["Amount"]) == (second["Id"], 4)
    assert books.lines()[1]["SalesItemLineDetail"]["ItemRef"] == second["SalesItemLineDetail"]["ItemRef"]


def test_the_tax_of_old_lines_is_not_sent_with_new_ones() -> None:
    """R-63: in a full update QuickBooks would take the old total tax as an override."""
    record, books = made(an_invoice(message="Hello"), "Invoice")
    tax = {"TxnTaxCodeRef": {"value": "3"}, "TotalTax": Decimal("6.40")}
    record = linked(record, books.edit(TxnTaxDetail=tax), "Invoice")

    cleared = an_update(told(record, an_invoice_content()))
    both = an_update(told(record, an_invoice_content(a_line(quantity="3"), total="120.00", message=" ")))

    assert cleared.body["TxnTaxDetail"] == tax
    assert both.full
    assert both.body["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}}


def test_lines_leave_with_the_token_of_the_reading_they_were_built_from() -> None:
    """R-41: were that reading not the newest, QuickBooks must refuse the array instead of losing a line."""
    record, _ = made(an_invoice(), "Invoice")
    assert record.link is not None
    ahead = replace(record, link=replace(record.link, token=SyncToken("4")))

    lines = an_update(told(ahead, an_invoice_content(a_line(quantity="3"), total="120.00")))
    number = an_update(told(ahead, an_invoice_content(number="INV-18")))

    assert (lines.body["SyncToken"], number.body["SyncToken"]) == ("0", "4")


def test_lines_in_another_order_are_written_in_that_order() -> None:
    """R-41: the order of lines is part of the invoice."""
    record, books = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")

    edited = told(record, an_invoice_content(*reversed(TWO_LINES), total="85.00"))
    record = settled(edited, an_update(edited), books)

    assert [line["Id"] for line in books.lines()] == ["2", "1"]
    assert plan(record=record, around=around()) == Nothing()


def test_clearing_the_message_keeps_lines_note_and_payments_as_they_are() -> None:
    """R-41: a full update sends every line back with its id, and the note with our marker."""
    record, books = made(an_invoice(message="Hello"), "Invoice")
    links = [{"TxnId": "9", "TxnType": "Payment"}]
    record = linked(record, books.edit(LinkedTxn=links), "Invoice")
    before = books.lines()

    update = an_update(told(record, an_invoice_content()))
    settled(told(record, an_invoice_content()), update, books)

    assert update.full
    assert "CustomerMemo" not in books.doc
    assert books.lines() == before
    assert books.doc["PrivateNote"].startswith("klipsync:")
    assert books.doc["LinkedTxn"] == links


def test_an_invoice_that_was_found_does_not_get_its_lines_twice() -> None:
    """R-40: adopted with nothing known as sent, its lines are paired with what QuickBooks shows."""
    record, _ = made(an_invoice(*TWO_LINES, total="85.00"), "Invoice")
    adopted = replace(record, sent={})

    operation = plan(
        record=told(adopted, an_invoice_content(a_line("a", quantity="3"), TWO_LINES[1], total="125.00")),
        around=around(),
    )

    assert [line.get("Id") for line in operation.body["Line"]] == ["1", "2"]  # type: ignore[union-attr]


def test_a_line_change_waits_for_a_reading_when_none_is_known() -> None:
    """R-41: a Line array replaces the whole one, so it is never built blind."""
    record, _ = made(an_invoice(), "Invoice")
    blind = replace(record, seen=None)

    lines = plan(record=told(blind, an_invoice_content(a_line(quantity="3"), total="120.00")), around=around())
    number = plan(record=told(blind, an_invoice_content(number="INV-18")), around=around())

    assert isinstance(lines, Wait)
    assert not isinstance(number, Wait)
