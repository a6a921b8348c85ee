"""Whatever a payment went through, and in whatever order it was read, what was told ends as what stands (R-45)."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapping import payments
from mapping.payments import Shown, Totals
from schemas.returns import PaymentReversed, ReversalReason
from tests.unit.received import OWED, Ledger, a_payment, read

INVOICES = ("1", "2", "3")
AMOUNTS = st.sampled_from(["10.00", "20.00", "80.00"])
STATES = st.fixed_dictionaries(
    {"lines": st.dictionaries(st.sampled_from(INVOICES), AMOUNTS, max_size=3)},
    optional={
        "TxnDate": st.sampled_from(["2026-03-10", "2026-03-11"]),
        "PaymentRefNum": st.sampled_from(["A", "B"]),
        "PaymentMethodRef": st.sampled_from([{"value": "3"}, {"value": "4"}]),
    },
)


@dataclass(frozen=True)
class History:
    """What became of one payment: each of its states, and whether it was deleted in the end."""

    states: tuple[dict[str, Any], ...]
    deleted: bool

    def readings(self) -> list[Shown]:
        found = [read(a_payment(token, **state)) for token, state in enumerate(self.states)]
        return [*found, payments.deleted(payment_id="9")] if self.deleted else found

    def stands(self) -> dict[str, Any]:
        """Invoice -> (amount, date, method, reference)."""
        last = read(a_payment(**self.states[-1])).applications if not self.deleted else ()
        rows = [row for row in last if row.txn_type == "Invoice"]
        return {f"i{row.txn_id}": (row.amount, row.paid_on, row.method, row.reference) for row in rows}


HISTORIES = st.builds(History, states=st.lists(STATES, min_size=1, max_size=5).map(tuple), deleted=st.booleans())


@st.composite
def orders(draw: st.DrawFn) -> tuple[History, list[Shown]]:
    """A history, and its readings in any order, some of them repeated; the newest is among them.

    A payment's deletion is never the first that is heard of it: of one that was never shown nothing is remembered.
    """
    history = draw(HISTORIES)
    readings = history.readings()
    repeats = draw(st.lists(st.sampled_from(readings), max_size=5))
    order = draw(st.permutations([*readings, *repeats]))
    first = next(place for place, one in enumerate(order) if one.token is not None)
    return history, [order[first], *order[:first], *order[first + 1 :]]


def _believed(ledger: Ledger) -> dict[str, Any]:
    return {
        invoice: (fact.amount, fact.paid_on, fact.method, fact.reference) for invoice, fact in ledger.believed().items()
    }


@given(orders())
def test_whatever_the_order_the_last_that_is_told_is_what_stands(case: tuple[History, list[Shown]]) -> None:
    """R-45: an older token never wins, a repeat adds nothing, and what was deleted does not come back."""
    history, readings = case
    ledger = Ledger()

    for shown in readings:
        ledger.store(shown)
        for invoice in INVOICES:
            ledger.tell(OWED, invoice=invoice)

    assert _believed(ledger) == history.stands()


@given(orders())
def test_nothing_is_told_twice(case: tuple[History, list[Shown]]) -> None:
    """Readings that repeat what is known tell nothing, and nothing is reversed that was never told."""
    _, readings = case
    ledger = Ledger()

    for shown in (one for one in readings for _ in range(2)):
        ledger.store(shown)
        for invoice in INVOICES:
            ledger.tell(OWED, invoice=invoice)

    for invoice in INVOICES:
        told = [fact.model_dump(exclude={"returnversion"}) for fact in ledger.told if fact.invoice_id == f"i{invoice}"]
        assert "reason" not in (told or [{}])[0]
        assert all(one != other for one, other in pairwise(told))


@given(HISTORIES)
def test_readings_that_nobody_told_in_between_are_told_as_one(history: History) -> None:
    """A poll that comes late tells how the payment stands, not what it went through."""
    ledger = Ledger()

    for shown in history.readings():
        ledger.store(shown)
    for invoice in INVOICES:
        ledger.tell(OWED, invoice=invoice)

    assert _believed(ledger) == history.stands()
    assert len(ledger.told) == len(history.stands())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["9", "10", "11"]), st.sampled_from(["0.00", "20.00", "50.00"]), st.sampled_from([80, 100])
    ),
    max_size=12,
)


@given(STEPS)
def test_the_last_telling_of_an_invoice_leaves_it_as_it_stands(steps: list[tuple[str, str, int]]) -> None:
    """R-45: whatever payments and totals did, a reader of the newest event knows the invoice's balance and status."""
    ledger, covered = Ledger(), dict[str, Decimal]()

    for token, (payment, amount, total) in enumerate(steps):
        covered[payment] = Decimal(amount)
        ledger.store(read(a_payment(token, id=payment, lines={"1": amount} if covered[payment] else {})))
        owed = Totals(total=Decimal(total), balance=max(total - sum(covered.values(), Decimal(0)), Decimal(0)))
        ledger.tell(owed)

        assert list(ledger.tell(owed)) == []
        if any(covered.values()):
            newest = ledger.told[-1]
            assert (newest.invoice_total, newest.invoice_balance) == (owed.total, owed.balance)
            assert newest.invoice_status is owed.status


