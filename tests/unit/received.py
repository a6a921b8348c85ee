"""Payments and invoices as QuickBooks shows them, and a reader who believes what is told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mapping import payments
from mapping.payments import Application, Shown, Totals
from schemas.kinds import KlipboardId
from schemas.returns import PaymentReconciled, PaymentReversed

METHODS = {"3": "Check", "4": "Visa"}
OWED = Totals(total=Decimal("80.00"), balance=Decimal("80.00"))


def a_payment(token: int = 0, *, id: str = "9", lines: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:  # noqa: A002, ANN401
    """A Payment on these invoices, id -> amount; its total is what it covers unless another is given."""
    found = [_line(invoice, amount) for invoice, amount in (lines or {}).items()]
    total = sum((line["Amount"] for line in found), Decimal("0.00"))
    usual = {"TxnDate": "2026-03-09", "CurrencyRef": {"value": "USD"}, "TotalAmt": total, "Line": found}
    return {"Id": id, "SyncToken": str(token), **usual, **more}


def _line(invoice: str, amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}


def read(payment: Mapping[str, Any]) -> Shown:
    """Read it as in a company that books in US dollars."""
    return payments.shown(payment=payment, methods=METHODS, currency="USD")


@dataclass
class Ledger:
    """The stored applications, what was told of them, and what a reader of it believes."""

    rows: dict[tuple[str, str, str], Application] = field(default_factory=dict)
    told: list[PaymentReconciled | PaymentReversed] = field(default_factory=list)
    _last: list[tuple[str, str, str]] = field(default_factory=list)

    def store(self, shown: Shown) -> None:
        """Store a reading of one payment."""
        stored = [row for row in self.rows.values() if row.payment_id == shown.payment_id]
        for row in payments.changes(shown=shown, stored=stored):
            self.rows[_key(row)] = row

    def tell(self, totals: Totals, *, invoice: str = "1") -> Sequence[PaymentReconciled | PaymentReversed]:
        """Tell what there is to tell of one invoice."""
        before = len(self.told)
        for row in payments.to_tell(applications=self.of(invoice), totals=totals):
            version = len(self.told) + 1
            self.told.append(
                payments.fact(
                    application=row, totals=totals, invoice_id=KlipboardId(f"i{invoice}"), returnversion=version
                )
            )
            self.rows[_key(row)] = replace(row, told=payments.told(application=row, totals=totals))
            self._last = [*(key for key in self._last if key != _key(row)), _key(row)]
        return self.told[before:]

    def of(self, invoice: str) -> list[Application]:
        """The applications of one invoice, the last told one last."""
        found = [row for row in self.rows.values() if (row.txn_type, row.txn_id) == ("Invoice", invoice)]
        return sorted(found, key=lambda row: self._last.index(_key(row)) if _key(row) in self._last else -1)

    def believed(self) -> dict[str, PaymentReconciled]:
        """What counts towards which invoice, by the newest that was told of it. One payment at a time."""
        newest = {fact.invoice_id: fact for fact in self.told}
        return {invoice: fact for invoice, fact in newest.items() if isinstance(fact, PaymentReconciled)}


def _key(row: Application) -> tuple[str, str, str]:
    return (row.payment_id, row.txn_type, row.txn_id)
