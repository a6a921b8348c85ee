"""Payments: what a bookkeeper does with money in QuickBooks comes back as it stands, each thing once (R-45)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Literal

import pytest

from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from mapping import identity
from schemas.returns import PaymentReconciled, PaymentReversed
from tests.integration.line import Line, line
from tests.integration.meddling import LOOK_AGAIN
from tests.integration.polled import told, without
from tests.integration.watched import Window

pytestmark = [pytest.mark.postgres]


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    """A line with client c1 and invoices i1 and i2 over 80.00 each, both in QuickBooks."""
    async with line(database_url) as found:
        await _two_invoices(found)
        yield found


async def _two_invoices(here: Line) -> None:
    await here.client()
    await here.invoice("i1")
    await here.invoice("i2")
    await here.turns()


def _money(here: Line, *lines: tuple[str, str], amount: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A payment's content, as the bookkeeper enters it: number of the invoice -> amount."""
    applied = [
        {"invoice": here.one("Invoice", DocNumber=number)["Id"], "amount": Decimal(part)} for number, part in lines
    ]
    total = Decimal(amount) if amount else sum((line["amount"] for line in applied), Decimal(0))
    return {"customer": here.one("Customer")["Id"], "amount": total, "lines": applied, **more}


async def _newest(here: Line, invoice: str) -> tuple[type, dict[str, Any]]:
    """The newest that was told of an invoice's payments: its type and content."""
    fact = [one for one in await told(here) if one.invoice_id == invoice][-1]
    return type(fact), fact.model_dump(mode="json")


async def test_a_whole_payment_comes_back_with_all_that_is_known_of_it(here: Line) -> None:
    """R-45: PaymentReconciled has amount, date, method, reference, and says that the invoice is Paid."""
    payment = here.pay(
        here.one("Invoice", DocNumber="I1"), "80.00", date="2026-03-09", method="Check", reference="4711"
    )

    await here.poll()

    (fact,) = await told(here)
    assert isinstance(fact, PaymentReconciled)
    assert fact.model_dump(mode="json", exclude={"returnversion"}) == {
        "invoice_id": "i1",
        "payment_id": payment["Id"],
        "direction": "received",
        "amount": "80.00",
        "currency": "USD",
        "paid_on": "2026-03-09",
        "method": "Check",
        "reference": "4711",
        "invoice_total": "80.00",
        "invoice_balance": "0.00",
        "invoice_status": "Paid",
    }
    assert fact.returnversion > 0


async def test_part_payments_leave_the_invoice_partly_paid_until_nothing_is_left(here: Line) -> None:
    """R-45: each part is an event of its own, with what is left after it."""
    here.pay(here.one("Invoice", DocNumber="I1"), "30.00")
    await here.poll()
    here.pay(here.one("Invoice", DocNumber="I1"), "50.00")
    await here.poll()

    facts = await told(here)

    assert [(fact.amount, fact.invoice_balance, fact.invoice_status.value) for fact in facts] == [
        (Decimal(30), Decimal(50), "PartlyPaid"),
        (Decimal(50), Decimal(0), "Paid"),
    ]


async def test_one_payment_over_several_invoices_is_told_of_each(here: Line) -> None:
    """R-45: every invoice hears of its own part of the payment."""
    payment = bookkeeper.record_payment(here.realm, _money(here, ("I1", "80.00"), ("I2", "20.00")))

    await here.poll()

    assert {(fact.invoice_id, fact.payment_id, fact.amount) for fact in await told(here)} == {
        ("i1", payment["Id"], Decimal(80)),
        ("i2", payment["Id"], Decimal(20)),
    }


async def test_what_is_paid_too_much_is_not_told_as_paid(here: Line) -> None:
    """R-45: of an over-payment only what QuickBooks applied counts towards the invoice."""
    bookkeeper.record_payment(here.realm, _money(here, ("I1", "100.00")))

    await here.poll()

    (fact,) = await told(here)
    assert (fact.amount, fact.invoice_balance) == (Decimal(80), Decimal(0))


