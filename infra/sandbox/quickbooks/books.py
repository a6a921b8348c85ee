"""A company's books as they are, for who compares them with what should be."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import ledger
from infra.sandbox.quickbooks.open_items import PAYABLES, RECEIVABLES, open_items
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc


def books(realm: Realm) -> Doc:
    """Entity -> all its objects, inactive ones too; "deleted": entity -> the objects as they were last."""
    kept: Doc = {
        entity: [realm.written(record) for record in records.values()] for entity, records in realm.records.items()
    }
    gone = {entity: [stub.last for stub in stubs.values()] for entity, stubs in realm.deleted.items()}
    return {**kept, "deleted": gone}


def summary(realm: Realm) -> Doc:
    """What an accountant looks at first, in the company's currency: trial balance, receivables, payables."""
    return {
        "trial_balance": trial_balance(realm),
        "receivables": open_items(realm, RECEIVABLES),
        "payables": open_items(realm, PAYABLES),
    }


def trial_balance(realm: Realm) -> Doc:
    """Each account that anything was posted to, on its side; both sides add up to the same."""
    rows = [_row(realm, account, amount) for account, amount in ledger.trial_balance(realm).items()]
    rows.sort(key=lambda row: int(row["id"]))
    debit, credit = (sum((row[side] for row in rows), NOTHING) for side in ("debit", "credit"))
    return {"accounts": rows, "debit": debit, "credit": credit}


def _row(realm: Realm, account: str, amount: Decimal) -> Doc:
    doc = realm.records["Account"][account].doc
    return {
        "id": account,
        "name": doc["FullyQualifiedName"],
        "type": doc["AccountType"],
        "debit": max(amount, NOTHING),
        "credit": max(-amount, NOTHING),
    }
