"""SalesReceipt: a sale that is paid at once."""

from infra.sandbox.quickbooks.entities import numbers, postings, roles, sales_form
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD
from infra.sandbox.quickbooks.entities.sales_fields import (
    BALANCE,
    CUSTOMER,
    DELIVERY,
    HEADING,
    LINES,
    RECEIVED,
    SHIPPING,
    TOTALS,
    UNMODELLED,
)
from infra.sandbox.quickbooks.fields import Table
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TABLE = Table(
    "SalesReceipt",
    (*HEAD, *HEADING, *LINES, *CUSTOMER, *SHIPPING, *TOTALS, *BALANCE, *RECEIVED, *DELIVERY),
    unmodelled=UNMODELLED
    | {"CheckPayment", "CreditCardPayment", "DueDate", "LinkedTxn", "PaymentType", "SalesTermRef"},
)
FORM = sales_form.Form(TABLE, numbers.SALES, needs=("Line",))


def complete(draft: Draft) -> Doc:
    """A sales form of which nothing is owed; the money waits to be deposited unless it says where it is."""
    doc = draft.doc
    deposit = doc.get("DepositToAccountRef") or {"value": roles.account(draft.realm, roles.UNDEPOSITED)}
    roles.check_deposit(draft.realm, deposit["value"])
    return {**sales_form.completed(draft, FORM), "Balance": NOTHING, "DepositToAccountRef": deposit}


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:  # noqa: ARG001 - the shape all entities share
    """Stock follows the receipt."""
    sales_form.move_stock(realm, before, after)


def voided(realm: Realm, record: Record) -> Doc:  # noqa: ARG001 - the shape all entities share
    """All amounts zero."""
    return sales_form.voided(record.doc)


SALES_RECEIPT = Entity(
    Shelf("SalesReceipt", TABLE, sequence="Transaction", indexed=("DocNumber", "CustomerRef", "TxnDate")),
    complete,
    effects,
    voided,
    postings=postings.receipted,
    operations=ALL_OPERATIONS | {"delete", "void"},
    kept=frozenset({"DocNumber"}),
    order=("MetaData.LastUpdatedTime", True),
    told_currency=True,
)