@pytest.mark.parametrize(
    ("edit", "amount", "paid_on", "balance"),
    [
        ({"lines": (("I1", "60.00"),)}, "60.00", "2026-03-09", "20.00"),
        ({"lines": (("I1", "30.00"),), "date": "2026-03-11"}, "30.00", "2026-03-11", "50.00"),
    ],
)
async def test_an_edited_payment_is_told_anew(
    here: Line, edit: dict[str, Any], amount: str, paid_on: str, balance: str
) -> None:
    """R-45: another amount or date replaces what was told of the payment, with a greater returnversion."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "30.00", date="2026-03-09")
    await here.poll()

    changed = {"date": "2026-03-09", **edit}
    bookkeeper.edit_payment(here.realm, payment["Id"], _money(here, *changed.pop("lines"), **changed))
    await here.poll()

    before, after = await told(here)
    assert isinstance(after, PaymentReconciled)
    assert after.payment_id == before.payment_id
    assert (str(after.amount), after.paid_on.isoformat(), str(after.invoice_balance)) == (amount, paid_on, balance)
    assert after.returnversion > before.returnversion


async def test_a_payment_moved_to_another_invoice_leaves_the_first(here: Line) -> None:
    """R-45: it is reversed where it was and reconciled where it is."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "30.00")
    await here.poll()

    bookkeeper.edit_payment(here.realm, payment["Id"], _money(here, ("I2", "30.00")))
    await here.poll()

    kind, fact = await _newest(here, "i1")
    assert (kind, fact["reason"], fact["invoice_balance"]) == (PaymentReversed, "unapplied", "80.00")
    kind, fact = await _newest(here, "i2")
    assert (kind, fact["amount"], fact["invoice_balance"]) == (PaymentReconciled, "30.00", "50.00")


def _unapply(here: Line, payment: str) -> None:
    bookkeeper.edit_payment(here.realm, payment, _money(here, amount="80.00"))


def _delete(here: Line, payment: str) -> None:
    here.delete("Payment", payment)


def _void(here: Line, payment: str) -> None:
    bookkeeper.void(here.realm, "Payment", payment)


@pytest.mark.parametrize(("end", "reason"), [(_unapply, "unapplied"), (_delete, "deleted"), (_void, "voided")])
async def test_money_that_no_longer_counts_is_reversed(here: Line, end: Any, reason: str) -> None:  # noqa: ANN401
    """R-45: PaymentReversed says why, and the invoice owes what it owed."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()

    end(here, payment["Id"])
    await here.poll()

    kind, fact = await _newest(here, "i1")
    assert (kind, fact["reason"], fact["invoice_balance"]) == (PaymentReversed, reason, "80.00")
    assert (fact["invoice_status"], fact["amount"]) == ("Unpaid", "80.00")


async def test_a_payment_that_came_and_went_between_two_polls_is_not_told(here: Line) -> None:
    """R-45: nobody hears of money that no longer counts when it is first read."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    here.delete("Payment", payment["Id"])

    await here.poll()

    assert await told(here) == []


async def test_a_reversed_payment_that_is_applied_again_counts_again(here: Line) -> None:
    """R-45: what was unapplied and is applied once more is reconciled once more."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()
    _unapply(here, payment["Id"])
    await here.poll()

    bookkeeper.edit_payment(here.realm, payment["Id"], _money(here, ("I1", "80.00")))
    await here.poll()

    assert [type(fact) for fact in await told(here)] == [PaymentReconciled, PaymentReversed, PaymentReconciled]
    assert (await _newest(here, "i1"))[1]["invoice_status"] == "Paid"


@pytest.mark.parametrize("bump", ["yes", "no"])
async def test_a_void_invoice_is_not_paid(database_url: str, bump: Literal["yes", "no"]) -> None:
    """R-45: its balance is zero because it is void; the payment that covered it is reversed, and Paid is not said."""
    async with line(database_url, switches=Switches(limits="off", void_bumps_payment=bump)) as here:
        await _two_invoices(here)
        invoice = here.one("Invoice", DocNumber="I1")
        here.pay(invoice, "30.00")
        await here.poll()

        bookkeeper.void(here.realm, "Invoice", invoice["Id"])
        await here.poll()

        kind, fact = await _newest(here, "i1")
        assert (kind, fact["reason"]) == (PaymentReversed, "unapplied")
        assert "Paid" not in {fact.invoice_status.value for fact in await told(here)}


async def test_payments_of_an_invoice_that_is_deleted_are_reversed(here: Line) -> None:
    """R-45, R-62: money that covered a deleted invoice counts for nothing any more."""
    invoice = here.one("Invoice", DocNumber="I1")
    here.pay(invoice, "80.00")
    await here.poll()

    here.delete("Invoice", invoice["Id"])
    await here.poll()

    kind, fact = await _newest(here, "i1")
    assert (kind, fact["invoice_total"], fact["invoice_status"]) == (PaymentReversed, "0.00", "Unpaid")


async def test_an_invoice_that_changes_its_total_is_told_with_its_payment(here: Line) -> None:
    """R-45: a paid invoice that grows is no longer paid, though its payment did not change."""
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()

    line_ = {"id": "a", "name": "Boiler service", "quantity": "3", "unit_price": "40.00"}
    await here.invoice("i1", version=2, lines=[line_])
    await here.turns()

    kind, fact = await _newest(here, "i1")
    assert (kind, fact["amount"], fact["invoice_balance"]) == (PaymentReconciled, "80.00", "40.00")
    assert fact["invoice_status"] == "PartlyPaid"


@pytest.mark.parametrize("request_ids", ["forever", "none"])
async def test_a_payment_on_an_invoice_whose_create_is_open_is_told_when_it_is_linked(
    database_url: str, request_ids: Literal["forever", "none"]
) -> None:
    """R-45: money recorded before we know that the invoice is ours is told once, when we do."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request_ids)) as here:
        await here.client()
        await here.turns()
        here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
        await here.invoice("i1")
        await here.turns()
        here.pay(here.one("Invoice"), "30.00")
        await here.poll()
        assert await told(here) == []

        await here.pass_time(seconds=LOOK_AGAIN)
        await here.turns()
        await here.poll()

        (fact,) = await told(here)
        assert (type(fact), fact.invoice_id) == (PaymentReconciled, "i1")
        assert (fact.amount, fact.invoice_balance) == (Decimal(30), Decimal(50))


