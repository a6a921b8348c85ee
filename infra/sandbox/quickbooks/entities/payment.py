"""Payment: money received, applied to invoices by its lines."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import links, parts, postings, roles
from infra.sandbox.quickbooks.entities.customer import ancestors
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Flag, Money, Ref
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TABLE = Table(
    "Payment",
    (
        Field("CustomerRef", Ref("Customer"), query=True),
        Field("DepositToAccountRef", Ref("Account", named=False)),
        Field("PaymentMethodRef", Ref("PaymentMethod", named=False), query=True),
        text("PaymentRefNum", 21, query=True),
        Field("TotalAmt", Money(), query=True),
        made("UnappliedAmt", Money(), query=True),
        Field("ProcessPayment", Flag(), default=False),
        *HEAD,
        Field("TxnDate", Day(), query=True),
        Field("CurrencyRef", Currency()),
        text("PrivateNote", 4000),
        made("LinkedTxn"),
        Field("Line", Parts(parts.PAYMENT_LINE)),
    ),
    unmodelled=frozenset(
        {
            *("ARAccountRef", "CreditCardPayment", "ExchangeRate", "TxnSource", "TransactionLocationType", "TxnStatus"),
            *(
                "TaxExemptionRef",
                "CustomField",
                "DepartmentRef",
                "DocNumber",
                "HomeTotalAmt",
                "PaymentType",
                "TxnTaxDetail",
            ),
            *("CheckPayment", "AttachableRef", "Tag", "ProjectRef", "PaymentEx", "CurrencyRate"),
        }
    ),
)

_LINE_EX = {
    "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope",
    "nil": False,
    "globalScope": True,
    "typeSubstituted": False,
}


def complete(draft: Draft) -> Doc:
    """Lines clipped to what the invoices still owe; the rest stays unapplied."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "CustomerRef", "TotalAmt")
    if doc["TotalAmt"] < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    lines = _lines(draft, doc)
    covered = sum((line["Amount"] for line in lines), NOTHING)
    if covered > doc["TotalAmt"]:
        raise refusal("business", reason="You can't apply more than the amount of the payment.")
    doc = {**doc, "TxnDate": doc.get("TxnDate") or draft.realm.today(), "Line": lines}
    doc.setdefault("DepositToAccountRef", {"value": roles.account(draft.realm, roles.UNDEPOSITED)})
    return {"LinkedTxn": [], **doc, "UnappliedAmt": doc["TotalAmt"] - covered}


def _lines(draft: Draft, doc: Doc) -> list[Doc]:
    was = links.applied(draft.before)
    taken: dict[str, Decimal] = {}
    lines = []
    for line in doc.get("Line") or ():
        require(line, "Amount", "LinkedTxn")
        invoice = _linked_invoice(draft.realm, doc, line)
        still_owed = invoice.doc["Balance"] + was.get(("Invoice", invoice.id), NOTHING) - taken.get(invoice.id, NOTHING)
        amount = min(line["Amount"], still_owed)
        if amount > 0:
            taken[invoice.id] = taken.get(invoice.id, NOTHING) + amount
            lines.append(_line(invoice, amount, still_owed))
    return lines


def _linked_invoice(realm: Realm, doc: Doc, line: Doc) -> Record:
    link = line["LinkedTxn"][0]
    if len(line["LinkedTxn"]) > 1 or link.get("TxnType") != "Invoice":
        raise not_modelled(f"Payment.Line.LinkedTxn {link.get('TxnType')}")
    invoice = realm.find("Invoice", str(link.get("TxnId")))
    if invoice is None:
        raise refusal("not_found")
    payer, owner = doc["CustomerRef"]["value"], realm.records["Customer"][invoice.doc["CustomerRef"]["value"]]
    if payer != owner.id and payer not in ancestors(realm, owner):
        raise refusal("cannot_link", value=invoice.id)
    return invoice


def _line(invoice: Record, amount: Decimal, still_owed: Decimal) -> Doc:
    facts = {
        "txnId": invoice.id,
        "txnOpenBalance": format(still_owed, "f"),
        "txnReferenceNumber": invoice.doc["DocNumber"],
    }
    return {
        "Amount": amount,
        "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}],
        "LineEx": {"any": [_name_value(name, value) for name, value in facts.items()]},
    }


def _name_value(name: str, value: str) -> Doc:
    head = {"name": "{http://schema.intuit.com/finance/v3}NameValue", **_LINE_EX}
    return {**head, "value": {"Name": name, "Value": value}}


def voided(realm: Realm, record: Record) -> Doc:  # noqa: ARG001 - the shape all entities share
    """No money, no lines, the note "Voided"."""
    kept = {name: value for name, value in record.doc.items() if name != "Line"}
    note = record.doc.get("PrivateNote")
    marked = f"Voided - {note}" if note else "Voided"
    return {**kept, "TotalAmt": NOTHING, "UnappliedAmt": NOTHING, "PrivateNote": marked}


PAYMENT = Entity(
    Shelf("Payment", TABLE, sequence="Transaction", indexed=("CustomerRef", "PaymentRefNum", "TxnDate")),
    complete,
    links.follow,
    voided,
    postings=postings.received,
    operations=ALL_OPERATIONS | {"delete", "void"},
    order=("MetaData.LastUpdatedTime", True),
    sparse_edits=False,
)
