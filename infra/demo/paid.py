"""Compares each payment in QuickBooks with what came back to Klipboard about it. Imports nothing of the product."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Fact = Mapping[str, Any]
RECONCILED: Final = "PaymentReconciled"
REVERSED: Final = "PaymentReversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One return event as Klipboard received it."""

    tenant: str
    type: str
    fact: Fact

    @property
    def version(self) -> int:
        """Grows with every event about one invoice."""
        return int(self.fact["returnversion"])


@dataclass(slots=True, kw_only=True)
class PaymentVerdict:
    """How the payments compare. A payment came back when everything about it did."""

    recorded: int = 0
    reconciled: int = 0
    reversed: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    """(tenant, payment, why)."""

    @property
    def complete(self) -> bool:
        """Whether every payment came back, and nothing that is not in the books."""
        return not self.wrong and self.reconciled + self.reversed == self.recorded


def judge_payments(
    *,
    tenants: Mapping[str, Mapping[str, Any]],
    invoice_ids: Mapping[tuple[str, str], str],
    told: Iterable[Told],
) -> PaymentVerdict:
    """Compare.

    Args:
        tenants: tenant -> its company's books.
        invoice_ids: (tenant, QuickBooks id of an invoice) -> Klipboard's id.
        told: everything that Klipboard received, in any order, repeats included.
    """
    verdict = PaymentVerdict()
    received = list(told)
    for tenant, books in tenants.items():
        mine = [one for one in received if one.tenant == tenant]
        ids = {quickbooks: ours for (owner, quickbooks), ours in invoice_ids.items() if owner == tenant}
        _Ledger(tenant, books, ids, mine).judge(verdict)
    return verdict


class _Ledger:
    """One company's payments, and what was told of them."""

    def __init__(self, tenant: str, books: Mapping[str, Any], ids: Mapping[str, str], told: Sequence[Told]) -> None:
        self.tenant, self.books, self.ids = tenant, books, ids
        ordered = sorted(told, key=lambda one: one.version)
        self.newest = {(one.fact["invoice_id"], one.fact["payment_id"]): one for one in ordered}
        self.last_of_invoice = {one.fact["invoice_id"]: one for one in ordered}
        self.methods = {one["Id"]: one["Name"] for one in books.get("PaymentMethod", ())}
        self.invoices = {ids[one["Id"]]: one for one in books.get("Invoice", ()) if one["Id"] in ids}

    def judge(self, verdict: PaymentVerdict) -> None:
        """Every payment that stands, every one that was deleted, and whatever was told of others."""
        standing = self.books.get("Payment", ())
        deleted = self.books.get("deleted", {}).get("Payment", ())
        for payment in standing:
            verdict.recorded += 1
            verdict.reconciled += self._note(verdict, payment, self._wrong_about(payment))
        for payment in deleted:
            verdict.recorded += 1
            verdict.reversed += self._note(verdict, payment, self._wrong_about_deleted(payment))
        known = {one["Id"] for one in (*standing, *deleted)}
        for invoice, payment_id in self.newest:
            if payment_id not in known:
                why = f"was told for invoice {invoice}, and is in no books"
                verdict.wrong.append((self.tenant, f"payment {payment_id}", why))

    def _note(self, verdict: PaymentVerdict, payment: Fact, wrong: Iterable[str]) -> bool:
        found = list(wrong)
        name = f"payment {payment['Id']} ({payment.get('PaymentRefNum', 'no reference')})"
        verdict.wrong += [(self.tenant, name, why) for why in found]
        return not found

    def _wrong_about(self, payment: Fact) -> Iterator[str]:
        sums = self._sums(payment)
        for invoice, amount in sums.items():
            yield from self._wrong_line(payment, invoice, amount)
        for invoice, payment_id in self.newest:
            if payment_id == payment["Id"] and invoice not in sums:
                yield from self._wrong_reversal(invoice, payment_id)

    def _wrong_line(self, payment: Fact, invoice: str, amount: Decimal) -> Iterator[str]:
        told = self.newest.get((invoice, payment["Id"]))
        if told is None or told.type != RECONCILED:
            yield f"{amount} on invoice {invoice} did not come back"
            return
        method = (payment.get("PaymentMethodRef") or {}).get("value")
        wanted = {
            "amount": amount,
            "currency": payment["CurrencyRef"]["value"],
            "paid_on": payment["TxnDate"],
            "method": self.methods.get(method),
            "reference": payment.get("PaymentRefNum"),
        }
        yield from _unequal(wanted, told.fact, invoice)
        yield from self._wrong_state(invoice)

    def _wrong_state(self, invoice: str) -> Iterator[str]:
        """What the last event about the invoice said of the invoice itself must still be so."""
        shown = self.invoices[invoice]
        total, balance = Decimal(str(shown["TotalAmt"])), Decimal(str(shown["Balance"]))
        partly = "PartlyPaid" if balance < total else "Unpaid"
        status = "Paid" if not balance and total else partly
        wanted = {"invoice_total": total, "invoice_balance": balance, "invoice_status": status}
        yield from _unequal(wanted, self.last_of_invoice[invoice].fact, invoice)

    def _wrong_about_deleted(self, payment: Fact) -> Iterator[str]:
        about = [invoice for invoice, payment_id in self.newest if payment_id == payment["Id"]]
        if not about:
            yield "was recorded and deleted, and neither came back"
        for invoice in about:
            yield from self._wrong_reversal(invoice, payment["Id"])

    def _wrong_reversal(self, invoice: str, payment_id: str) -> Iterator[str]:
        if self.newest[invoice, payment_id].type != REVERSED:
            yield f"no longer counts towards invoice {invoice}, and Klipboard was not told"

    def _sums(self, payment: Fact) -> dict[str, Decimal]:
        """Klipboard's invoice id -> how much of the payment is applied to it."""
        sums: dict[str, Decimal] = {}
        for line in payment.get("Line", ()):
            for link in line["LinkedTxn"]:
                invoice = self.ids.get(link["TxnId"])
                if link["TxnType"] == "Invoice" and invoice is not None:
                    sums[invoice] = sums.get(invoice, Decimal(0)) + Decimal(str(line["Amount"]))
        return sums


def _unequal(wanted: Mapping[str, Any], fact: Fact, invoice: str) -> Iterator[str]:
    for name, value in wanted.items():
        found = fact.get(name)
        same = Decimal(str(found)) == value if isinstance(value, Decimal) and found is not None else found == value
        if not same:
            yield f"invoice {invoice}: {name} should be {value}, came back as {found}"
