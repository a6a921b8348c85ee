"""Bill: what a vendor is owed, the payments that settle it and the orders it came of."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import (
    exchange,
    names,
    parts,
    preferences,
    purchase_forms,
    purchase_lines,
    purchase_links,
    purchase_postings,
    settling,
    term,
    vat,
)
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.item import take_from_stock
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.entities.purchase_parts import ITEM_LINE, LINKED, PURCHASE_LINE
from infra.sandbox.quickbooks.faults import FaultError, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Elsewhere, Money, Number, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TABLE = Table(
    "Bill",
    (
        Field("SalesTermRef", Ref("Term", named=False), query=True),
        Field("DueDate", Day(), query=True),
        Field("ShipAddr", Part(parts.ADDRESS)),
        Field("VendorAddr", Part(parts.ADDRESS)),
        made("Balance", Money(), query=True),
        made("HomeBalance", Money()),
        *HEAD,
        text("DocNumber", 21, query=True),
        Field("TxnDate", Day(), query=True),
        Field("DepartmentRef", Elsewhere()),
        Field("CurrencyRef", Currency()),
        Field("ExchangeRate", Number()),
        text("PrivateNote", 4000),
        Field("LinkedTxn", Parts(LINKED)),
        Field("Line", Parts(PURCHASE_LINE)),
        Field("TxnTaxDetail", Part(parts.TAX_DETAIL)),
        Field("VendorRef", Ref("Vendor"), query=True),
        Field("APAccountRef", Ref("Account"), query=True),
        made("TotalAmt", Money(), query=True),
        text("Memo", 4000),
        Field("GlobalTaxCalculation", Text(choices=vat.WAYS)),
    ),
    unmodelled=purchase_forms.UNMODELLED | {"CustomField"},
)


def complete(draft: Draft) -> Doc:
    """Lines, total, due date and links of a bill."""
    doc = draft.doc
    purchase_forms.check(draft, doc, *_number_taken(draft, doc))
    purchase_links.check_new_lines(draft, doc["Line"])
    doc = purchase_forms.with_lines(draft, doc)
    doc = purchase_forms.valued(draft.realm, {**doc, **_dates(draft, doc)})
    doc = {**doc, **exchange.moved(doc, balance=_balance(draft, doc))}
    _check_stock(draft.realm, doc)
    doc["APAccountRef"] = purchase_forms.payable(draft.realm, doc)
    doc = names.with_addresses(draft, doc, ("ShipAddr", "VendorAddr"))
    return {**doc, "LinkedTxn": purchase_links.headed(draft, doc)}


def _number_taken(draft: Draft, doc: Doc) -> list[FaultError]:
    """6140 for a number that another bill has, in a company that warns of it."""
    realm, number = draft.realm, doc.get("DocNumber")
    warns = realm.warns_of_duplicates or preferences.other(realm, "WarnDuplicateBillNumber") == "true"
    if not number or not warns or number == draft.before.get("DocNumber"):
        return []
    holders = tuple(realm.found_by("Bill", "DocNumber", number) or ())
    return [fault_error("number_taken", number=number, kind="Bill", id=one) for one in holders[:1]]


def _dates(draft: Draft, doc: Doc) -> Doc:
    """A bill is dated today, on the vendor's term, and due by its term; without one, on its day."""
    day = doc.get("TxnDate") or draft.realm.today()
    agreed = doc.get("SalesTermRef")
    if agreed is None and draft.record is None:
        agreed = draft.realm.records["Vendor"][doc["VendorRef"]["value"]].doc.get("TermRef")
    due = doc.get("DueDate") or term.due_date(draft.realm, agreed, day) or day
    return {"TxnDate": day, "DueDate": due, **({"SalesTermRef": agreed} if agreed else {})}


def _balance(draft: Draft, doc: Doc) -> Decimal:
    """What is left of the total after what is paid already."""
    paid: Decimal = draft.before.get("TotalAmt", NOTHING) - draft.before.get("Balance", NOTHING)
    if paid and draft.before["VendorRef"] != doc["VendorRef"]:
        raise not_modelled("another vendor on a paid bill")
    return max(Decimal(doc["TotalAmt"]) - paid, NOTHING)


def _check_stock(realm: Realm, doc: Doc) -> None:
    """An inventory item is bought in a quantity, and not before its stock begins."""
    for line in doc["Line"]:
        detail = line.get(ITEM_LINE)
        item = realm.records["Item"][detail["ItemRef"]["value"]].doc if detail else {}
        if item.get("Type") != "Inventory":
            continue
        if "Qty" not in detail:
            raise not_modelled("a Bill of an inventory item without Qty")
        if doc["TxnDate"] < item["InvStartDate"]:
            raise refusal("before_stock_begins")


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """Stock and orders follow the bill; over-applied payments give back the rest."""
    old = purchase_lines.quantities(realm, before.get("Line", []))
    new = purchase_lines.quantities(realm, after.get("Line", []))
    for item in {**old, **new}:
        take_from_stock(realm, item, old.get(item, Decimal(0)) - new.get(item, Decimal(0)))
    purchase_links.follow(realm, record, before, after)
    if after:
        settling.given_back(realm, record)


BILL = Entity(
    Shelf("Bill", TABLE, sequence="Transaction", indexed=("DocNumber", "VendorRef", "TxnDate")),
    complete,
    effects,
    postings=purchase_postings.billed,
    operations=ALL_OPERATIONS | {"delete"},
    order=("MetaData.LastUpdatedTime", True),
    told_currency=True,
    before_removal=settling.freed_or_refused,
)
