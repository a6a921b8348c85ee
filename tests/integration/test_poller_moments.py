"""Readings of different moments: what was read too early, too late, or after too long a time."""

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from infra.sandbox.quickbooks import bookkeeper
from schemas.returns import PaymentReconciled, PaymentReversed
from tests.integration.line import Line
from tests.integration.polled import RECONCILED, REVERSED, cursor, only, polled_line, said, set_back, told, without
from tests.integration.watched import Body, Window, rows

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def window() -> Window:
    """A window on the calls of the line below."""
    return Window()


@pytest.fixture
async def here(database_url: str, window: Window) -> AsyncIterator[Line]:
    """A line with client c1 and invoices i1 and i2 over 80.00 each, all in QuickBooks and polled."""
    async with polled_line(database_url, window) as found:
        yield found


# --- readings of different moments ---


async def test_an_invoice_read_before_its_payment_does_not_tell_its_balance(here: Line, window: Window) -> None:
    """R-45: the payment came after the invoice's row was read; the invoice is read once more, and then told."""
    early = deepcopy(here.one("Invoice", DocNumber="I1"))
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")

    def too_early(_: object, body: Body) -> Body:
        rows(body, "Invoice")[:] = [early]
        return body

    window.watched.answers["changes"] = too_early
    await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "0.00")]
    assert [name for name in window.watched.names() if name != "query"] == ["changes", "read"]


async def test_an_invoice_read_before_its_payment_was_edited_does_not_tell_its_balance(
    here: Line, window: Window
) -> None:
    """R-45: both know the payment, and the invoice still shows what it was; by their times it is known for too old."""
    invoice = here.one("Invoice", DocNumber="I1")
    payment = here.pay(invoice, "30.00")
    early = deepcopy(here.one("Invoice", DocNumber="I1"))
    early["MetaData"]["LastUpdatedTime"] = "2026-01-01T00:00:00+00:00"
    lines = [{"invoice": invoice["Id"], "amount": Decimal(80)}]
    edited = {"customer": invoice["CustomerRef"]["value"], "amount": Decimal(80), "lines": lines}
    bookkeeper.edit_payment(here.realm, payment["Id"], edited)

    def too_early(_: object, body: Body) -> Body:
        rows(body, "Invoice")[:] = [early]
        return body

    window.watched.answers["changes"] = too_early
    await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "0.00")]


async def test_money_that_went_is_told_though_its_invoice_is_not_shown(here: Line, window: Window) -> None:
    """R-45: a payment touches every invoice that it covered, whether or not the same answer shows them."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()
    here.delete("Payment", payment["Id"])
    window.watched.answers["changes"] = lambda _, body: without(body, "Invoice")

    await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "0.00"), (REVERSED, "i1", "80.00")]


async def test_an_invoice_read_after_the_feed_may_be_gone_by_then(here: Line, window: Window) -> None:
    """R-45: the payment is told of an invoice that was voided meanwhile, and the void is not called Paid."""
    invoice = here.one("Invoice", DocNumber="I1")
    here.pay(invoice, "80.00")
    window.watched.answers["changes"] = lambda _, body: without(body, "Invoice")
    window.watched.before["read"] = lambda _: bookkeeper.void(here.realm, "Invoice", invoice["Id"])

    await here.poll()
    window.watched.answers.clear()
    window.watched.before.clear()
    await here.poll()

    facts = await told(here)
    assert "Paid" not in {fact.invoice_status.value for fact in facts}
    assert [type(fact) for fact in facts] == [PaymentReconciled, PaymentReversed]


async def test_an_unknown_payment_method_is_looked_up_once(here: Line, window: Window) -> None:
    """R-45: payments carry the method's id alone; its name is read when it is new, and known from then on."""
    here.pay(here.one("Invoice", DocNumber="I1"), "30.00", method="Check")
    await here.poll()
    here.pay(here.one("Invoice", DocNumber="I2"), "30.00", method="Check")
    await here.poll()

    assert [fact.method for fact in await told(here) if isinstance(fact, PaymentReconciled)] == ["Check", "Check"]
    assert window.watched.names() == ["changes", "query", "changes"]


async def test_credits_applied_by_a_payment_of_nothing_settle_the_invoice(here: Line, window: Window) -> None:
    """R-45: a payment whose lines join an invoice and a credit memo counts by its line, though it is worth nothing."""
    invoice = here.one("Invoice", DocNumber="I1")
    credit = {
        "Id": "900",
        "SyncToken": "0",
        "TotalAmt": 0,
        "TxnDate": "2026-03-09",
        "CurrencyRef": {"value": "USD"},
        "MetaData": {"LastUpdatedTime": invoice["MetaData"]["LastUpdatedTime"]},
        "Line": [
            {"Amount": 80, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]},
            {"Amount": 80, "LinkedTxn": [{"TxnId": "899", "TxnType": "CreditMemo"}]},
        ],
    }
    settled = {**invoice, "SyncToken": "1", "Balance": 0, "LinkedTxn": [{"TxnId": "900", "TxnType": "Payment"}]}

    def with_credit(_: object, body: Body) -> Body:
        rows(body, "Payment").append(credit)
        rows(body, "Invoice")[:] = [settled]
        return body

    window.watched.answers["changes"] = with_credit
    await here.poll()

    (fact,) = await told(here)
    assert (fact.amount, fact.invoice_status.value) == (Decimal(80), "Paid")


