"""Which payment covers which invoice by how much: the payments' lines are the truth, balances follow them."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities.customer import NOTHING
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc


def applied(payment: Doc) -> dict[str, Decimal]:
    """Invoice id -> how much of it this payment covers."""
    found: dict[str, Decimal] = {}
    for line in payment.get("Line") or ():
        invoice = line["LinkedTxn"][0]["TxnId"]
        found[invoice] = found.get(invoice, NOTHING) + line["Amount"]
    return found


def payments_of(realm: Realm, invoice_id: str) -> list[Record]:
    """The payments linked to an invoice, newest first."""
    linked = realm.records["Invoice"][invoice_id].doc["LinkedTxn"]
    return [realm.records["Payment"][link["TxnId"]] for link in linked if link["TxnType"] == "Payment"]


def apply_to_invoice(realm: Realm, invoice_id: str, payment_id: str, *, more: Decimal, linked: bool) -> None:
    """The invoice's balance falls by `more`, its links and its token follow (+1)."""
    record = realm.records["Invoice"][invoice_id]
    others = [link for link in record.doc["LinkedTxn"] if link["TxnId"] != payment_id]
    mine = [{"TxnId": payment_id, "TxnType": "Payment"}] if linked else []
    stays = linked and len(others) < len(record.doc["LinkedTxn"])  # an edit keeps the link where it stands
    links = record.doc["LinkedTxn"] if stays else mine + others
    realm.change(record, {**record.doc, "Balance": record.doc["Balance"] - more, "LinkedTxn": links})


def unlink_payments(realm: Realm, invoice_id: str, *, bump: bool) -> None:
    """Take the invoice out of all its payments; their money is unapplied again."""
    for payment in payments_of(realm, invoice_id):
        _reduce(realm, payment, invoice_id, applied(payment.doc)[invoice_id], bump=bump)


def give_back_excess(realm: Realm, invoice: Record) -> None:
    """An invoice became smaller than what was applied to it: the newest payments give back first."""
    payments = payments_of(realm, invoice.id)
    covered = sum((applied(payment.doc)[invoice.id] for payment in payments), NOTHING)
    excess = covered - invoice.doc["TotalAmt"]
    for payment in payments:
        less = min(excess, applied(payment.doc)[invoice.id])
        if less > 0:
            _reduce(realm, payment, invoice.id, less, bump=True)
            excess -= less
    held = {payment.id for payment in payments if invoice.id in applied(payment.doc)}
    if len(held) < len(payments):
        links = [link for link in invoice.doc["LinkedTxn"] if link["TxnId"] in held]
        realm.touch(invoice, {**invoice.doc, "LinkedTxn": links})


def _reduce(realm: Realm, payment: Record, invoice_id: str, less: Decimal, *, bump: bool) -> None:
    """Apply `less` less of this payment to the invoice; a line that is down to nothing goes."""
    lines, rest = [], less
    for line in payment.doc["Line"]:
        if line["LinkedTxn"][0]["TxnId"] != invoice_id or not rest:
            lines.append(line)
            continue
        taken = min(rest, line["Amount"])
        rest -= taken
        if line["Amount"] > taken:
            lines.append({**line, "Amount": line["Amount"] - taken})
    doc = {**payment.doc, "Line": lines, "UnappliedAmt": payment.doc["UnappliedAmt"] + less}
    (realm.change if bump else realm.touch)(payment, doc)
