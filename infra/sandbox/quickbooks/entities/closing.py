"""A closed period: transactions dated in it can neither be made, changed, voided nor deleted through the API."""

from infra.sandbox.quickbooks.entities import preferences
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

TRANSACTIONS = "Transaction"  # the sequence that all of them share


def check(realm: Realm, entity: Entity, *docs: Doc) -> None:
    """Refuse (6200) a transaction that is, was or would be dated on or before the day the books are closed up to."""
    if entity.shelf.sequence != TRANSACTIONS:
        return
    closed = preferences.setting(realm, "AccountingInfoPrefs", "BookCloseDate")
    if closed is not None and any(doc.get("TxnDate", "9999") <= str(closed) for doc in docs):
        raise refusal("period_closed")
