"""BillPayment: money paid to a vendor by check or card, applied to bills by its lines."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import links, purchase_forms, purchase_postings
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity, require, voided_note
from infra.sandbox.quickbooks.entities.parts import HEAD, text
from infra.sandbox.quickbooks.entities.purchase_parts import CARD, CHECK, SETTLING_LINE
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Elsewhere, Flag, Money, Number, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

# How it is paid -> the property that says from where, the reference in it, and that account's type.
WAYS = {
    "Check": ("CheckPayment", "BankAccountRef", "Bank"),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", "Credit Card"),
}
CARD_NUMBER = "1"  # the document number of a payment by card that was given none

TABLE = Table(
    "BillPayment",
    (
        Field("VendorRef", Ref("Vendor"), query=True),
        Field("APAccountRef", Ref("Account"), query=True),
        Field("PayType", Text(choices=tuple(WAYS))),
        Field("CheckPayment", Part(CHECK)),
        Field("CreditCardPayment", Part(CARD)),
        Field("TotalAmt", Money(), query=True),
        Field("ProcessBillPayment", Flag()),
        *HEAD,
        text("DocNumber", 21, query=True),
        Field("TxnDate", Day(), query=True),
        Field("DepartmentRef", Elsewhere()),
        Field("CurrencyRef", Currency()),
        Field("ExchangeRate", Number()),
        text("PrivateNote", 4000),
        Field("Line", Parts(SETTLING_LINE)),
    ),
    unmodelled=purchase_forms.UNMODELLED | {"TxnTaxDetail", "LinkedTxn", "CustomField"},
)


def complete(draft: Draft) -> Doc:
    """Lines clipped to what the bills still owe; what is paid besides is a credit with the vendor."""
    doc = draft.doc
    require(doc, "VendorRef", "TotalAmt", "PayType", *(("Line",) if _needs_lines(draft) else ()))
    if doc["TotalAmt"] < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    doc = _paid(draft.realm, purchase_forms.valued(draft.realm, doc))
    lines = _lines(draft, doc)
    covered = sum((line["Amount"] for line in lines), NOTHING)
    if covered > doc["TotalAmt"]:
        raise refusal("business", reason="You can't apply more than the amount of the payment.")
    doc = {**doc, "TxnDate": doc.get("TxnDate") or draft.realm.today(), "Line": lines}
    doc["_payable"] = purchase_forms.payable(draft.realm, doc)["value"]
    return _idle(doc) if draft.record is None and not lines and _all_paid(draft) else doc


def _needs_lines(draft: Draft) -> bool:
    """Only what lost its lines, with its bills or by being voided, is whole without any."""
    return draft.record is None or bool(draft.before.get("Line"))


def _paid(realm: Realm, doc: Doc) -> Doc:
    """The payment with one way of paying, and the account it comes from. Raises Refusal (6430 for another type's)."""
    name, reference, kind = WAYS[doc["PayType"]]
    require(doc, name)
    if reference not in doc[name]:
        raise refusal("missing", name=reference)
    if realm.records["Account"][doc[name][reference]["value"]].doc["AccountType"] != kind:
        raise refusal("account_type", name=reference)
    others = {other for other, *_ in WAYS.values()} - {name}
    doc = {one: value for one, value in doc.items() if one not in others}
    if doc["PayType"] == "Check":
        return {**doc, name: {"PrintStatus": "NeedToPrint", **doc[name]}}
    return {"DocNumber": CARD_NUMBER, **doc}


def _lines(draft: Draft, doc: Doc) -> list[Doc]:
    was = links.applied(draft.before)
    taken: dict[str, Decimal] = {}
    lines = []
    for line in doc.get("Line") or ():
        require(line, "Amount", "LinkedTxn")
        if line["Amount"] < 0:
            raise refusal("negative_amount", value=line["Amount"])
        bill = _linked_bill(draft.realm, doc, line)
        still_owed = bill.doc["Balance"] + was.get(("Bill", bill.id), NOTHING) - taken.get(bill.id, NOTHING)
        amount = min(line["Amount"], still_owed)
        if amount > 0:
            taken[bill.id] = taken.get(bill.id, NOTHING) + amount
            lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": bill.id, "TxnType": "Bill"}]})
    return lines


def _linked_bill(realm: Realm, doc: Doc, line: Doc) -> Record:
    link = line["LinkedTxn"][0]
    if len(line["LinkedTxn"]) > 1 or link.get("TxnType") != "Bill":
        raise not_modelled(f"BillPayment.Line.LinkedTxn {link.get('TxnType')}")
    bill = realm.find("Bill", str(link.get("TxnId")))
    if bill is None:
        raise refusal("not_found")
    if bill.doc["VendorRef"] != doc["VendorRef"]:
        raise refusal("cannot_link", value=bill.id)
    return bill


def _all_paid(draft: Draft) -> bool:
    """Whether nothing is owed any more on the bills that the payment names."""
    named = [line["LinkedTxn"][0]["TxnId"] for line in draft.doc["Line"]]
    return not any(draft.realm.records["Bill"][str(one)].doc["Balance"] for one in named)


def _idle(doc: Doc) -> Doc:
    """A payment of bills that are paid already is voided by itself: it has no lines, and no money."""
    return {**doc, "TotalAmt": NOTHING, "PrivateNote": voided_note(doc), "_voided": True}


BILL_PAYMENT = Entity(
    Shelf("BillPayment", TABLE, sequence="Transaction", indexed=("DocNumber", "VendorRef", "TxnDate")),
    complete,
    links.follow,
    links.voided,
    postings=purchase_postings.settled,
    operations=ALL_OPERATIONS | {"delete", "void"},
    order=("MetaData.LastUpdatedTime", True),
    told_currency=True,
)