async def test_a_deleted_payment_does_not_come_back_with_an_older_reading(here: Line, window: Window) -> None:
    """R-45: an answer that lags behind shows the payment alive, with the token that it last had."""
    payment = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await here.poll()
    here.delete("Payment", payment["Id"])
    await here.poll()

    def late(_: object, body: Body) -> Body:
        body = without(body, "Payment")
        rows(body, "Payment").append(payment)
        return body

    window.watched.answers["changes"] = late
    await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "0.00"), (REVERSED, "i1", "80.00")]


async def test_an_unapplied_payment_is_not_applied_again_by_an_older_reading(here: Line, window: Window) -> None:
    """R-45: the newest reading of a payment names no invoice; an older one that names one must not win."""
    invoice = here.one("Invoice", DocNumber="I1")
    payment = here.pay(invoice, "80.00")
    bookkeeper.edit_payment(
        here.realm, payment["Id"], {"customer": invoice["CustomerRef"]["value"], "amount": Decimal(80)}
    )
    await here.poll()

    def late(_: object, body: Body) -> Body:
        rows(body, "Payment")[:] = [payment]
        return body

    window.watched.answers["changes"] = late
    await here.poll()

    assert await said(here) == []


async def test_the_last_told_payment_is_known_whatever_the_clock_does(here: Line) -> None:
    """A database whose clock was set back does not take an older telling for the newest, and tell with each poll."""
    here.pay(here.one("Invoice", DocNumber="I1"), "30.00")
    await here.poll()
    await here.rows("UPDATE payment_application SET changed_at = changed_at + interval '1 day' RETURNING 1")

    here.pay(here.one("Invoice", DocNumber="I1"), "20.00")
    for _ in range(3):
        await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "50.00"), (RECONCILED, "i1", "30.00")]


# --- beyond the feed's reach ---


async def test_after_more_than_thirty_days_everything_is_compared(here: Line, window: Window) -> None:
    """What the feed can no longer show is found by comparing: changes by query, deletions by absence."""
    first, second = (here.one("Invoice", DocNumber=number) for number in ("I1", "I2"))
    gone, changed = here.pay(first, "80.00"), here.pay(second, "30.00")
    await here.poll()
    await set_back(here, days=40)
    here.delete("Payment", gone["Id"])
    lines = [{"invoice": second["Id"], "amount": Decimal(50)}]
    edited = {"customer": second["CustomerRef"]["value"], "amount": Decimal(50), "lines": lines}
    bookkeeper.edit_payment(here.realm, changed["Id"], edited)
    here.edit("Customer", here.one("Customer")["Id"], Notes="x")
    window.watched.asked.clear()

    await here.poll()

    assert "changes" not in window.watched.names()
    assert sorted((await said(here))[2:]) == [(RECONCILED, "i2", "30.00"), (REVERSED, "i1", "80.00")]
    assert (await here.record("client/c1"))["unreturned"] == {"Notes": "x"}
    assert await cursor(here) > datetime.now(UTC) - timedelta(minutes=1)


async def test_an_invoice_absent_after_more_than_thirty_days_is_gone(here: Line) -> None:
    """R-62: a deletion that nobody polled in time is found all the same."""
    here.delete("Invoice", here.one("Invoice", DocNumber="I1")["Id"])
    await set_back(here, days=40)

    await here.poll()

    states = await here.rows("SELECT klipboard_id, state FROM sync_record WHERE kind = 'invoice' ORDER BY 1")
    assert states == [("i1", "gone_in_quickbooks"), ("i2", "synced")]


async def test_a_number_used_again_after_a_deletion_is_another_invoice(here: Line) -> None:
    """Deletions before additions: in one answer our invoice goes, and a bookkeeper's takes its number."""
    first = here.one("Invoice", DocNumber="I1")
    here.delete("Invoice", first["Id"])
    sale = {"Amount": Decimal(5), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    theirs = bookkeeper.create(
        here.realm, "Invoice", {"DocNumber": "I1", "CustomerRef": first["CustomerRef"], "Line": [sale]}
    )

    await here.poll()

    assert (await here.record("invoice/i1"))["state"] == "gone_in_quickbooks"
    assert await only(here, "Invoice") == [theirs["Id"]]
