"""Invoice: what a customer owes, and the payments linked to it."""

from datetime import date, timedelta

from infra.sandbox.quickbooks.entities import estimate_links, links, numbers, postings, sales_form, settling
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.invoice_properties import KNOWN, KNOWN_COUNT, UNMODELLED
from infra.sandbox.quickbooks.entities.parts import HEAD, LINKED, made
from infra.sandbox.quickbooks.entities.sales_fields import (
    BALANCE,
    CUSTOMER,
    DELIVERY,
    HEADING,
    LINES,
    SHIPPING,
    TERMS,
    TOTALS,
)
from infra.sandbox.quickbooks.entities.term import due_date
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Parts, Table
from infra.sandbox.quickbooks.kinds import Flag
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

DAYS_TO_PAY = 30  # where neither a due date nor terms were given

TABLE = Table(
    "Invoice",
    (
        Field("AllowIPNPayment", Flag(), default=False),
        Field("AllowOnlinePayment", Flag(), default=False),
        Field("AllowOnlineCreditCardPayment", Flag(), default=False),
        Field("AllowOnlineACHPayment", Flag(), default=False),
        *HEAD,
        *HEADING,
        Field("LinkedTxn", Parts(LINKED)),
        *LINES,
        *CUSTOMER,
        *TERMS,
        *SHIPPING,
        *TOTALS,
        *BALANCE,
        *DELIVERY,
        made("InvoiceLink"),
    ),
    unmodelled=UNMODELLED,
    known=KNOWN,
    known_count=KNOWN_COUNT,
)
FORM = sales_form.Form(TABLE, numbers.SALES)


def complete(draft: Draft) -> Doc:
    """A sales form with a due date, a balance and its links."""
    if sales_form.settled_by_another(draft):
        raise not_modelled("another customer on a paid invoice")
    estimates = estimate_links.named(draft)
    doc = sales_form.owed(draft, sales_form.completed(draft, FORM))
    doc["DueDate"] = doc.get("DueDate") or _due(draft.realm, doc)
    return estimate_links.linked(draft, doc, estimates)


def _due(realm: Realm, doc: Doc) -> str:
    usual = (date.fromisoformat(doc["TxnDate"]) + timedelta(days=DAYS_TO_PAY)).isoformat()
    return due_date(realm, doc.get("SalesTermRef"), doc["TxnDate"]) or usual


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """Stock follows the invoice, estimates close and open with it; over-applied payments give back the rest."""
    sales_form.move_stock(realm, before, after)
    estimate_links.follow(realm, record, before, after)
    if after:
        settling.given_back(realm, record)


def voided(realm: Realm, record: Record) -> Doc:
    """All amounts zero, no links; the payments that covered it have their money back."""
    if links.settlers_of(realm, record):
        _check_void_of_paid(realm)
    settling.freed(realm, record, bump=realm.switches.void_bumps_payment == "yes")
    return {**sales_form.voided(record.doc), "LinkedTxn": []}


def _check_void_of_paid(realm: Realm) -> None:
    match realm.switches.paid_invoice_void:
        case "refused":
            raise refusal("business", reason="Unlink the payments before you void this transaction.")
        case "matched":
            raise refusal("matched")


INVOICE = Entity(
    Shelf("Invoice", TABLE, sequence="Transaction", indexed=("DocNumber", "CustomerRef", "TxnDate")),
    complete,
    effects,
    voided,
    postings=postings.invoiced,
    operations=ALL_OPERATIONS | {"delete", "void"},
    kept=frozenset({"DocNumber", "LinkedTxn"}),
    order=("MetaData.LastUpdatedTime", True),
    before_removal=settling.freed_or_refused,
    told_currency=True,
)