async def test_a_payment_of_which_the_linked_invoice_was_shown_too_early_is_told_after_reading_it(
    database_url: str,
) -> None:
    """R-45: the answer of the create was played back from before the payment, so the invoice is read once more."""
    window = Window()
    async with line(database_url, wrap=window) as here:
        await here.client()
        await here.turns()
        here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
        await here.invoice("i1")
        await here.turns()
        # The feed shows the payment and not the invoice that it moved, nor does a query find that: it is made again,
        # and QuickBooks answers as it did at first.
        window.watched.answers["changes"] = lambda _, body: without(body, "Invoice")
        window.watched.answers["query"] = lambda _, body: {**body, "QueryResponse": {}}
        here.pay(here.one("Invoice"), "80.00")
        await here.poll()

        await here.pass_time(seconds=LOOK_AGAIN)
        await here.turns()

        assert [fact.invoice_status.value for fact in await told(here)] == ["Paid"]


async def test_reading_the_feed_again_tells_nothing_again(here: Line) -> None:
    """R-45: the overlap brings every payment several times, and a cursor set back brings all of them."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "30.00")
    here.pay(here.one("Invoice", DocNumber="I2"), "80.00")
    await here.poll()
    here.delete("Payment", payment["Id"])
    await here.poll()
    before = [event.id for event in await here.told()]

    await here.rows("UPDATE cursor SET changed_since = changed_since - interval '1 day' RETURNING 1")
    await here.poll()
    await here.poll()

    assert len(await told(here)) == 3
    assert [event.id for event in await here.told()] == before


async def test_a_worker_killed_after_the_poll_was_stored_tells_nothing_twice(here: Line) -> None:
    """The events, what was told, and the cursor are one transaction: the next owner's poll finds all of it done.

    An event's id derives from what it is of and from its version, so that a repeat would be known for one.
    """
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()

    await here.crash()
    await here.poll()

    (event,) = await here.told("PaymentReconciled")
    ((version,),) = await here.rows("SELECT return_version FROM sync_record WHERE klipboard_id = 'i1'")
    assert event.data["returnversion"] == version
    assert event.id == identity.return_event_id(
        tenant=here.tenant, subject="invoice/i1", type="PaymentReconciled", returnversion=version
    )


async def test_own_writes_bring_no_event_of_money(here: Line) -> None:
    """Invoices that we made come back in the feed without payments, and nothing is told of them."""
    await here.poll()

    assert await told(here) == []
    assert await here.rows("SELECT * FROM payment_application") == []


async def test_payments_of_an_invoice_born_in_quickbooks_are_kept_and_not_told(here: Line) -> None:
    """R-43: money on invoices that Klipboard does not know is noted for every invoice, and told of none."""
    theirs = bookkeeper.create(
        here.realm, "Invoice", {"CustomerRef": {"value": here.one("Customer")["Id"]}, "Line": [_sale("20.00")]}
    )
    here.pay(theirs, "20.00")

    await here.poll()

    assert await told(here) == []
    assert await here.rows("SELECT txn_id, amount FROM payment_application") == [(theirs["Id"], Decimal("20.00"))]


def _sale(amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}


async def test_a_paid_that_klipboard_said_is_agreed_to_when_the_payment_comes(database_url: str) -> None:
    """R-44: Klipboard's Paid is refused while QuickBooks knows no payment, and agreed to once it shows one.

    Here the invoice came with its zero balance before the payment did.
    """
    window = Window()
    async with line(database_url, wrap=window) as here:
        await _two_invoices(here)
        await here.tell("StatusChanged", "invoice/i1", 2, status="Paid")
        await here.turns()
        assert "Paid was refused" in (await here.record("invoice/i1"))["cause"]
        here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
        window.watched.answers["changes"] = lambda _, body: without(body, "Payment")
        await here.poll()
        await here.turns()

        window.watched.answers.clear()
        await here.poll()
        await here.turns()

        assert (await here.record("invoice/i1"))["cause"] is None
