"""Invoice: what a customer owes, and the payments linked to it."""

from datetime import date, timedelta
from decimal import Decimal

from infra.sandbox.quickbooks.entities import links, names, parts, postings, sales_lines
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity, require
from infra.sandbox.quickbooks.entities.invoice_properties import KNOWN, KNOWN_COUNT, UNMODELLED
from infra.sandbox.quickbooks.entities.item import take_from_stock
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Flag, Money, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

DAYS_TO_PAY = 30  # where no due date was given
PRINT_STATES = ("NotSet", "NeedToPrint", "PrintComplete")
MAIL_STATES = ("NotSet", "NeedToSend", "EmailSent")

TABLE = Table(
    "Invoice",
    (
        Field("AllowIPNPayment", Flag(), default=False),
        Field("AllowOnlinePayment", Flag(), default=False),
        Field("AllowOnlineCreditCardPayment", Flag(), default=False),
        Field("AllowOnlineACHPayment", Flag(), default=False),
        *HEAD,
        Field("CustomField", Parts(parts.CUSTOM_FIELD)),
        text("DocNumber", 21, query=True),
        Field("TxnDate", Day(), query=True),
        Field("CurrencyRef", Currency()),
        text("PrivateNote", 4000),
        made("LinkedTxn"),
        Field("Line", Parts(parts.SALES_LINE)),
        Field("TxnTaxDetail", Part(parts.TAX_DETAIL)),
        Field("CustomerRef", Ref("Customer"), query=True),
        Field("CustomerMemo", Part(parts.MEMO)),
        Field("BillAddr", Part(parts.ADDRESS)),
        Field("ShipAddr", Part(parts.ADDRESS)),
        made("FreeFormAddress"),
        Field("DueDate", Day(), query=True),
        made("TotalAmt", Money(), query=True),
        Field("ApplyTaxAfterDiscount", Flag(), default=False),
        Field("PrintStatus", Text(choices=PRINT_STATES), default="NeedToPrint"),
        Field("EmailStatus", Text(choices=MAIL_STATES), default="NotSet"),
        Field("BillEmail", Part(parts.EMAIL)),
        Field("BillEmailCc", Part(parts.EMAIL)),
        Field("BillEmailBcc", Part(parts.EMAIL)),
        made("Balance", Money(), query=True),
        made("DeliveryInfo"),
        made("HomeTotalAmt"),
        made("HomeBalance"),
        made("InvoiceLink"),
    ),
    unmodelled=UNMODELLED,
    known=KNOWN,
    known_count=KNOWN_COUNT,
)


def complete(draft: Draft) -> Doc:
    """Lines, totals, dates, number and addresses of an invoice."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "CustomerRef", "Line")
    _check_mail(doc)
    held = {line["Id"] for line in draft.before.get("Line", ()) if "Id" in line}
    lines, used = sales_lines.completed(
        draft.realm, doc["Line"], held_ids=held, made=draft.before.get("_lines_made", 0)
    )
    doc = {**doc, "Line": lines, "_lines_made": used, **_dates(draft, doc), **_amounts(draft, lines, doc)}
    doc = _addressed(draft, names.with_addresses(draft, doc))
    doc = {"LinkedTxn": [], **_custom_fields(draft.realm), **doc}
    doc["DocNumber"] = doc.get("DocNumber") or _next_number(draft.realm)
    _note_number(draft.realm, doc["DocNumber"])
    return doc


def _custom_fields(realm: Realm) -> Doc:
    """The company's own fields, empty; nothing where it has none."""
    found = [
        {"DefinitionId": str(place), "Name": name, "Type": "StringType"}
        for place, name in enumerate(realm.custom_fields, start=1)
    ]
    return {"CustomField": found} if found else {}


def _check_mail(doc: Doc) -> None:
    if doc["EmailStatus"] == "NeedToSend" and "BillEmail" not in doc:
        raise refusal("email_required")


def _dates(draft: Draft, doc: Doc) -> Doc:
    day = doc.get("TxnDate") or draft.realm.today()
    due = doc.get("DueDate") or (date.fromisoformat(day) + timedelta(days=DAYS_TO_PAY)).isoformat()
    return {"TxnDate": day, "DueDate": due}


def _amounts(draft: Draft, lines: list[Doc], doc: Doc) -> Doc:
    """Total, and what is left of it after what is applied already."""
    if doc.get("TxnTaxDetail", {}).get("TotalTax"):
        raise not_modelled("Invoice.TxnTaxDetail.TotalTax")
    total = sales_lines.total_of(lines)
    if total < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    applied = draft.before.get("TotalAmt", NOTHING) - draft.before.get("Balance", NOTHING)
    if applied and draft.before["CustomerRef"] != doc["CustomerRef"]:
        raise not_modelled("another customer on a paid invoice")
    return {"TxnTaxDetail": {"TotalTax": NOTHING}, "TotalAmt": total, "Balance": max(total - applied, NOTHING)}


def _addressed(draft: Draft, doc: Doc) -> Doc:
    """Addresses that were not given are the customer's own, with their ids."""
    if draft.sparse:
        return doc
    customer = draft.realm.records["Customer"][doc["CustomerRef"]["value"]].doc
    return {**{name: customer[name] for name in names.ADDRESSES if name in customer}, **doc}


def _next_number(realm: Realm) -> str:
    return str(realm.last_number + 1)


def _note_number(realm: Realm, number: str) -> None:
    if number.isdecimal():
        realm.last_number = max(realm.last_number, int(number))


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """Stock follows the invoice; over-applied payments give back the rest."""
    old = sales_lines.quantities(before.get("Line", []))
    new = sales_lines.quantities(after.get("Line", []))
    for item in {**old, **new}:
        take_from_stock(realm, item, new.get(item, Decimal(0)) - old.get(item, Decimal(0)))
    if after:
        links.give_back_excess(realm, record)


def voided(realm: Realm, record: Record) -> Doc:
    """All amounts zero, no links; the payments that covered it have their money back."""
    links.unlink(realm, record, bump=realm.switches.void_bumps_payment == "yes")
    note = record.doc.get("PrivateNote")
    return {
        **record.doc,
        "Line": sales_lines.emptied(record.doc["Line"]),
        "TotalAmt": NOTHING,
        "Balance": NOTHING,
        "LinkedTxn": [],
        "TxnTaxDetail": {"TotalTax": NOTHING},
        "PrivateNote": f"Voided - {note}" if note else "Voided",
    }


def before_removal(realm: Realm, record: Record) -> None:
    """Deleting a paid invoice sets its payments free, or is refused, as the switch says."""
    if not links.settlers_of(realm, record):
        return
    if realm.switches.paid_invoice_delete == "refused":
        raise refusal("business", reason="Unlink the payments before you delete this transaction.")
    links.unlink(realm, record, bump=True)


INVOICE = Entity(
    Shelf("Invoice", TABLE, sequence="Transaction", indexed=("DocNumber", "CustomerRef", "TxnDate")),
    complete,
    effects,
    voided,
    postings=postings.invoiced,
    operations=ALL_OPERATIONS | {"delete", "void"},
    kept=frozenset({"DocNumber", "CustomField"}),
    order=("MetaData.LastUpdatedTime", True),
    before_removal=before_removal,
)
