"""Payment: money received, and credits used, applied to invoices by its lines."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import exchange, links, parts, postings, preferences, roles, tree
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Flag, Money, Number, Ref
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
        Field("ExchangeRate", Number()),
        text("PrivateNote", 4000),
        made("LinkedTxn"),
        Field("Line", Parts(parts.PAYMENT_LINE)),
    ),
    unmodelled=frozenset(
        {
            *("ARAccountRef", "CreditCardPayment", "TxnSource", "TransactionLocationType", "TxnStatus"),
            *("TaxExemptionRef", "CustomField", "DepartmentRef", "DocNumber", "HomeTotalAmt", "PaymentType"),
            "TxnTaxDetail",
            *("CheckPayment", "AttachableRef", "Tag", "ProjectRef", "PaymentEx", "CurrencyRate"),
        }
    ),
)

TARGETS = ("Invoice", "CreditMemo")  # what a line may name

_LINE_EX = {
    "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope",
    "nil": False,
    "globalScope": True,
    "typeSubstituted": False,
}


def complete(draft: Draft) -> Doc:
    """Lines clipped to what the documents still have open; the rest stays unapplied."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "CustomerRef", "TotalAmt")
    if doc["TotalAmt"] < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    _check_currency(draft.realm, doc)
    doc = {**doc, "TxnDate": doc.get("TxnDate") or draft.realm.today(), "Line": _lines(draft, doc)}
    _check_credits(doc)
    doc.setdefault("DepositToAccountRef", {"value": roles.account(draft.realm, roles.UNDEPOSITED)})
    roles.check_deposit(draft.realm, doc["DepositToAccountRef"]["value"])
    if preferences.flag(draft.realm, "SalesFormsPrefs", "AutoApplyPayments") and _is_new(draft):
        doc["Line"] = [*doc["Line"], *_oldest_first(draft.realm, doc)]
    return exchange.valued(draft.realm, {"LinkedTxn": [], **doc, "UnappliedAmt": links.unapplied(doc)})


def _is_new(draft: Draft) -> bool:
    return draft.record is None and draft.origin != "seed"


def _check_currency(realm: Realm, doc: Doc) -> None:
    """In the customer's currency; the company has an account for what exchange gains and loses."""
    exchange.check_currency(realm, doc)
    if doc["CurrencyRef"]["value"] != realm.currency:
        roles.account(realm, roles.EXCHANGE)


def _check_credits(doc: Doc) -> None:
    """What is applied comes from the payment and its credits, and a credit is not applied to nothing."""
    left = links.unapplied(doc)
    if left < 0:
        raise refusal("business", reason="You can't apply more than the amount of the payment.")
    if left > doc["TotalAmt"]:
        raise refusal("business", reason="You can't apply more credits than there are charges.")


def _lines(draft: Draft, doc: Doc) -> list[Doc]:
    was = links.applied(draft.before)
    taken: dict[links.Target, Decimal] = {}
    lines = []
    for line in doc.get("Line") or ():
        require(line, "Amount", "LinkedTxn")
        target = _linked(draft.realm, doc, line)
        key = (target.entity, target.id)
        still_open = target.doc["Balance"] + was.get(key, NOTHING) - taken.get(key, NOTHING)
        amount = min(line["Amount"], still_open)
        if amount > 0:
            taken[key] = taken.get(key, NOTHING) + amount
            lines.append(_line(target, amount, still_open))
    return lines


def _linked(realm: Realm, doc: Doc, line: Doc) -> Record:
    link = line["LinkedTxn"][0]
    kind = str(link.get("TxnType"))
    if len(line["LinkedTxn"]) > 1 or kind not in TARGETS:
        raise not_modelled(f"Payment.Line.LinkedTxn {kind}")
    target = realm.find(kind, str(link.get("TxnId")))
    if target is None:
        raise refusal("not_found")
    payer, owner = doc["CustomerRef"]["value"], realm.records["Customer"][target.doc["CustomerRef"]["value"]]
    if payer != owner.id and payer not in tree.ancestors(realm, owner):
        raise refusal("cannot_link", value=target.id)
    return target


def _oldest_first(realm: Realm, doc: Doc) -> list[Doc]:
    """Lines that apply what is left to the customer's open invoices, where the company wants that by itself."""
    left, named, lines = links.unapplied(doc), links.applied(doc), []
    for invoice in open_documents(realm, "Invoice", doc["CustomerRef"]):
        amount = min(left, invoice.doc["Balance"])
        if amount > 0 and ("Invoice", invoice.id) not in named:
            lines.append(_line(invoice, amount, invoice.doc["Balance"]))
            left -= amount
    return lines


def open_documents(realm: Realm, entity: str, customer: Doc) -> list[Record]:
    """The customer's invoices or credit memos with a balance, oldest first."""
    found = [realm.records[entity][one] for one in realm.found_by(entity, "CustomerRef", customer) or ()]
    return sorted((one for one in found if one.doc["Balance"]), key=lambda one: (one.doc["TxnDate"], int(one.id)))


def _line(target: Record, amount: Decimal, still_open: Decimal) -> Doc:
    facts = {
        "txnId": target.id,
        "txnOpenBalance": format(still_open, "f"),
        "txnReferenceNumber": target.doc.get("DocNumber", ""),
    }
    return {
        "Amount": amount,
        "LinkedTxn": [{"TxnId": target.id, "TxnType": target.entity}],
        "LineEx": {"any": [_name_value(name, value) for name, value in facts.items()]},
    }


def _name_value(name: str, value: str) -> Doc:
    head = {"name": "{http://schema.intuit.com/finance/v3}NameValue", **_LINE_EX}
    return {**head, "value": {"Name": name, "Value": value}}


PAYMENT = Entity(
    Shelf("Payment", TABLE, sequence="Transaction", indexed=("CustomerRef", "PaymentRefNum", "TxnDate")),
    complete,
    links.follow,
    links.voided,
    postings=postings.received,
    operations=ALL_OPERATIONS | {"delete", "void"},
    order=("MetaData.LastUpdatedTime", True),
    sparse_edits=False,
    told_currency=True,
)