def test_money_of_a_deleted_payment_is_reversed_with_its_reason() -> None:
    """R-45: what was told and was deleted is taken back, and the reader hears why."""
    ledger = Ledger()
    ledger.store(read(a_payment(lines={"1": "80.00"})))
    ledger.tell(OWED)

    ledger.store(payments.deleted(payment_id="9"))
    ledger.tell(OWED)

    (_, fact) = ledger.told
    assert isinstance(fact, PaymentReversed)
    assert (fact.payment_id, fact.amount, fact.reason) == ("9", Decimal("80.00"), ReversalReason.DELETED)


def test_a_payment_that_replaces_another_is_told_after_it() -> None:
    """R-45: reversals first, so that the last that a reader hears of the invoice is the money that counts."""
    ledger = Ledger()
    ledger.store(read(a_payment(lines={"1": "80.00"})))
    ledger.tell(OWED)

    ledger.store(payments.deleted(payment_id="9"))
    ledger.store(read(a_payment(id="10", lines={"1": "50.00"})))
    ledger.tell(OWED)

    assert [fact.payment_id for fact in ledger.told] == ["9", "9", "10"]


def test_money_that_went_before_it_was_told_needs_no_reversal() -> None:
    """R-45: a payment of an invoice that was nobody's yet came and went; when the invoice is ours, nothing is told."""
    ledger = Ledger()
    ledger.store(read(a_payment(lines={"1": "80.00"})))
    ledger.store(payments.deleted(payment_id="9"))

    assert list(ledger.tell(OWED)) == []


def test_a_void_is_told_apart_from_an_unapplied_payment() -> None:
    """R-45: a voided payment is alive, worth nothing, and says so in its note; an unapplied one keeps its worth."""
    reasons = {}
    states: dict[str, dict[str, Any]] = {
        "voided": {"TotalAmt": 0, "PrivateNote": "Voided"},
        "unapplied": {"TotalAmt": 80},
    }
    for name, state in states.items():
        ledger = Ledger()
        ledger.store(read(a_payment(lines={"1": "80.00"})))
        ledger.tell(OWED)
        ledger.store(read(a_payment(1, **state)))
        (fact,) = ledger.tell(OWED)
        assert isinstance(fact, PaymentReversed)
        reasons[name] = fact.reason.value

    assert reasons == {"voided": "voided", "unapplied": "unapplied"}


def test_tokens_are_numbers_not_texts() -> None:
    """An older token never wins: 9 is older than 10, though not by the alphabet."""
    ledger = Ledger()
    ledger.store(read(a_payment(10, lines={"1": "20.00"})))

    ledger.store(read(a_payment(9, lines={"1": "80.00"})))
    (fact,) = ledger.tell(OWED)

    assert fact.amount == Decimal("20.00")
