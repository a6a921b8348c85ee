"""One QuickBooks payment as it is read: which money counts towards which invoice (R-45)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mapping import payments
from mapping.payments import Totals, UnreadablePayment
from schemas.kinds import KlipboardId
from schemas.returns import PaymentReconciled, ReversalReason, SettlementStatus
from tests.unit.received import OWED, a_payment, read


def test_each_invoice_of_a_payment_gets_what_its_lines_give_it() -> None:
    """R-45: one payment over several invoices is one application for each, two lines of one are summed."""
    payment = a_payment(lines={"1": "30.00", "2": "20.00"})
    payment["Line"].append({"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]})

    found = {row.txn_id: row.amount for row in read(payment).applications}

    assert found == {"1": Decimal("35.00"), "2": Decimal("20.00")}


def test_what_an_over_payment_leaves_counts_for_no_invoice() -> None:
    """R-45: only what a line applies is told of an over-payment, not the payment's own total."""
    payment = a_payment(lines={"1": "80.00"}, TotalAmt=Decimal(100), UnappliedAmt=20)

    found = [(row.txn_type, row.amount) for row in read(payment).applications]

    assert found == [("Invoice", Decimal("80.00"))]


def test_credits_applied_by_a_zero_amount_payment_count() -> None:
    """R-45: a payment of nothing that joins an invoice and a credit memo settles the invoice by its line."""
    payment = a_payment(lines={"1": "80.00"}, TotalAmt=0)
    payment["Line"].append({"Amount": 80, "LinkedTxn": [{"TxnId": "7", "TxnType": "CreditMemo"}]})

    found = {(row.txn_type, row.txn_id): row for row in read(payment).applications}

    assert found["Invoice", "1"].amount == Decimal("80.00")
    assert found["Invoice", "1"].applied
    assert read(payment).ended is not ReversalReason.VOIDED


def test_date_method_and_reference_come_with_the_amount() -> None:
    """R-45: a payment is returned with its amount, date, method by name, and reference."""
    payment = a_payment(
        lines={"1": "40.00"}, PaymentMethodRef={"value": "4"}, PaymentRefNum="C-1", TxnDate="2026-03-10"
    )

    (row,) = read(payment).applications

    assert (row.amount, row.paid_on, row.method, row.reference) == (Decimal(40), date(2026, 3, 10), "Visa", "C-1")


def test_a_method_without_a_known_name_is_told_by_its_id() -> None:
    """A payment is not held back because the name of its method cannot be found."""
    (row,) = read(a_payment(lines={"1": "40.00"}, PaymentMethodRef={"value": "77"})).applications

    assert row.method == "77"


@pytest.mark.parametrize(
    ("named", "currency"), [({"CurrencyRef": {"value": "EUR"}}, "EUR"), ({"CurrencyRef": None}, "USD")]
)
def test_a_payment_is_told_in_its_own_currency(named: dict[str, Any], currency: str) -> None:
    """A payment's amount is in the payment's currency; where it names none, in the company's."""
    (row,) = read(a_payment(lines={"1": "40.00"}, **named)).applications

    assert row.currency == currency


@pytest.mark.parametrize(
    "broken",
    [
        {
            "Line": [
                {"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}, {"TxnId": "2", "TxnType": "Invoice"}]}
            ]
        },
        {"Line": [{"Amount": Decimal("5.005"), "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]},
        {"Line": [{"LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]},
        {"Line": "none"},
        {"SyncToken": "seven"},
        {"TxnDate": "yesterday"},
        {"PaymentMethodRef": "Visa", "TxnDate": None},
        {"CurrencyRef": "USD"},
    ],
)
def test_a_payment_that_cannot_be_read_says_which_it_is(broken: dict[str, Any]) -> None:
    """A payment of an unknown shape is no guess: it is put aside, and named."""
    payment = {**a_payment(id="91", lines={"1": "5.00"}), **broken}

    with pytest.raises(UnreadablePayment, match="payment 91"):
        read(payment)


@pytest.mark.parametrize(
    ("total", "balance", "status"),
    [
        ("80.00", "80.00", SettlementStatus.UNPAID),
        ("80.00", "0.01", SettlementStatus.PARTLY_PAID),
        ("80.00", "0.00", SettlementStatus.PAID),
        ("0.00", "0.00", SettlementStatus.UNPAID),
    ],
)
def test_an_invoice_is_paid_when_something_was_owed_and_nothing_is_left(
    total: str, balance: str, status: SettlementStatus
) -> None:
    """R-45: Paid is a zero balance of an amount that was owed; a void has balance zero too."""
    assert Totals(total=Decimal(total), balance=Decimal(balance)).status is status


@pytest.mark.parametrize(
    "invoice", [{"Id": "5", "TotalAmt": Decimal("1.234"), "Balance": 0}, {"Id": "5", "TotalAmt": 3}]
)
def test_an_invoice_whose_amounts_cannot_be_read_says_which_it_is(invoice: dict[str, Any]) -> None:
    """A balance that would be rounded, or is not there, is not told."""
    with pytest.raises(UnreadablePayment, match="invoice 5"):
        payments.totals(invoice)


def test_what_no_event_can_hold_is_named_and_not_published() -> None:
    """An application that breaks the event's own schema is put aside like one that cannot be read."""
    (row,) = read(a_payment(id="91", lines={"1": "40.00"}, CurrencyRef={"value": "dollars"})).applications

    with pytest.raises(UnreadablePayment, match="payment 91"):
        payments.fact(application=row, totals=OWED, invoice_id=KlipboardId("i1"), returnversion=1)


def test_the_event_carries_the_payment_and_how_the_invoice_stands() -> None:
    """R-45: PaymentReconciled has amount, date, method, reference, and the invoice's total, balance and status."""
    (row,) = read(a_payment(lines={"1": "30.00"}, PaymentMethodRef={"value": "3"}, PaymentRefNum="C-1")).applications
    totals = Totals(total=Decimal("80.00"), balance=Decimal("50.00"))

    fact = payments.fact(application=row, totals=totals, invoice_id=KlipboardId("i1"), returnversion=7)

    assert fact == PaymentReconciled(
        invoice_id="i1",
        payment_id="9",
        amount="30.00",
        currency="USD",
        paid_on=date(2026, 3, 9),
        method="Check",
        reference="C-1",
        invoice_total="80.00",
        invoice_balance="50.00",
        invoice_status=SettlementStatus.PARTLY_PAID,
        returnversion=7,
    )
