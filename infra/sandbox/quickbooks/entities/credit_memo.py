"""CreditMemo: what a customer has to get; payments apply it to invoices."""

from infra.sandbox.quickbooks.entities import numbers, postings, sales_form, settling
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made
from infra.sandbox.quickbooks.entities.sales_fields import (
    BALANCE,
    CUSTOMER,
    DELIVERY,
    HEADING,
    LINES,
    SHIPPING,
    TOTALS,
    UNMODELLED,
)
from infra.sandbox.quickbooks.faults import not_modelled
from infra.sandbox.quickbooks.fields import Table
from infra.sandbox.quickbooks.kinds import Money
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TABLE = Table(
    "CreditMemo",
    (
        made("RemainingCredit", Money()),
        *HEAD,
        *HEADING,
        made("LinkedTxn"),
        *LINES,
        *CUSTOMER,
        *SHIPPING,
        *TOTALS,
        *BALANCE,
        *DELIVERY,
    ),
    unmodelled=UNMODELLED
    | {"InvoiceRef", "PaymentMethodRef", "PaymentRefNum", "DepositToAccountRef", "SalesTermRef", "DueDate"},
)
FORM = sales_form.Form(TABLE, numbers.SALES)


def complete(draft: Draft) -> Doc:
    """A sales form whose total is a credit; its balance is what is left of it."""
    if sales_form.settled_by_another(draft):
        raise not_modelled("another customer on an applied credit memo")
    doc = sales_form.owed(draft, sales_form.completed(draft, FORM))
    return {**doc, "RemainingCredit": doc["Balance"]}


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """What is credited comes back into stock; what was applied too much is given back."""
    sales_form.move_stock(realm, before, after, sign=-1)
    if after:
        settling.given_back(realm, record)


def voided(realm: Realm, record: Record) -> Doc:
    """All amounts zero, applied to nothing."""
    settling.freed(realm, record, bump=True)
    return {**sales_form.voided(record.doc), "RemainingCredit": NOTHING, "LinkedTxn": []}


CREDIT_MEMO = Entity(
    Shelf("CreditMemo", TABLE, sequence="Transaction", indexed=("DocNumber", "CustomerRef", "TxnDate")),
    complete,
    effects,
    voided,
    postings=postings.credited,
    operations=ALL_OPERATIONS | {"delete", "void"},
    kept=frozenset({"DocNumber"}),
    order=("MetaData.LastUpdatedTime", True),
    before_removal=settling.freed_or_refused,
    told_currency=True,
)
