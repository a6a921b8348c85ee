"""QuickBooks payments, line by line: what they are applied to, what changed since, and what is told of it (R-45)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import ValidationError

from mapping import identity
from schemas.kinds import KlipboardId
from schemas.returns import PaymentReconciled, PaymentReversed, ReversalReason, SettlementStatus

CENT: Final = Decimal("0.01")
VOID_NOTE: Final = "Voided"  # QuickBooks puts it before any note there was
ITSELF: Final = "Payment"
"""The type of the transaction that a payment lies on while it is applied to nothing: the payment itself."""

_BAD_SHAPE: Final = (KeyError, TypeError, ValueError, AttributeError, InvalidOperation)


class UnreadablePayment(ValueError):  # noqa: N818 - the name says what happened
    """A payment of QuickBooks, or its invoice, has a shape that is not known. Nothing of it is told; report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """So much of one payment on one transaction: as last read, and as last told (`told`: None when it never was)."""

    payment_id: str
    txn_type: str
    txn_id: str
    amount: Decimal
    currency: str
    paid_on: date
    method: str | None
    reference: str | None
    token: str
    reason: ReversalReason | None = None
    told: str | None = None

    @property
    def applied(self) -> bool:
        """Whether the money counts towards the transaction."""
        return self.reason is None

    @property
    def content(self) -> str:
        """Digest of what is told about the application itself."""
        parts = (self.amount, self.currency, self.paid_on.isoformat(), self.method, self.reference, self.reason)
        return identity.digest([None if part is None else str(part) for part in parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A payment as QuickBooks shows it now: its token, its applications, and why none counts if it is gone."""

    payment_id: str
    token: str | None
    applications: tuple[Application, ...]
    ended: ReversalReason = ReversalReason.UNAPPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """An invoice's own total and open balance, as QuickBooks shows them."""

    total: Decimal
    balance: Decimal

    @property
    def digest(self) -> str:
        """Digest of both."""
        return identity.digest([str(self.total), str(self.balance)])

    @property
    def status(self) -> SettlementStatus:
        """Paid needs a zero balance *and* something that was owed: a void has balance zero too (R-45)."""
        if self.balance == 0 and self.total > 0:
            return SettlementStatus.PAID
        partly = 0 < self.balance < self.total
        return SettlementStatus.PARTLY_PAID if partly else SettlementStatus.UNPAID


NOTHING_LEFT: Final = Totals(total=Decimal("0.00"), balance=Decimal("0.00"))
"""The totals of an invoice that was deleted in QuickBooks."""


def method_of(payment: Mapping[str, Any]) -> str | None:
    """Id of the payment's method. QuickBooks never sends the name with it."""
    reference = payment.get("PaymentMethodRef")
    value = reference.get("value") if isinstance(reference, Mapping) else None
    return str(value) if value else None


def shown(*, payment: Mapping[str, Any], methods: Mapping[str, str], currency: str) -> Shown:
    """Read a live Payment. `methods`: id → name; `currency`: the company's, where the payment names none.

    Lines on one transaction are summed. A payment that is applied to nothing lies on itself: so its token is kept, and
    an older reading of it is known for one. Raises UnreadablePayment.
    """
    try:
        id_, token = str(payment["Id"]), str(int(payment["SyncToken"]))
        sums = _sums(payment.get("Line") or ()) or {(ITSELF, id_): money(payment.get("TotalAmt") or 0)}
        method = method_of(payment)
        found = tuple(
            Application(
                payment_id=id_,
                txn_type=txn_type,
                txn_id=txn_id,
                amount=amount,
                currency=(payment.get("CurrencyRef") or {}).get("value") or currency,
                paid_on=date.fromisoformat(payment["TxnDate"]),
                method=methods.get(method, method) if method else None,
                reference=payment.get("PaymentRefNum") or None,
                token=token,
            )
            for (txn_type, txn_id), amount in sums.items()
        )
        ended = ReversalReason.VOIDED if _is_void(payment) else ReversalReason.UNAPPLIED
        return Shown(payment_id=id_, token=token, applications=found, ended=ended)
    except _BAD_SHAPE as error:
        raise UnreadablePayment(f"payment {payment.get('Id')}: {error!r}") from error


def deleted(*, payment_id: str) -> Shown:
    """A payment of which the change feed shows only that it was deleted."""
    return Shown(payment_id=payment_id, token=None, applications=(), ended=ReversalReason.DELETED)


def money(value: Any) -> Decimal:  # noqa: ANN401 - a number as JSON gave it
    """Exact cents. Raises UnreadablePayment where a fraction of a cent would be lost."""
    exact = Decimal(value)
    cents = exact.quantize(CENT)
    if cents != exact:
        raise UnreadablePayment(f"{exact} has a fraction of a cent")
    return cents


def totals(invoice: Mapping[str, Any]) -> Totals:
    """The total and balance that QuickBooks shows on an Invoice, nothing on a deleted one. Raises UnreadablePayment."""
    if invoice.get("status") == "Deleted":
        return NOTHING_LEFT
    try:
        return Totals(total=money(invoice["TotalAmt"]), balance=money(invoice["Balance"]))
    except _BAD_SHAPE as error:
        raise UnreadablePayment(f"invoice {invoice.get('Id')}: {error!r}") from error


def changes(*, shown: Shown, stored: Sequence[Application]) -> tuple[Application, ...]:
    """The applications of one payment that must be stored anew. An older reading changes nothing."""
    if shown.token is not None and any(_is_later(row, than=shown.token) for row in stored):
        return ()
    before = {(row.txn_type, row.txn_id): row for row in stored}
    now = {(row.txn_type, row.txn_id): row for row in shown.applications}
    live = [replace(row, told=before[key].told if key in before else None) for key, row in now.items()]
    gone = [
        replace(row, reason=shown.ended, token=shown.token or row.token)
        for key, row in before.items()
        if key not in now and row.applied
    ]
    return tuple(row for row in (*gone, *live) if before.get((row.txn_type, row.txn_id)) != row)


def to_tell(*, applications: Sequence[Application], totals: Totals) -> tuple[Application, ...]:
    """What must be told about one invoice, reversals first, so that the last one leaves the invoice as it stands.

    `applications`: all of the invoice, the last told one last. When no application changed but the invoice's total or
    balance did since the last telling, the newest that counts is told again with them.
    """
    new = news(applications)
    if new:
        return tuple(sorted(new, key=lambda row: row.applied))
    known = [row for row in applications if row.told is not None]
    if not known or known[-1].told == told(application=known[-1], totals=totals):
        return ()
    return tuple([row for row in known if row.applied][-1:])


def told(*, application: Application, totals: Totals) -> str:
    """What `Application.told` holds after a telling: digests of the application and of the totals told with it."""
    return f"{application.content}.{totals.digest}"


def agrees(*, invoice: Mapping[str, Any], applications: Iterable[Application]) -> bool:
    """Whether the invoice lists every payment that is applied, and none that no longer is: else it was read too early.

    It may list others: payments that the change feed is still to show.
    """
    links = invoice.get("LinkedTxn") or ()
    listed = {str(link.get("TxnId")) for link in links if link.get("TxnType") == "Payment"}
    return all((row.payment_id in listed) is row.applied for row in applications)


def news(applications: Iterable[Application]) -> tuple[Application, ...]:
    """The applications that differ from what was told of them. What was never told needs no reversal."""
    return tuple(row for row in applications if _is_news(row))


def fact(
    *, application: Application, totals: Totals, invoice_id: KlipboardId, returnversion: int
) -> PaymentReconciled | PaymentReversed:
    """The event's content for one application, as it stands. Raises UnreadablePayment where no event can hold it."""
    common: dict[str, Any] = {
        "invoice_id": invoice_id,
        "payment_id": application.payment_id,
        "amount": application.amount,
        "currency": application.currency,
        "invoice_total": totals.total,
        "invoice_balance": totals.balance,
        "invoice_status": totals.status,
        "returnversion": returnversion,
    }
    try:
        if application.reason is not None:
            return PaymentReversed(**common, reason=application.reason)
        own = {"paid_on": application.paid_on, "method": application.method, "reference": application.reference}
        return PaymentReconciled(**common, **own)
    except ValidationError as error:
        raise UnreadablePayment(f"payment {application.payment_id}: {error!r}") from error


def _sums(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        linked = line.get("LinkedTxn") or ()
        if len(linked) > 1:
            raise UnreadablePayment("one line is linked to several transactions; its amount cannot be told apart")
        for link in linked:
            key = (str(link["TxnType"]), str(link["TxnId"]))
            sums[key] = sums.get(key, Decimal("0.00")) + money(line["Amount"])
    return sums


def _is_void(payment: Mapping[str, Any]) -> bool:
    note = str(payment.get("PrivateNote") or "")
    return Decimal(payment.get("TotalAmt") or 0) == 0 and not payment.get("Line") and note.startswith(VOID_NOTE)


def _is_later(row: Application, *, than: str) -> bool:
    """Whether a row is of a later time than a reading with that token. After its deletion nothing of a payment is."""
    return row.reason is ReversalReason.DELETED or int(row.token) > int(than)


def _is_news(row: Application) -> bool:
    if row.told is None:
        return row.applied
    return row.told.split(".")[0] != row.content
