"""The demo's judge of payments: what came back is held against what QuickBooks shows, and what was deleted there."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from infra.demo.paid import PaymentVerdict, Told, judge_payments
from tests.unit.judged import TENANT, books

PAYMENT = {
    "Id": "90",
    "TotalAmt": Decimal("50.00"),
    "CurrencyRef": {"value": "USD"},
    "TxnDate": "2026-03-04",
    "PaymentMethodRef": {"value": "2"},
    "PaymentRefNum": "CH-1",
    "Line": [{"Amount": Decimal("50.00"), "LinkedTxn": [{"TxnId": "7", "TxnType": "Invoice"}]}],
}
FACT = {
    "invoice_id": "i1",
    "payment_id": "90",
    "amount": "50.00",
    "currency": "USD",
    "paid_on": "2026-03-04",
    "method": "Check",
    "reference": "CH-1",
    "invoice_total": "68.58",
    "invoice_balance": "18.58",
    "invoice_status": "PartlyPaid",
    "returnversion": 1,
}


def test_a_payment_that_came_back_as_it_is_is_reconciled() -> None:
    """R-45: amount, date, method, reference, balance and status, however often it was told."""
    told = [_reconciled(), _reconciled()]

    verdict = _judged(_with(PAYMENT), told)

    assert (verdict.recorded, verdict.reconciled, verdict.complete) == (1, 1, True)


def test_a_payment_that_did_not_come_back_is_named() -> None:
    """Silence is a failure."""
    verdict = _judged(_with(PAYMENT), [])

    assert not verdict.complete
    assert verdict.wrong == [(TENANT, "payment 90 (CH-1)", "50.00 on invoice i1 did not come back")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "50.01"),
        ("paid_on", "2026-03-05"),
        ("method", "Visa"),
        ("reference", None),
        ("invoice_balance", "18.57"),
        ("invoice_status", "Paid"),
        ("currency", "CAD"),
    ],
)
def test_each_wrong_part_of_what_came_back_is_found(field: str, value: str | None) -> None:
    """To the cent and to the day."""
    verdict = _judged(_with(PAYMENT), [_reconciled(**{field: value})])

    assert not verdict.complete
    assert [field in why for _, _, why in verdict.wrong] == [True]


def test_the_newest_telling_counts_whatever_the_order_of_arrival() -> None:
    """An edited payment replaces what was told of it before."""
    told = [_reconciled(returnversion=2), _reconciled(amount="20.00", invoice_balance="48.58")]

    verdict = _judged(_with(PAYMENT), told)

    assert verdict.complete


def test_a_deleted_payment_must_have_come_back_as_reversed() -> None:
    """Told and then gone: Klipboard must not go on counting it."""
    shown = books()
    shown["deleted"]["Payment"].append(PAYMENT)
    gone = Told(tenant=TENANT, type="PaymentReversed", fact={**FACT, "returnversion": 2, "reason": "deleted"})

    kept, told = _judged(shown, [_reconciled()]), _judged(shown, [_reconciled(), gone])

    assert (kept.complete, told.complete, told.reversed) == (False, True, 1)


def test_one_payment_for_two_invoices_comes_back_for_both() -> None:
    """Half of it is not all of it."""
    shown = _with(PAYMENT)
    shown["Invoice"].append({"Id": "8", "TotalAmt": Decimal("10.00"), "Balance": Decimal(0)})
    second = {"Amount": Decimal("10.00"), "LinkedTxn": [{"TxnId": "8", "TxnType": "Invoice"}]}
    shown["Payment"][0]["Line"].append(second)
    other = {"invoice_id": "i2", "amount": "10.00", "invoice_total": "10.00", "invoice_balance": "0.00"}

    half = _judged(shown, [_reconciled()])
    both = _judged(shown, [_reconciled(), _reconciled(**other, invoice_status="Paid")])

    assert (half.reconciled, both.reconciled, both.complete) == (0, 1, True)


def test_a_payment_that_was_told_and_is_in_no_books_is_found() -> None:
    """What came back must have happened."""
    verdict = _judged(books(), [_reconciled()])

    assert not verdict.complete


def _with(payment: dict[str, Any]) -> dict[str, Any]:
    shown = books()
    shown["Invoice"][0]["Balance"] = Decimal("18.58")
    shown["Payment"].append(copy.deepcopy(payment))
    return shown


def _reconciled(**other: object) -> Told:
    return Told(tenant=TENANT, type="PaymentReconciled", fact={**FACT, **other})


def _judged(shown: dict[str, Any], told: list[Told]) -> PaymentVerdict:
    ids = {(TENANT, "7"): "i1", (TENANT, "8"): "i2"}
    return judge_payments(tenants={TENANT: shown}, invoice_ids=ids, told=told)
