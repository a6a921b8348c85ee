"""Estimate: an offer. It posts nothing; the invoice that is made from it closes it."""

from infra.sandbox.quickbooks.entities import numbers, sales_form
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.entities.sales_fields import (
    CUSTOMER,
    DELIVERY,
    HEADING,
    LINES,
    SHIPPING,
    TERMS,
    TOTALS,
    UNMODELLED,
)
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Day, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

STATES = ("Pending", "Accepted", "Closed", "Rejected")
CLOSED, OPEN = "Closed", "Pending"
BEFORE = "_status"  # what an estimate was before an invoice closed it

TABLE = Table(
    "Estimate",
    (
        Field("ExpirationDate", Day()),
        text("AcceptedBy", 100),
        Field("AcceptedDate", Day()),
        *HEAD,
        *HEADING,
        Field("TxnStatus", Text(choices=STATES), query=True, default=OPEN),
        made("LinkedTxn"),
        *LINES,
        *CUSTOMER,
        *TERMS,
        *SHIPPING,
        *TOTALS,
        *DELIVERY,
    ),
    unmodelled=UNMODELLED - {"TxnStatus"} | {"Balance", "Deposit"},
)
FORM = sales_form.Form(TABLE, numbers.ESTIMATES, posts=False)


def complete(draft: Draft) -> Doc:
    """A sales form; one that an invoice was made from stays closed unless it is opened by name."""
    doc = sales_form.completed(draft, FORM)
    if not doc.get("LinkedTxn"):
        return doc
    held = {name: value for name, value in draft.before.items() if name == BEFORE}
    return {**doc, **held, "TxnStatus": draft.doc.get("TxnStatus", CLOSED)}


def before_removal(realm: Realm, record: Record) -> None:  # noqa: ARG001 - the shape all entities share
    """An estimate that an invoice was made from is held by it."""
    if record.doc.get("LinkedTxn"):
        raise refusal("in_use", reason="an invoice was made from this estimate.")


ESTIMATE = Entity(
    Shelf("Estimate", TABLE, sequence="Transaction", indexed=("DocNumber", "CustomerRef", "TxnDate")),
    complete,
    operations=ALL_OPERATIONS | {"delete"},
    kept=frozenset({"DocNumber"}),
    order=("MetaData.LastUpdatedTime", True),
    before_removal=before_removal,
    told_currency=True,
)
