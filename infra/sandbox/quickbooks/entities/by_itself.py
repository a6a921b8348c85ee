"""Credits that QuickBooks applies by itself, a second after there is one and an invoice, where the company wants it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from infra.sandbox.quickbooks.entities import preferences
from infra.sandbox.quickbooks.entities.payment import open_documents
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

LATER = timedelta(seconds=1)
_SIDES = ("Invoice", "CreditMemo")


def expect(realm: Realm, record: Record) -> None:
    """A new invoice or credit memo may be settled in a moment: the answer to its create does not show it yet."""
    if record.entity in _SIDES and preferences.flag(realm, "SalesFormsPrefs", "AutoApplyCredit"):
        realm.credits_due.append((realm.clock.now() + LATER, record.doc["CustomerRef"]["value"]))


def credits_to_apply(realm: Realm) -> Iterator[Doc]:
    """Payments of nothing that apply what is due by now, as they are to be stored; each looks at what is then open."""
    while realm.credits_due and realm.credits_due[0][0] <= realm.clock.now():
        _, customer = realm.credits_due.pop(0)
        lines = _lines(realm, {"value": customer})
        if lines:
            yield {"CustomerRef": {"value": customer}, "TotalAmt": NOTHING, "Line": lines}


def _lines(realm: Realm, customer: Doc) -> list[Doc]:
    """Both sides from the oldest on, up to the same sum."""
    sides = [open_documents(realm, entity, customer) for entity in _SIDES]
    common = min(sum((one.doc["Balance"] for one in side), NOTHING) for side in sides)
    return [line for side in sides for line in _taken(side, common)]


def _taken(side: list[Record], amount: Decimal) -> Iterator[Doc]:
    for record in side:
        part = min(amount, record.doc["Balance"])
        amount -= part
        if part:
            yield {"Amount": part, "LinkedTxn": [{"TxnId": record.id, "TxnType": record.entity}]}
